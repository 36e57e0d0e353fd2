//! Who may do what, and what is said when the store is out.

use serde_json::{Value, json};
use system_tests::api::three_items;
use system_tests::{Reply, System};

const ANNA: (&str, &str) = ("x-test-claims", r#"{"sub":"anna"}"#);
const BERT: (&str, &str) = ("x-test-claims", r#"{"sub":"bert"}"#);
const ADMIN: (&str, &str) = ("x-test-claims", r#"{"sub":"desk","scope":"orders:admin"}"#);

/// Every command on an order, and every way to read one.
async fn every_route(system: &System, order: &str, who: &[(&str, &str)]) -> Vec<(String, Reply)> {
    let mut replies = Vec::new();
    for (command, body) in [
        ("payments", json!({ "paymentId": "p", "amount": 1 })),
        ("payments/p/corrections", json!({ "amount": 2, "reason": "x" })),
        ("refunds", json!({ "refundId": "r", "paymentId": "p", "amount": 1 })),
        ("shipments", json!({ "shipmentId": "s", "items": [{ "sku": "plate", "quantity": 1 }] })),
        ("shipments/s/delivery", Value::Null),
        ("returns", json!({ "returnId": "r", "items": [{ "sku": "plate", "quantity": 1 }] })),
        ("cancellation", json!({ "reason": "x" })),
    ] {
        let path = format!("/orders/{order}/{command}");
        replies.push((command.to_owned(), system.api.post_with(&path, who, body).await));
    }
    for query in ["", "?minVersion=1", "?version=1", "?asOf=9000-01-01T00:00:00Z", "/events"] {
        replies.push((query.to_owned(), system.api.get_with(&format!("/orders/{order}{query}"), who).await));
    }
    replies
}

/// Everything of a reply that could tell one case from the other.
fn told(reply: &Reply) -> (u16, Value) {
    let mut body = reply.body.clone();
    body.as_object_mut().unwrap().remove("requestId");
    (reply.status, body)
}

#[tokio::test]
async fn without_an_identity_every_route_answers_401() {
    let system = System::start_with_tokens().await;
    let mut replies = every_route(&system, "order-1", &[]).await;
    replies.push(("place".to_owned(), system.api.post_with("/orders", &[], three_items("anna")).await));
    replies.push(("list".to_owned(), system.api.get("/customers/anna/orders").await));
    for (route, reply) in replies {
        assert_eq!((reply.status, &reply.body["code"]), (401, &json!("unauthenticated")), "{route}");
    }
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn anothers_order_cannot_be_told_from_an_unknown_one() {
    let system = System::start_with_tokens().await;
    let placed = system.api.post_with("/orders", &[ANNA], three_items("anna")).await.expect(201);
    let order = placed.body["orderId"].as_str().unwrap();
    system.drained().await;
    let theirs = every_route(&system, order, &[BERT]).await;
    let unknown = every_route(&system, "unknown", &[BERT]).await;
    for ((route, theirs), (_, unknown)) in theirs.iter().zip(&unknown) {
        assert_eq!(theirs.status, 404, "{route}");
        assert_eq!(told(theirs), told(unknown), "{route}");
    }
    assert_eq!(system.commits(), 1);
}

#[tokio::test]
async fn an_owner_and_an_admin_see_and_touch_the_order() {
    let system = System::start_with_tokens().await;
    let placed = system.api.post_with("/orders", &[ANNA], three_items("anna")).await.expect(201);
    let path = format!("/orders/{}", placed.body["orderId"].as_str().unwrap());
    for (number, who) in [ANNA, ADMIN].into_iter().enumerate() {
        let body = json!({ "paymentId": format!("p{number}"), "amount": 1 });
        system.api.post_with(&format!("{path}/payments"), &[who], body).await.expect(201);
        system.api.get_with(&path, &[who]).await.expect(200);
        system.api.get_with("/customers/anna/orders", &[who]).await.expect(200);
    }
    let trail = system.api.get_with(&format!("{path}/events"), &[ANNA]).await.expect(200);
    let actors: Vec<&Value> = trail.body["items"].as_array().unwrap().iter().map(|event| &event["actor"]).collect();
    assert_eq!(actors, ["jwt:anna", "jwt:anna", "jwt:desk"]);
}

#[tokio::test]
async fn nobody_orders_or_lists_for_another_customer() {
    let system = System::start_with_tokens().await;
    system.api.post_with("/orders", &[BERT], three_items("anna")).await.expect_problem(403, "forbidden");
    system.api.get_with("/customers/anna/orders", &[BERT]).await.expect_problem(403, "forbidden");
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn while_the_store_is_out_every_route_asks_to_come_again() {
    let system = System::start_without_dynamodb().await;
    let mut replies = every_route(&system, "order-1", &[ADMIN]).await;
    replies.push(("place".to_owned(), system.api.post_with("/orders", &[ADMIN], three_items("anna")).await));
    replies.push(("list".to_owned(), system.api.get_with("/customers/anna/orders", &[ADMIN]).await));
    for (route, reply) in replies {
        assert_eq!((reply.status, &reply.body["code"]), (503, &json!("unavailable")), "{route}: {}", reply.text);
        assert!(reply.header("retry-after").is_some(), "{route}");
        assert!(!reply.text.contains("127.0.0.1"), "{route}: {}", reply.text);
    }
    assert_eq!(system.commits(), 0);
}
