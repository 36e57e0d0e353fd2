//! Invalid input: each request gets a specific 4xx and never a 5xx, and nothing is written.

use serde_json::{Value, json};
use system_tests::api::three_items;
use system_tests::{Reply, System};

/// Returns the order's body with one member replaced.
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
        // The second of two items with the same sku is invalid.
        let expected = if value == "plate" { "/items/1/sku" } else { pointer };
        let at: Vec<&str> =
            reply.body["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(at, [expected], "{value}: {}", reply.text);
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

/// Asserts that a body is rejected with one error at one location.
#[track_caller]
fn assert_error(reply: Reply, pointer: &str, code: &str, shown: &str) {
    let reply = reply.expect_problem(400, "invalid_request");
    let errors = reply.body["errors"].as_array().unwrap();
    let found: Vec<_> = errors.iter().map(|error| (&error["pointer"], &error["code"])).collect();
    assert_eq!(found, [(&json!(pointer), &json!(code))], "{shown}: {}", reply.text);
}

/// Each body would be accepted without its one invalid value.
#[tokio::test]
async fn an_invalid_text_in_a_valid_body_is_rejected() {
    let system = System::start().await;
    let sound = three_items("anna").to_string();
    system.api.post_raw("/orders", sound.clone()).await.expect(201);
    let nested = |depth, open: &str, close: &str| format!("\"tax\":{}0{}", open.repeat(depth), close.repeat(depth));
    let (tax, customer) = ("\"tax\":200", "\"customerId\":\"anna\"");
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        (tax, b"\"tax\":1e400".into(), "", "malformed_json"),
        (tax, b"\"tax\":NaN".into(), "", "malformed_json"),
        (tax, b"\"tax\":Infinity".into(), "", "malformed_json"),
        (tax, b"\"tax\":0200".into(), "", "malformed_json"),
        (tax, b"\"tax\":+200".into(), "", "malformed_json"),
        (tax, b"\"tax\":0xC8".into(), "", "malformed_json"),
        (tax, b"\"tax\":200,".into(), "", "malformed_json"),
        (tax, b"\"tax\":2e2".into(), "/tax", "not_an_integer"),
        (tax, b"\"tax\":-0".into(), "/tax", "not_an_integer"),
        (tax, b"\"tax\":200.0".into(), "/tax", "not_an_integer"),
        (tax, b"\"tax\":18446744073709551616".into(), "/tax", "not_an_integer"),
        (tax, b"\"tax\":200,\"tax\":200".into(), "/tax", "duplicate_field"),
        (tax, b"\"tax\":200,\"t\\u0061x\":200".into(), "/tax", "duplicate_field"),
        (tax, b"\"tax\":200,\"__proto__\":{}".into(), "/__proto__", "unknown_field"),
        (tax, nested(20, "[", "]").into(), "/tax", "wrong_type"),
        (tax, nested(20, "{\"a\":", "}").into(), "/tax", "wrong_type"),
        (tax, nested(20_000, "[", "]").into(), "", "malformed_json"),
        (tax, nested(20_000, "{\"a\":", "}").into(), "", "malformed_json"),
        (customer, b"\"customerId\":\"anna\xff\xfe\"".into(), "", "malformed_json"),
        (customer, b"\"customerId\":\"anna\\ud800\"".into(), "", "malformed_json"),
        (customer, b"\"customerId\":\"anna\0\"".into(), "", "malformed_json"),
        (customer, b"\"customerId\":\"anna\\u0000\"".into(), "/customerId", "bad_id"),
    ];
    for (from, to, pointer, code) in cases {
        let (before, after) = sound.split_once(from).unwrap();
        let body = [before.as_bytes(), &to, after.as_bytes()].concat();
        let shown = String::from_utf8_lossy(&to[..to.len().min(60)]).into_owned();
        assert_error(system.api.post_raw("/orders", body).await, pointer, code, &shown);
    }
    assert_eq!(system.commits(), 1);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let system = System::start().await;
    let sound = three_items("anna").to_string();
    for (body, code) in [
        ("", "missing_body"),
        (" ", "malformed_json"),
        ("null", "wrong_type"),
        ("[]", "wrong_type"),
        ("\"order\"", "wrong_type"),
        ("{", "malformed_json"),
        ("\0\0\0\0", "malformed_json"),
        (&sound[..sound.len() - 1], "malformed_json"),
        (&format!("{sound} trailing"), "malformed_json"),
        (&format!("{sound}{sound}"), "malformed_json"),
        (&format!("[{sound}]"), "wrong_type"),
    ] {
        assert_error(system.api.post_raw("/orders", body).await, "", code, body);
    }
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_however_sound() {
    let system = System::start().await;
    for size in [256 * 1024, 5_000_000] {
        let body = format!("{}{}", three_items("anna"), " ".repeat(size));
        system.api.post_raw("/orders", body).await.expect_problem(413, "body_too_large");
    }
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn a_repeated_member_is_refused_at_its_place() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let body = r#"{"paymentId":"p","amount":1,"amount":2}"#;
    let reply = system.api.post_raw(&format!("/orders/{order}/payments"), body).await;
    assert_error(reply, "/amount", "duplicate_field", body);
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
            system.api.get(&format!("/customers/{id}/totals")).await,
            system.api.pay(id, "p", 1).await,
        ] {
            reply.expect_problem(400, "invalid_request");
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
        ("idempotency-key", "\"open"),
        ("if-match", "1"),
        ("if-match", "\"1\", one"),
        ("if-match", ""),
    ] {
        let body = json!({ "paymentId": "p", "amount": 1 });
        let reply = system.api.post_with(&format!("/orders/{order}/payments"), &[(name, value)], body).await;
        reply.expect_problem(400, "invalid_request");
    }
    assert_eq!(system.commits(), 1);
}
