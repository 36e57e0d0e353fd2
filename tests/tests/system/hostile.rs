//! Bad input: each gets its clear 4xx, none a 5xx, and nothing is written.

use serde_json::{Value, json};
use system_tests::System;
use system_tests::api::three_items;

/// The order's body with one member replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = three_items("anna");
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

#[tokio::test]
async fn a_value_that_cannot_be_is_refused_at_its_place() {
    let system = System::start().await;
    let long = "x".repeat(300);
    let cases = [
        ("/customerId", json!("")),
        ("/customerId", json!("a#b")),
        ("/customerId", json!("a/b")),
        ("/customerId", json!("a\u{0}b")),
        ("/customerId", json!("a\nb")),
        ("/customerId", json!("\u{202E}anna")),
        ("/customerId", json!(long)),
        ("/customerId", json!(7)),
        ("/customerId", Value::Null),
        ("/currency", json!("eur")),
        ("/currency", json!("ZZZ")),
        ("/items", json!([])),
        ("/items", json!({})),
        ("/items", json!("mug")),
        ("/items/0", json!(null)),
        ("/items/0/sku", json!("plate")),
        ("/items/0/sku", json!("-starts-badly")),
        ("/items/0/name", json!("")),
        ("/items/0/name", json!("two\nlines")),
        ("/items/0/name", json!("\u{202E}reversed")),
        ("/items/0/name", json!(long)),
        ("/items/0/quantity", json!(0)),
        ("/items/0/quantity", json!(-1)),
        ("/items/0/quantity", json!(1_000_001)),
        ("/items/0/quantity", json!(1.5)),
        ("/items/0/quantity", json!(2.0)),
        ("/items/0/quantity", json!("2")),
        ("/items/0/unitPrice", json!(-1)),
        ("/items/0/unitPrice", json!(9.99)),
        ("/items/0/unitPrice", json!(9_007_199_254_740_992u64)),
        ("/items/0/unitPrice", json!(u64::MAX)),
        ("/items/0/unitPrice", json!(true)),
        ("/shipping", json!(i64::MIN)),
        ("/discount", json!([])),
    ];
    for (pointer, value) in cases {
        let reply = system.api.post("/orders", with(pointer, value.clone())).await;
        let reply = reply.expect_problem(400, "invalid_request");
        let at = reply.body["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap());
        assert!(
            at.into_iter().any(|at| at.starts_with(pointer) || at == "/items/1/sku"),
            "{pointer} {value}: {}",
            reply.text
        );
    }
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn a_total_that_cannot_be_is_refused() {
    let system = System::start().await;
    for (pointer, value) in
        [("/discount", json!(9_007_199_254_740_991u64)), ("/items/0/unitPrice", json!(9_007_199_254_740_991u64))]
    {
        let reply = system.api.post("/orders", with(pointer, value)).await;
        assert!((400..500).contains(&reply.status), "{}", reply.text);
    }
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let system = System::start().await;
    let nested = format!("{}{}", "[".repeat(200_000), "]".repeat(20_000));
    let deep_objects = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let bodies: Vec<(Vec<u8>, u16)> = vec![
        (b"".to_vec(), 400),
        (b" ".to_vec(), 400),
        (b"null".to_vec(), 400),
        (b"[]".to_vec(), 400),
        (b"\"order\"".to_vec(), 400),
        (b"{".to_vec(), 400),
        (b"{\"customerId\":\"anna\"".to_vec(), 400),
        (b"{\"customerId\":\"anna\"} trailing".to_vec(), 400),
        (b"{\"customerId\":\"a\",\"customerId\":\"b\"}".to_vec(), 400),
        (b"{\"customerId\":\"\xff\xfe\"}".to_vec(), 400),
        (b"{\"customerId\":\"\\ud800\"}".to_vec(), 400),
        (b"{\"tax\":1e400}".to_vec(), 400),
        (b"{\"tax\":1e5}".to_vec(), 400),
        (b"{\"tax\":NaN}".to_vec(), 400),
        (b"{\"tax\":-0}".to_vec(), 400),
        (b"\0\0\0\0".to_vec(), 400),
        (nested.into_bytes(), 400),
        (deep_objects.into_bytes(), 400),
        (format!("{{\"customerId\":\"{}\"}}", "a".repeat(256 * 1024)).into_bytes(), 413),
        (vec![b'x'; 5_000_000], 413),
    ];
    for (body, status) in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let reply = system.api.post_raw("/orders", body).await;
        assert_eq!(reply.status, status, "{shown}: {}", reply.text);
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn a_repeated_member_is_refused_at_its_place() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let body = r#"{"paymentId":"p","amount":1,"amount":2}"#;
    let reply = system.api.post_raw(&format!("/orders/{order}/payments"), body).await.expect(400);
    assert!(reply.text.contains("/amount"), "{}", reply.text);
    assert_eq!(system.commits(), 1);
}

#[tokio::test]
async fn an_id_in_the_path_that_cannot_be_is_refused() {
    let system = System::start().await;
    let long = "x".repeat(65);
    for id in ["a%23b", "a%2Fb", "a%00b", "a%0Ab", "%E2%80%AEa", "a%20b", "%FF", "a%25", long.as_str()] {
        for reply in [
            system.api.get(&format!("/orders/{id}/events")).await,
            system.api.get(&format!("/customers/{id}/orders")).await,
            system.api.pay(id, "p", 1).await,
        ] {
            assert!(reply.status == 400 || reply.status == 404, "{id}: {} {}", reply.status, reply.text);
        }
    }
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn a_query_that_cannot_be_is_refused() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    for query in [
        "version=x",
        "version=-1",
        "version=1.5",
        "version=99999999999999999999",
        "minVersion=",
        "version=1&version=2",
        "version=1&minVersion=1",
        "asOf=yesterday",
        "asOf=2026-13-01T00:00:00Z",
        "asOf=2026-01-01",
        "asOf=99999-01-01T00:00:00Z",
        "asOf=2026-01-01T00:00:00",
        "unknown=1",
        "asOf=%00",
    ] {
        system.api.get(&format!("/orders/{order}?{query}")).await.expect_problem(400, "invalid_request");
    }
    for query in ["limit=0", "limit=101", "limit=-1", "limit=x", "status=nope", "status=", "cursor=!!!", "x=1"] {
        system.api.get(&format!("/customers/anna/orders?{query}")).await.expect_problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn a_header_that_cannot_be_is_refused() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let long = "k".repeat(256);
    for (name, value) in [
        ("idempotency-key", ""),
        ("idempotency-key", "has space"),
        ("idempotency-key", long.as_str()),
        ("if-match", "1"),
        ("if-match", "\"one\""),
        ("if-match", "W/\"1\""),
        ("if-match", "\"-1\""),
        ("if-match", "\"99999999999999999999999\""),
        ("x-correlation-id", ""),
    ] {
        let body = json!({ "paymentId": "p", "amount": 1 });
        let reply = system.api.post_with(&format!("/orders/{order}/payments"), &[(name, value)], body).await;
        reply.expect_problem(400, "invalid_request");
    }
    assert_eq!(system.commits(), 1);
}
