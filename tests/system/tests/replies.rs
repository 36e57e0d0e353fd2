//! Every row of the contract's reply table, over HTTP.

use serde_json::{Value, json};
use system_tests::System;
use system_tests::api::three_items;

use crate::access_matrix;

#[tokio::test]
async fn a_new_order_is_created_with_its_version_and_its_place() {
    let system = System::start().await;
    let reply = system.api.post("/orders", three_items("anna")).await.expect(201);
    let order = reply.body["orderId"].as_str().unwrap();
    assert_eq!(reply.header("etag"), Some("\"1\""));
    assert_eq!(reply.header("location"), Some(format!("/orders/{order}").as_str()));
    assert_eq!(reply.header("idempotent-replayed"), None);
    assert_eq!(reply.body["events"][0]["data"]["total"], 5_000);
}

#[tokio::test]
async fn an_order_without_a_key_is_refused() {
    let system = System::start().await;
    let keyless = system.api.post_with("/orders", &[], three_items("anna")).await;
    keyless.expect_problem(400, "idempotency_key_required");
    assert_eq!(system.commits(), 0);
}

/// The gateway joins repeated headers with a comma.
#[tokio::test]
async fn a_key_that_was_given_twice_is_refused() {
    let system = System::start().await;
    let twice = [("idempotency-key", "k"), ("idempotency-key", "k")];
    let reply = system.api.post_with("/orders", &twice, three_items("anna")).await;
    assert_eq!(reply.expect_problem(400, "invalid_request").body["errors"][0]["code"], "bad_header");
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn the_lines_of_if_match_are_one_list() {
    let system = System::start().await;
    let path = format!("/orders/{}/payments", system.api.place("anna").await);
    let pay = |tags: [(&'static str, &'static str); 2]| {
        let (system, path) = (&system, &path);
        async move { system.api.post_with(path, &tags, json!({ "paymentId": "p", "amount": 1 })).await }
    };
    let stale = pay([("if-match", "\"7\""), ("if-match", "W/\"1\"")]).await;
    assert_eq!(stale.expect_problem(412, "version_mismatch").body["currentVersion"], 1);
    pay([("if-match", "\"7\""), ("if-match", "\"1\"")]).await.expect(201);
}

/// The gateway adds text/plain to a reply without a content type, and a cache then stores it with the JSON body.
#[tokio::test]
async fn a_304_says_that_it_is_about_json() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let reply = system.api.get_with(&format!("/orders/{order}"), &[("if-none-match", "*")]).await.expect(304);
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_retry_gets_the_first_reply_after_further_commits() {
    let system = System::start().await;
    let place = || system.api.post_with("/orders", &[("idempotency-key", "place")], three_items("anna"));
    let placed = place().await.expect(201);
    let order = placed.body["orderId"].as_str().unwrap().to_owned();
    let path = format!("/orders/{order}/payments");
    let pay = || {
        let body = json!({ "paymentId": "pay-1", "amount": 4_000 });
        system.api.post_with(&path, &[("idempotency-key", "pay")], body)
    };
    let paid = pay().await.expect(201);
    for number in 0..40 {
        if number % 10 == 0 {
            for (first, again) in [(&placed, place().await), (&paid, pay().await)] {
                assert_eq!((again.status, &again.text), (first.status, &first.text));
                assert_eq!(again.header("idempotent-replayed"), Some("true"));
                assert_eq!(again.header("etag"), first.header("etag"));
                assert_eq!(again.header("location"), first.header("location"));
            }
        }
        system.api.pay(&order, &format!("more-{number}"), 1).await.expect(201);
    }
    assert_eq!(system.commits(), 42);
}

#[tokio::test]
async fn the_same_key_with_another_request_is_refused() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let path = format!("/orders/{order}/payments");
    let key = [("idempotency-key", "k")];
    system.api.post_with(&path, &key, json!({ "paymentId": "p", "amount": 1 })).await.expect(201);
    let other = system.api.post_with(&path, &key, json!({ "paymentId": "p", "amount": 2 })).await;
    other.expect_problem(422, "idempotency_key_reused");
    let elsewhere =
        system.api.post_with(&format!("/orders/{order}/cancellation"), &key, json!({ "reason": "x" })).await;
    elsewhere.expect_problem(422, "idempotency_key_reused");
    let place = [("idempotency-key", "place")];
    system.api.post_with("/orders", &place, three_items("anna")).await.expect(201);
    system.api.post_with("/orders", &place, three_items("bert")).await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(system.commits(), 3);
}

#[tokio::test]
async fn the_order_of_a_bodys_members_does_not_make_it_another_request() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let (path, key) = (format!("/orders/{order}/payments"), [("idempotency-key", "k")]);
    let send = |body: &'static str| system.api.send(reqwest::Method::POST, &path, &key, Some(body.into()));
    let first = send(r#"{"paymentId":"p","amount":1}"#).await.expect(201);
    assert_eq!(send("{ \"amount\": 1,\n \"paymentId\": \"p\" }").await.expect(201).text, first.text);
}

#[tokio::test]
async fn a_command_on_another_version_gets_412_with_the_current_version() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let path = format!("/orders/{order}/payments");
    let body = json!({ "paymentId": "p", "amount": 1 });
    let stale = system.api.post_with(&path, &[("if-match", "\"7\"")], body.clone()).await;
    assert_eq!(stale.expect_problem(412, "version_mismatch").body["currentVersion"], 1);
    system.api.post_with(&path, &[("if-match", "\"1\"")], body).await.expect(201);
    assert_eq!(system.commits(), 2);
}

#[tokio::test]
async fn a_business_refusal_names_its_code_and_its_numbers() {
    let system = System::start().await;
    let api = &system.api;
    let order = api.place("anna").await;
    let unpaid = api.ship(&order, "s", &[("plate", 1)]).await.expect_problem(409, "not_paid");
    assert!(unpaid.text.contains("5000"), "{}", unpaid.text);
    api.pay(&order, "p", 5_000).await.expect(201);
    let refusals = [
        (
            "shipments",
            json!({ "shipmentId": "s", "items": [{ "sku": "plate", "quantity": 2 }] }),
            "quantity_exceeds_shippable",
        ),
        ("shipments", json!({ "shipmentId": "s", "items": [{ "sku": "fork", "quantity": 1 }] }), "unknown_sku"),
        ("payments", json!({ "paymentId": "p", "amount": 1 }), "payment_id_reused"),
        ("payments/nope/corrections", json!({ "correctionId": "c", "amount": 1, "reason": "x" }), "unknown_payment"),
        (
            "payments/p/corrections",
            json!({ "correctionId": "c", "amount": 5_000, "reason": "x" }),
            "correction_changes_nothing",
        ),
        ("refunds", json!({ "refundId": "r", "paymentId": "p", "amount": 5_001 }), "refund_exceeds_payment"),
        (
            "returns",
            json!({ "returnId": "r", "items": [{ "sku": "plate", "quantity": 1 }] }),
            "quantity_exceeds_returnable",
        ),
        ("shipments/nope/delivery", Value::Null, "unknown_shipment"),
    ];
    for (command, body, code) in refusals {
        api.post(&format!("/orders/{order}/{command}"), body).await.expect_problem(409, code);
    }
    api.ship(&order, "s", &[("plate", 1)]).await.expect(201);
    let shipped = api.post(&format!("/orders/{order}/cancellation"), json!({ "reason": "late" })).await;
    shipped.expect_problem(409, "already_shipped");
    assert_eq!(system.commits(), 3);
}

#[tokio::test]
async fn a_payment_recorded_before_gets_200_and_is_not_recorded_again() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let first = system.api.pay(&order, "p", 5_000).await.expect(201);
    let again = system.api.pay(&order, "p", 5_000).await.expect(200);
    assert_eq!(again.body["events"], first.body["events"]);
    assert_eq!(again.header("etag"), Some("\"2\""));
    assert_eq!(system.commits(), 2);
}

#[tokio::test]
async fn an_unknown_order_is_not_found_by_any_route() {
    let system = System::start().await;
    for command in access_matrix::commands() {
        let (_, path) = access_matrix::request(&command.route, "nope");
        system.api.post(&path, command.body.clone()).await.expect_problem(404, "order_not_found");
    }
    for query in ["", "?minVersion=1", "?version=1", "?asOf=2026-01-01T00:00:00Z", "/events"] {
        system.api.get(&format!("/orders/nope{query}")).await.expect_problem(404, "order_not_found");
    }
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn every_validation_error_comes_at_once_with_its_place() {
    let system = System::start().await;
    let body = json!({
        "customerId": "no spaces", "currency": "EURO", "extra": true, "tax": -1,
        "items": [{ "sku": "a", "quantity": 0, "unitPrice": 1.5 }, { "sku": "b" }],
    });
    let reply = system.api.post("/orders", body).await.expect_problem(400, "invalid_request");
    let errors = reply.body["errors"].as_array().unwrap();
    let pointers: std::collections::BTreeSet<&str> = errors.iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    for pointer in [
        "/customerId",
        "/currency",
        "/extra",
        "/tax",
        "/items/0/quantity",
        "/items/0/unitPrice",
        "/items/1/quantity",
        "/items/1/unitPrice",
    ] {
        assert!(pointers.contains(pointer), "{pointer} is not among {pointers:?}");
    }
}

#[tokio::test]
async fn a_reader_who_has_the_version_gets_no_body() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    system.drained().await;
    let path = format!("/orders/{order}");
    let first = system.api.get(&path).await.expect(200);
    assert_eq!(first.header("etag"), Some("\"1\""));
    assert!(first.header("last-modified").unwrap().ends_with(" GMT"));
    for tag in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
        let reply = system.api.get_with(&path, &[("if-none-match", tag)]).await.expect(304);
        assert_eq!((reply.text.as_str(), reply.header("etag")), ("", Some("\"1\"")));
    }
    system.api.get_with(&path, &[("if-none-match", "\"2\"")]).await.expect(200);
}

#[tokio::test]
async fn a_version_that_does_not_exist_yet_is_never_answered_with_an_older_one() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let reply = system.api.get(&format!("/orders/{order}?minVersion=2")).await;
    assert!((400..500).contains(&reply.status), "{}", reply.text);
    assert_eq!(reply.body["currentVersion"], 1);
}

#[tokio::test]
async fn the_api_describes_itself() {
    let system = System::start().await;
    let document = system.api.get("/openapi.json").await.expect(200).body;
    assert_eq!(document["openapi"].as_str().unwrap().split('.').take(2).collect::<Vec<_>>(), ["3", "1"]);
    assert_eq!(document, serde_json::from_str::<Value>(http_api::OPENAPI).unwrap());
}

#[tokio::test]
async fn a_route_that_is_not_there_is_not_found() {
    let system = System::start().await;
    for path in ["/", "/order", "/orders/a/b/c/d", "/customers/anna"] {
        assert_eq!(system.api.get(path).await.status, 404, "{path}");
    }
}
