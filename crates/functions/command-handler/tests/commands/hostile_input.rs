//! Every invalid request is answered with a clear 4xx, never with a 5xx, and writes nothing.

use serde_json::{Value, json};
use test_support::gateway::Call;

use crate::order_life::{open_handler, order_body, pay, place_order, placed, send};

fn order_with(pointer: &str, value: Value) -> String {
    let mut body = order_body();
    *body.pointer_mut(pointer).unwrap() = value;
    body.to_string()
}

/// Texts that are not requests to place an order.
fn hostile_bodies() -> Vec<String> {
    let order = order_body().to_string();
    let mut bodies: Vec<String> = (0..order.len()).step_by(7).map(|end| order[..end].to_owned()).collect();
    bodies.extend([
        "[".repeat(100_000),
        format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
        "null".into(),
        "[]".into(),
        "\"order\"".into(),
        "\u{feff}{}".into(),
        order.replacen("\"currency\"", "\"customerId\":\"customer-2002\",\"currency\"", 1),
        order.replacen("1999", "19.99", 1),
        order.replacen("1999", "1e400", 1),
        order.replacen("1999", "-1", 1),
        order.replacen("1999", "18446744073709551616", 1),
        order.replacen("1999", "9007199254740992", 1),
        order.replacen("1999", "\"1999\"", 1),
        order.replacen("1999", "NaN", 1),
        format!("{order}{order}"),
        order_with("/items", json!([])),
        order_with("/items", json!({})),
        order_with("/items", json!(vec![order_body()["items"][0].clone(); 2])),
        order_with(
            "/items",
            (0..101).map(|n| json!({"sku": format!("s{n}"), "quantity": 1, "unitPrice": 1})).collect(),
        ),
        order_with("/items/0/quantity", json!(1_000_001)),
        order_with("/items/0/name", json!("x".repeat(257))),
        order_with("/items/0/name", json!("line\nbreak")),
        order_with("/items/0/name", json!("left \u{202e} right")),
        order_with("/currency", json!("eur")),
        order_with("/currency", json!("XAU")),
        order_with("/discount", json!(9_007_199_254_740_991_u64)),
        order_with("/items/0/unitPrice", json!(9_007_199_254_740_991_u64)),
        order_with("/customerId", Value::Null),
    ]);
    let ids = ["", "#", "a#b", "a/b", "a\0b", "a\nb", "\u{202e}abc", "-a", "ä", &"a".repeat(65)];
    bodies.extend(ids.map(|id| order_with("/customerId", json!(id))));
    bodies.extend(ids.map(|id| order_with("/items/0/sku", json!(id))));
    bodies
}

#[tokio::test]
async fn a_hostile_body_is_refused_and_writes_nothing() {
    let (handler, store) = open_handler();
    for body in hostile_bodies() {
        let reply = send(&handler, &place_order().text(&body)).await;
        let (status, _) = reply.problem();
        assert!(matches!(status, 400 | 409 | 413), "{status} for {body:.200}");
    }
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn a_body_that_is_not_text_is_refused() {
    let (handler, store) = open_handler();
    // The bytes ff fe 00.
    let call = place_order().text("//4A").with("/isBase64Encoded", json!(true));
    assert_eq!(send(&handler, &call).await.problem().0, 400);
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn a_hostile_id_in_the_path_is_refused() {
    let (handler, store) = open_handler();
    for id in ["", "#", "a#b", "a/b", "..", "%2e%2e", "a%00b", "a\0b", "a\nb", "\u{202e}abc", "?x=1", &"a".repeat(65)] {
        let call = pay(id, "payment-1", 1);
        assert_eq!(send(&handler, &call).await.problem(), (400, "invalid_request".to_owned()), "{id:?}");
        // Without a route key, the path either matches no route or has the same invalid id.
        let by_path = send(&handler, &call.with("/requestContext/routeKey", json!("$default"))).await.problem().0;
        assert!(matches!(by_path, 400 | 404), "{by_path} for {id:?}");
    }
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn a_hostile_header_is_refused() {
    let (handler, store) = open_handler();
    let order_id = placed(&handler).await;
    let long = "k".repeat(256);
    let headers = [
        ("idempotency-key", ""),
        ("idempotency-key", "two words"),
        ("idempotency-key", "tab\t"),
        ("idempotency-key", "schlüssel"),
        ("idempotency-key", &long),
        ("idempotency-key", "\"open"),
        ("idempotency-key", "\"\""),
        ("idempotency-key", "one,two"),
        ("if-match", ""),
        ("if-match", "3"),
        ("if-match", "\"1\", *"),
        ("if-match", "\"1"),
    ];
    for (name, value) in headers {
        let reply = send(&handler, &pay(&order_id, "payment-1", 1).header(name, value)).await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{name}: {value:.40}");
        assert_eq!(reply.json()["errors"][0]["header"], name);
    }
    assert_eq!(store.appended(), 1);
}

#[tokio::test]
async fn a_query_parameter_is_never_a_guard_that_is_not_there() {
    let (handler, store) = open_handler();
    let order_id = placed(&handler).await;
    for query in ["expectedVersion=99", "dryRun=true", "expectedVersion=1&expectedVersion=1"] {
        for call in [pay(&order_id, "payment-1", 1), place_order()] {
            let reply = send(&handler, &call.query(query)).await;
            assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{query}");
            let errors = reply.json()["errors"].clone();
            assert_eq!((errors.as_array().unwrap().len(), &errors[0]["code"]), (1, &json!("unknown_parameter")));
        }
    }
    assert_eq!(store.appended(), 1);
}

#[tokio::test]
async fn a_body_that_is_not_sent_as_json_is_415_and_writes_nothing() {
    let (handler, store) = open_handler();
    for call in [
        place_order().without("content-type"),
        place_order().header("content-type", "text/plain"),
        place_order().header("content-type", "application/json,application/json"),
    ] {
        assert_eq!(send(&handler, &call).await.problem(), (415, "unsupported_media_type".to_owned()));
    }
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn a_new_order_has_no_version_to_match() {
    let (handler, store) = open_handler();
    let reply = send(&handler, &place_order().header("if-match", "\"1\"")).await;
    assert_eq!(reply.problem(), (400, "invalid_request".to_owned()));
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn the_largest_order_there_can_be_is_accepted() {
    let (handler, store) = open_handler();
    let name = "\u{1f9e2}".repeat(256);
    let items: Vec<_> = (0..100)
        .map(|n| json!({ "sku": format!("{n:a>64}"), "name": name, "quantity": 1_000_000, "unitPrice": 90_000_000 }))
        .collect();
    let body = json!({ "customerId": "c".repeat(64), "currency": "JPY", "items": items });
    let key = "k".repeat(255);
    let call = Call::to("POST /orders", &[]).body(&body).key(&key).header("x-correlation-id", &"c".repeat(128));
    let reply = send(&handler, &call).await;
    assert_eq!(reply.status, 201, "{:.300}", reply.body);
    assert_eq!(store.appended(), 1);
}
