//! An order with an event that no release can read: the replies about the order and about its customer.

use serde_json::{Value, json};
use system_tests::System;

/// Records a commit after the order's newest one, as a later release could write it.
fn record_from_the_future(system: &System, order: &str) {
    let database = system.stack.database().database();
    let newest = json!({
        "TableName": "OrderEvents",
        "KeyConditionExpression": "aggregateId = :order",
        "ExpressionAttributeValues": { ":order": { "S": order } },
        "ScanIndexForward": false,
        "Limit": 1,
    });
    let found = database.query(serde_json::from_value(newest).unwrap()).unwrap().items.unwrap();
    let mut commit = serde_json::to_value(&found[0]).unwrap();
    let version: u64 = commit["version"]["N"].as_str().unwrap().parse().unwrap();
    commit["version"]["N"] = (version + 1).to_string().into();
    commit["requestId"]["S"] = "from-the-future".into();
    commit["events"]["L"][0]["M"]["eventType"]["S"] = "OrderTeleported".into();
    commit.as_object_mut().unwrap().remove("snapshot");
    let put = json!({ "TableName": "OrderEvents", "Item": commit });
    database.put_item(serde_json::from_value(put).unwrap()).unwrap();
}

#[tokio::test]
async fn replies_are_stale_after_an_event_of_an_unknown_type() {
    let system = System::start().await;
    let (healthy, poisoned) = (system.api.place("anna").await, system.api.place("anna").await);
    let foreign = system.api.place("bert").await;
    system.api.pay(&poisoned, "pay-1", 1_000).await.expect(201);
    record_from_the_future(&system, &poisoned);
    system.drained().await;

    let path = format!("/orders/{poisoned}");
    let said = |body: &Value| (body["stale"].clone(), body["staleReason"].clone());
    let reason = "Versions from 3 on are not shown yet: version 3 could not be processed.";
    let stale = (json!(true), json!(reason));
    for known in ["\"2\"", "*", "\"1\""] {
        let reply = system.api.get_with(&path, &[("if-none-match", known)]).await.expect(200);
        assert_eq!((reply.version(), said(&reply.body)), (2, stale.clone()));
        assert_eq!(reply.header("etag"), None);
    }

    let list = system.api.get("/customers/anna/orders").await.expect(200).body;
    assert_eq!((&list["items"][0]["orderId"], said(&list["items"][0])), (&json!(poisoned), stale));
    assert_eq!((&list["items"][1]["orderId"], said(&list["items"][1])), (&json!(healthy), said(&Value::Null)));
    let totals = system.api.get("/customers/anna/totals").await.expect(200).body;
    assert_eq!((&totals["totals"][0]["orders"], &totals["totals"][0]["gross"]), (&json!(2), &json!(1_000)));
    for (body, word) in [(&list, "shown"), (&totals, "counted")] {
        let reason =
            format!("One order is not {word} as it is now, or not at all: a version of it could not be processed.");
        assert_eq!(said(body), (json!(true), json!(reason)));
    }

    let nothing = said(&Value::Null);
    for path in [format!("/orders/{healthy}"), format!("/orders/{foreign}"), format!("{path}?version=2")] {
        assert_eq!(said(&system.api.get(&path).await.expect(200).body), nothing, "{path}");
    }
    for path in ["/customers/bert/orders", "/customers/bert/totals"] {
        assert_eq!(said(&system.api.get(path).await.expect(200).body), nothing, "{path}");
    }
}
