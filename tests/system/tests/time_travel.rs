//! Earlier states of an order, at every version and every time.

use serde_json::{Value, json};
use system_tests::System;

/// Returns the status words and amounts, which a command's reply and a summary both contain.
fn figures(body: &Value) -> Value {
    json!([body["version"], body["status"], body["paymentStatus"], body["fulfillmentStatus"]])
}

#[tokio::test]
async fn every_version_and_every_moment_reads_as_it_was_answered_then() {
    let system = System::start().await;
    let api = &system.api;
    let order = api.place("anna").await;
    let mut replies = Vec::new();
    for number in 0..30 {
        replies.push(api.pay(&order, &format!("pay-{number}"), 200).await.expect(201).body);
    }
    replies.push(api.ship(&order, "ship-1", &[("plate", 1)]).await.expect(201).body);

    for reply in &replies {
        let then = api.get(&format!("/orders/{order}?version={}", reply["version"])).await.expect(200).body;
        assert_eq!(figures(&then), figures(reply));
        assert_eq!(then["asOf"], reply["events"][0]["recordedAt"]);

        let moment = reply["events"][0]["recordedAt"].as_str().unwrap();
        let at_that_moment = api.get(&format!("/orders/{order}?asOf={moment}")).await.expect(200).body;
        assert_eq!(figures(&at_that_moment), figures(reply));
    }

    let now = replies.last().unwrap();
    system.drained().await;
    let row = api.get(&format!("/orders/{order}")).await.expect(200).body;
    let mut folded = api.get(&format!("/orders/{order}?version={}", now["version"])).await.expect(200).body;
    folded.as_object_mut().unwrap().remove("asOf");
    assert_eq!(row, folded, "the read model and the fold say the same");
}

#[tokio::test]
async fn before_it_was_placed_and_after_its_newest_version_there_is_no_order() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    for query in ["version=0", "version=2", "asOf=2001-01-01T00:00:00Z"] {
        let reply = system.api.get(&format!("/orders/{order}?{query}")).await;
        assert!(reply.status == 404 || query == "version=0" && reply.status == 400, "{query}: {}", reply.text);
    }
    let later = system.api.get(&format!("/orders/{order}?asOf=9000-01-01T00:00:00%2B01:00")).await.expect(200);
    assert_eq!(later.version(), 1);
}
