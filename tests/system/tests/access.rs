//! Access control reveals nothing about another customer's order. The tests also cover replies during an outage of the
//! store. The matrix of permissions is in `access_matrix`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use system_tests::api::{quoted, three_items};
use system_tests::{Reply, System};

use crate::access_matrix::{self, OTHER_CUSTOMER, three_teas};

const ANNA: (&str, &str) =
    ("x-test-claims", r#"{"sub":"anna","scope":"openid orders:read orders:place orders:cancel"}"#);
const BERT: (&str, &str) =
    ("x-test-claims", r#"{"sub":"bert","scope":"openid orders:read orders:place orders:cancel"}"#);
const SERVICE: (&str, &str) = ("x-test-user-arn", "arn:aws:iam::123456789012:user/shop");
const ADMIN: (&str, &str) = ("x-test-claims", r#"{"sub":"desk","scope":"orders:admin"}"#);

/// Calls every command on an order, and every route that reads one.
async fn every_route(system: &System, order: &str, who: &[(&str, &str)]) -> Vec<(String, Reply)> {
    let mut replies = Vec::new();
    for command in access_matrix::commands() {
        let (_, path) = access_matrix::request(&command.route, order);
        replies.push((command.route.clone(), system.api.post_with(&path, who, command.body.clone()).await));
    }
    let second_page = format!("/events?limit=1&cursor={}", http_api::cursor::encode("events", &[order], "1"));
    let order_queries = ["", "?minVersion=1", "?minVersion=2", "?version=1", "?asOf=9000-01-01T00:00:00Z"];
    for query in order_queries.into_iter().chain(["/events", "/events?limit=1", &second_page]) {
        replies.push((query.to_owned(), system.api.get_with(&format!("/orders/{order}{query}"), who).await));
    }
    replies
}

/// Returns the status for a customer who does not own the order. The routes of services reject every customer.
fn unseen(route: &str) -> u16 {
    let command = access_matrix::commands().find(|command| command.route == route);
    command.map_or(404, |command| command.cell(OTHER_CUSTOMER).0)
}

/// Returns the parts of a reply that could reveal if the order exists: all parts that do not differ with every request.
fn told(reply: &Reply) -> (u16, BTreeMap<&str, &[u8]>, Value) {
    let mut body = reply.body.clone();
    body.as_object_mut().unwrap().remove("requestId");
    let headers = reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let of_every_request = ["date", "content-length", "apigw-requestid", "x-correlation-id"];
    (reply.status, headers.filter(|(name, _)| !of_every_request.contains(name)).collect(), body)
}

#[tokio::test]
async fn anothers_order_cannot_be_told_from_an_unknown_one() {
    let system = System::start_with_tokens().await;
    let placed = system.api.place_with(&[ANNA], quoted(three_teas())).await.expect(201);
    let order = placed.body["orderId"].as_str().unwrap();
    let route = "POST /orders/{orderId}/item-cancellations";
    let (_, cancel) = access_matrix::request(route, order);
    let cancellation = access_matrix::row_of(route).body.clone();
    let key = ("idempotency-key", "annas-key");
    system.api.post_with(&cancel, &[ANNA, key], cancellation.clone()).await.expect(201);
    let replayed = system.api.post_with(&cancel, &[ANNA, key], cancellation).await.expect(201);
    assert_eq!(replayed.header("idempotent-replayed"), Some("true"));
    system.drained().await;
    // None of these headers may reveal the order: Anna's key with her request or another one, the version, or cached
    // replies.
    let known = |header| ["\"1\"", "\"2\"", "\"99\"", "*"].map(|version| vec![BERT, (header, version)]);
    let headers = [known("if-match"), known("if-none-match")].into_iter().flatten();
    for headers in headers.chain([vec![BERT], vec![BERT, key]]) {
        let theirs = every_route(&system, order, &headers).await;
        let unknown = every_route(&system, "unknown", &headers).await;
        for ((route, theirs), (_, unknown)) in theirs.iter().zip(&unknown) {
            assert_eq!(theirs.status, unseen(route), "{route} {headers:?}: {}", theirs.text);
            assert_eq!(told(theirs), told(unknown), "{route} {headers:?}");
        }
    }
    assert_eq!(system.commits(), 2);
}

/// Adds a new order that looks like a customer's, with a commit that no release can read.
fn poison(system: &System, order: &str) {
    let database = system.stack.database().database();
    let scan = serde_json::from_value(json!({ "TableName": "OrderEvents" })).unwrap();
    let mut commit = serde_json::to_value(&database.scan(scan).unwrap().items.unwrap()[0]).unwrap();
    commit["aggregateId"]["S"] = json!(order);
    commit["events"]["L"][0]["M"]["eventType"]["S"] = json!("OrderTeleported");
    commit.as_object_mut().unwrap().remove("snapshot");
    let put = json!({ "TableName": "OrderEvents", "Item": commit });
    database.put_item(serde_json::from_value(put).unwrap()).unwrap();
}

#[tokio::test]
async fn customers_cannot_distinguish_an_unreadable_order_from_an_unknown_one() {
    let system = System::start_with_tokens().await;
    system.api.place_with(&[ANNA], quoted(three_items("anna"))).await.expect(201);
    poison(&system, "poisoned");
    system.drained().await;
    for who in [ANNA, BERT] {
        let poisoned = every_route(&system, "poisoned", &[who]).await;
        let unknown = every_route(&system, "unknown", &[who]).await;
        for ((route, poisoned), (_, unknown)) in poisoned.iter().zip(&unknown) {
            assert_eq!(poisoned.status, unseen(route), "{route}: {}", poisoned.text);
            assert_eq!(told(poisoned), told(unknown), "{route} {who:?}");
        }
    }
    for (route, reply) in every_route(&system, "poisoned", &[ADMIN]).await {
        // A page after the unreadable commit does not read it.
        let status = if route.contains("cursor=") { 404 } else { 500 };
        assert_eq!(reply.status, status, "{route}: {}", reply.text);
    }
}

#[tokio::test]
async fn a_token_without_scope_gets_403_for_any_order() {
    let system = System::start_with_tokens().await;
    let placed = system.api.place_with(&[ANNA], quoted(three_items("anna"))).await.expect(201);
    let order = placed.body["orderId"].as_str().unwrap();
    let (annas, berts) = (("x-test-claims", r#"{"sub":"anna"}"#), ("x-test-claims", r#"{"sub":"bert"}"#));
    let owner = every_route(&system, order, &[annas]).await;
    let other = every_route(&system, order, &[berts]).await;
    let unknown = every_route(&system, "unknown", &[berts]).await;
    for (((route, owner), (_, other)), (_, unknown)) in owner.iter().zip(&other).zip(&unknown) {
        assert_eq!((owner.status, &owner.body["code"]), (403, &json!("insufficient_scope")), "{route}");
        assert_eq!(told(owner), told(other), "{route}");
        assert_eq!(told(other), told(unknown), "{route}");
    }
}

#[tokio::test]
async fn the_audit_trail_names_each_caller() {
    let tokens = System::start_with_tokens().await;
    let placed = tokens.api.place_with(&[ANNA], quoted(three_items("anna"))).await.expect(201);
    let path = format!("/orders/{}", placed.body["orderId"].as_str().unwrap());
    let reason = json!({ "reason": "changed my mind" });
    tokens.api.post_with(&format!("{path}/cancellation"), &[ADMIN], reason).await.expect(201);
    assert_eq!(actors(&tokens, &path, &[ADMIN]).await, ["jwt:anna", "jwt:desk"]);
    assert_eq!(actors(&tokens, &path, &[ANNA]).await, ["jwt:anna", "staff"]);

    let signatures = System::start_with_signatures().await;
    let placed = signatures.api.place_with(&[SERVICE], three_items("anna")).await.expect(201);
    let path = format!("/orders/{}", placed.body["orderId"].as_str().unwrap());
    assert_eq!(actors(&signatures, &path, &[SERVICE]).await, [format!("iam:{}", SERVICE.1)]);

    let nothing = System::start().await;
    let path = format!("/orders/{}", nothing.api.place("anna").await);
    assert_eq!(actors(&nothing, &path, &[]).await, ["anonymous"]);
}

/// Returns the actor of each event of an order.
async fn actors(system: &System, path: &str, who: &[(&str, &str)]) -> Vec<String> {
    let history = system.api.get_with(&format!("{path}/events"), who).await.expect(200);
    let events = history.body["items"].as_array().unwrap();
    events.iter().map(|event| event["actor"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn while_the_store_is_out_every_route_is_503_with_retry_after() {
    let system = System::start_without_dynamodb().await;
    let mut replies = every_route(&system, "order-1", &[ADMIN]).await;
    replies.push(("place".to_owned(), system.api.place_with(&[ADMIN], three_items("anna")).await));
    replies.push(("list".to_owned(), system.api.get_with("/customers/anna/orders", &[ADMIN]).await));
    replies.push(("totals".to_owned(), system.api.get_with("/customers/anna/totals", &[ADMIN]).await));
    for (route, reply) in replies {
        assert_eq!((reply.status, &reply.body["code"]), (503, &json!("unavailable")), "{route}: {}", reply.text);
        assert!(reply.header("retry-after").is_some(), "{route}");
        assert!(!reply.text.contains("127.0.0.1"), "{route}: {}", reply.text);
    }
    assert_eq!(system.commits(), 0);
}
