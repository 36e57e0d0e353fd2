//! Stored data that no release can read, with canaries in the unreadable parts.

use std::time::{Duration, SystemTime};

use local_stack::Functions;
use local_stack::function::Invocation;
use serde_json::{Value, json};
use system_tests::System;

use super::requests::{CUSTOMERS, get};

/// The attributes that form the keys of the read models and of the notes.
const KEYS: [&str; 6] = ["customerId", "placedAtOrderId", "orderId", "entry", "consumer", "aggregateId"];

fn put(system: &System, table: &str, item: &Value) {
    let put = serde_json::from_value(json!({ "TableName": table, "Item": item })).unwrap();
    system.stack.database().database().put_item(put).unwrap();
}

fn items(system: &System, table: &str) -> Vec<Value> {
    let scan = serde_json::from_value(json!({ "TableName": table })).unwrap();
    let items = system.stack.database().database().scan(scan).unwrap().items.unwrap();
    items.iter().map(|item| serde_json::to_value(item).unwrap()).collect()
}

/// Records a first commit for each kind of unreadable commit, and changes an existing commit of `order`. Returns the ids of
/// the new orders.
pub(crate) fn poison(system: &System, order: &str) -> Vec<String> {
    let of_order = |item: &Value| item["aggregateId"]["S"] == order && item["version"]["N"] == "1";
    let mut placed = items(system, "OrderEvents").into_iter().find(of_order).unwrap();
    let canary = json!({ "S": "Jane Canary, 1 Canary Row" });
    let data = "/events/L/0/M/data/M";
    let places = [
        ("/recordedAt", &canary),
        ("/actor", &json!({ "L": [canary] })),
        ("/requestId", &json!({ "M": { "canary": canary } })),
        ("/requestHash", &canary),
        ("/events", &canary),
        ("/events/L/0", &canary),
        ("/events/L/0/M/eventId", &canary),
        ("/events/L/0/M/schemaVersion", &canary),
        ("/events/L/0/M/data", &canary),
        (&format!("{data}/items"), &canary),
        (&format!("{data}/items/L/0/M/quantity"), &canary),
        (&format!("{data}/items/L/0/M/unitPrice"), &json!({ "M": { "canary": canary } })),
        (&format!("{data}/currency"), &canary),
        (&format!("{data}/customerId"), &canary),
    ];
    let mut orders = Vec::new();
    for (number, (pointer, value)) in places.into_iter().enumerate() {
        let mut commit = placed.clone();
        *commit.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer} in {placed}")) = value.clone();
        let order = format!("poisoned-{number}");
        commit["aggregateId"]["S"] = json!(order);
        commit["snapshot"] = json!({ "M": { "canary": canary } });
        put(system, "OrderEvents", &commit);
        orders.push(order);
    }
    // A record that names no order.
    let mut stray = placed.clone();
    stray["aggregateId"] = canary.clone();
    put(system, "OrderEvents", &stray);
    placed["canary"] = canary;
    put(system, "OrderEvents", &placed);
    orders
}

/// Reads an unreadable order and sends commands to it, as a customer to whom it must look unknown, and as an admin.
pub(crate) async fn ask_for(system: &System, order: &str) {
    let admin = ("x-test-claims", r#"{"sub":"canary-desk","scope":"orders:admin"}"#);
    let (order, payment) =
        (format!("/orders/{order}"), json!({ "paymentId": "canary", "amount": 1, "method": "canary" }));
    for query in ["", "?version=1", "/events"] {
        let path = format!("{order}{query}");
        system.api.get_with(&path, &[CUSTOMERS]).await.expect_problem(404, "order_not_found");
        system.api.get_with(&path, &[admin]).await.expect(500);
    }
    let cancel = (format!("{order}/cancellation"), json!({ "reason": "canary" }));
    system.api.post_with(&cancel.0, &[CUSTOMERS], cancel.1).await.expect_problem(404, "order_not_found");
    system.api.post_with(&format!("{order}/payments"), &[admin], payment).await.expect(500);
}

/// Makes every row and every note unreadable, then reads them with queries and with the consumers of the stream.
pub(crate) async fn spoil_the_read_models(system: &System, order: &str, functions: &Functions) {
    let canary = json!({ "S": "Jane Canary, 1 Canary Row" });
    for table in ["OrderSummaryByCustomer", "CustomerTotals", "ParkedOrders"] {
        for mut item in items(system, table) {
            let beside_the_keys =
                item.as_object_mut().unwrap().iter_mut().filter(|(name, _)| !KEYS.contains(&name.as_str()));
            beside_the_keys.for_each(|(_, value)| *value = canary.clone());
            put(system, table, &item);
        }
    }
    for consumer in ["OrderSummaryByCustomer", "CustomerTotals", "publisher"] {
        let [consumer, order, customer] = [consumer, order, "canary-customer"].map(|text| json!({ "S": text }));
        let note = json!({ "consumer": consumer, "aggregateId": order, "customerId": customer, "version": canary });
        put(system, "ParkedOrders", &note);
    }
    let paths = [
        format!("/orders/{order}"),
        "/customers/canary-customer/orders".into(),
        "/customers/canary-customer/totals".into(),
    ];
    for path in paths {
        let reply = get(system, &path).await;
        assert!([200, 500].contains(&reply.status), "{path}: {}", reply.text);
    }
    let commits = items(system, "OrderEvents");
    let records = commits.iter().filter(|commit| commit["aggregateId"]["S"] == order).enumerate();
    let records: Vec<_> = records.map(|(number, commit)| inserted(number, commit)).collect();
    for function in ["projector", "publisher"] {
        functions[function].invoke(json!({ "Records": records }).to_string().into(), invocation()).await.unwrap();
    }
}

/// Returns the stream record of a commit.
fn inserted(number: usize, commit: &Value) -> Value {
    json!({
        "eventID": format!("event-{number}"), "eventName": "INSERT", "eventVersion": "1.1", "awsRegion": "local",
        "eventSource": "aws:dynamodb", "eventSourceARN": "arn:aws:dynamodb:local:000000000000:table/OrderEvents/stream/now",
        "dynamodb": {
            "Keys": { "aggregateId": commit["aggregateId"], "version": commit["version"] }, "NewImage": commit,
            "ApproximateCreationDateTime": 1_795_253_400, "SequenceNumber": format!("{:021}", number + 1), "SizeBytes": 1,
            "StreamViewType": "NEW_IMAGE",
        },
    })
}

fn invocation() -> Invocation {
    let in_a_minute = SystemTime::now() + Duration::from_secs(60);
    let deadline = in_a_minute.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Invocation {
        request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
        deadline_ms: deadline.as_millis().try_into().unwrap(),
        function_arn: "arn:aws:lambda:local:000000000000:function:f".to_owned(),
    }
}

/// Invokes each function with a payload that Lambda would never send. The consumers of the stream accept a batch of any
/// records, and skip those that name no order.
pub(crate) async fn invoke_with_what_is_no_payload(functions: &Functions) {
    for (name, function) in functions {
        for payload in [
            json!("canary"),
            json!({ "Records": "canary" }),
            json!({ "Records": [{ "dynamodb": { "NewImage": { "canary": { "N": ["canary"] } } } }] }),
            json!({ "Records": [{ "eventID": "event", "eventName": "INSERT", "dynamodb": { "SizeBytes": "canary" } }] }),
            json!({ "version": "2.0", "routeKey": ["canary"], "body": { "canary": "canary" }, "headers": "canary" }),
        ] {
            let answer = function.invoke(payload.to_string().into(), invocation()).await;
            let is_batch = ["projector", "publisher"].contains(&name.as_str()) && payload["Records"].is_array();
            assert_eq!(answer.is_ok(), is_batch, "{name} and {payload}: {answer:?}");
        }
    }
}
