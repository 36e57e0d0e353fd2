//! Retries of a request: the reply is the first one, and the store is unchanged.

use event_store::{EventStore, Loaded, UpTo};
use http_api::AuthMode;
use order_aggregate::Orders;
use serde_json::json;
use test_support::gateway::Reply;

use crate::order_life::{
    cancel, handler, life_after_placing, open_handler, order_body, pay, place_order, placed, send,
};
use crate::stores::Counted;

/// Asserts the same status, headers and body. Only `Idempotent-Replayed` is new, and the correlation id is that of this
/// request.
#[track_caller]
fn assert_replayed(again: &Reply, first: &Reply) {
    let (mut headers, mut first_headers) = (again.headers.clone(), first.headers.clone());
    assert_eq!(headers.remove("idempotent-replayed").unwrap(), "true");
    assert!(headers.remove("x-correlation-id").is_some() && first_headers.remove("x-correlation-id").is_some());
    assert_eq!((again.status, &headers, &again.body), (first.status, &first_headers, &first.body));
}

#[tokio::test]
async fn placing_again_under_the_same_key_gives_the_same_order_and_reply() {
    let (handler, store) = open_handler();
    let first = send(&handler, &place_order().key("key-1")).await;
    assert_eq!(first.status, 201);
    let again = send(&handler, &place_order().key("key-1")).await;
    assert_replayed(&again, &first);
    assert_eq!(store.appended(), 1);
}

#[tokio::test]
async fn a_retry_returns_the_same_bytes_after_further_commits() {
    let (handler, store) = open_handler();
    let place = place_order().key("place");
    let mut sent = vec![(place.clone(), send(&handler, &place).await)];
    let order_id = sent[0].1.json()["orderId"].as_str().unwrap().to_owned();
    for (index, (_, call)) in life_after_placing(&order_id).into_iter().enumerate() {
        let call = call.key(&format!("key-{index}"));
        let reply = send(&handler, &call).await;
        sent.push((call, reply));
    }
    for (call, first) in &sent {
        assert_replayed(&send(&handler, call).await, first);
    }
    assert_eq!(store.appended(), sent.len());
}

#[tokio::test]
async fn a_retry_may_name_the_version_it_was_first_sent_for() {
    let (handler, _) = open_handler();
    let order_id = placed(&handler).await;
    let call = cancel(&order_id).key("key-1").header("if-match", "\"1\"");
    let first = send(&handler, &call).await;
    assert_replayed(&send(&handler, &call).await, &first);
}

#[tokio::test]
async fn white_space_and_member_order_make_no_other_request() {
    let (handler, _) = open_handler();
    let order_id = placed(&handler).await;
    let first = send(&handler, &pay(&order_id, "payment-1", 7246).key("key-1")).await;
    let body = "{ \"method\": \"card\",\n \"amount\": 7246, \"paymentId\": \"payment-1\" }";
    let again = send(&handler, &pay(&order_id, "payment-1", 0).text(body).key("key-1")).await;
    assert_replayed(&again, &first);
}

#[tokio::test]
async fn a_key_stands_for_one_request_only() {
    let (handler, store) = open_handler();
    let first = send(&handler, &place_order().key("key-1")).await;
    let order_id = first.json()["orderId"].as_str().unwrap().to_owned();
    let mut other = order_body();
    other["discount"] = json!(501);
    let reused = send(&handler, &place_order().body(&other).key("key-1")).await;
    assert_eq!(reused.problem(), (422, "idempotency_key_reused".to_owned()));

    send(&handler, &pay(&order_id, "payment-1", 1).key("key-2")).await;
    for call in [pay(&order_id, "payment-1", 2), pay(&order_id, "payment-2", 1), cancel(&order_id)] {
        let reused = send(&handler, &call.key("key-2")).await;
        assert_eq!(reused.problem(), (422, "idempotency_key_reused".to_owned()));
    }
    assert_eq!(store.appended(), 2);
}

#[tokio::test]
async fn without_a_key_the_gateway_s_request_id_is_the_request_s() {
    let (handler, store) = open_handler();
    let order_id = placed(&handler).await;
    let call = pay(&order_id, "payment-1", 1).gateway_request_id("gateway-a");
    let first = send(&handler, &call).await;
    assert_replayed(&send(&handler, &call).await, &first);
    send(&handler, &pay(&order_id, "payment-2", 1).gateway_request_id("gateway-b")).await;
    let loaded: Loaded<Orders> = store.load(&order_id, UpTo::Head).await.unwrap();
    let newest = loaded.newest().unwrap();
    assert_eq!((newest.version, newest.request.request_id.as_str()), (3, "gateway-b"));
    assert_eq!(newest.request.correlation_id, None);
}

#[tokio::test]
async fn an_order_without_a_key_is_refused_and_nothing_is_written() {
    let (handler, store) = open_handler();
    let keyless = place_order().without("idempotency-key");
    for _ in 0..2 {
        assert_eq!(send(&handler, &keyless).await.problem(), (400, "idempotency_key_required".to_owned()));
    }
    assert_eq!(store.appended(), 0);
}

/// The gateway joins a repeated header by a comma. If such a key were accepted, the retry would place a second order.
#[tokio::test]
async fn a_key_that_was_given_twice_places_no_order() {
    let (handler, store) = open_handler();
    for joined in ["k,k", "k, k", "\"k\",\"k\""] {
        let reply = send(&handler, &place_order().key(joined)).await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{joined}");
        assert_eq!(reply.json()["errors"][0]["code"], "bad_header");
    }
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn a_quoted_key_is_the_same_key_as_without_its_quotes() {
    let (handler, store) = open_handler();
    let first = send(&handler, &place_order().key("\"k\"")).await;
    assert_replayed(&send(&handler, &place_order().key("k")).await, &first);
    let order_id = first.json()["orderId"].as_str().unwrap().to_owned();
    let paid = send(&handler, &pay(&order_id, "payment-1", 1).key("p")).await;
    assert_replayed(&send(&handler, &pay(&order_id, "payment-1", 1).key("\"p\"")).await, &paid);
    assert_eq!(store.appended(), 2);
}

#[tokio::test]
async fn a_key_and_a_correlation_id_stay_with_the_commit() {
    let (handler, store) = open_handler();
    let reply = send(&handler, &place_order().key("key-1").header("x-correlation-id", "checkout-7")).await;
    let body = reply.json();
    let loaded: Loaded<Orders> = store.load(body["orderId"].as_str().unwrap(), UpTo::Head).await.unwrap();
    let request = &loaded.newest().unwrap().request;
    assert_eq!(request.request_id, "key-1");
    assert_eq!(request.correlation_id.as_deref(), Some("checkout-7"));
    assert_eq!(request.actor, "anonymous");
}

#[tokio::test]
async fn two_callers_may_use_one_key() {
    let store = Counted::default();
    let handler = handler(store.clone(), AuthMode::Iam);
    let one = send(&handler, &place_order().key("1").signed_by("arn:aws:iam::123456789012:user/one")).await;
    let two = send(&handler, &place_order().key("1").signed_by("arn:aws:iam::123456789012:user/two")).await;
    assert_eq!((one.status, two.status), (201, 201));
    assert_ne!(one.json()["orderId"], two.json()["orderId"]);
    assert_eq!(store.appended(), 2);
}

#[tokio::test]
async fn another_instance_of_a_service_retries_the_order_of_the_first() {
    let store = Counted::default();
    let handler = handler(store.clone(), AuthMode::Iam);
    // The role has the maximum length, so the stored actor is shortened.
    let role = format!("arn:aws-us-gov:sts::123456789012:assumed-role/{}", "r".repeat(64));
    let on_instance = |name: &str| place_order().key("key-1").signed_by(&format!("{role}/{}", name.repeat(64)));
    let first = send(&handler, &on_instance("a")).await;
    assert_replayed(&send(&handler, &on_instance("b")).await, &first);
    assert_eq!(store.appended(), 1);
}
