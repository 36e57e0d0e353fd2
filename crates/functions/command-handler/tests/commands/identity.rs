//! The rights of callers: the handler answers no caller without an identity, and reveals no order to other customers.

use command_handler::CommandHandler;
use event_store::{EventStore, Loaded, UpTo};
use http_api::AuthMode;
use order_aggregate::Orders;
use serde_json::json;
use test_support::gateway::Call;

use crate::order_life::{cancel, cancel_items, handler, life_after_placing, pay, place_order, placed, send, ship};
use crate::shop::{claims, place_claims};
use crate::stores::Counted;

/// Every scope of a customer.
const CUSTOMERS: &str = "openid orders:read orders:place orders:cancel";

fn jwt_handler() -> (CommandHandler<Counted>, Counted) {
    let store = Counted::default();
    (handler(store.clone(), AuthMode::Jwt), store)
}

#[tokio::test]
async fn a_request_without_a_valid_kind_of_identity_gets_401() {
    let store = Counted::default();
    let signed = |call: Call| call.signed_by("arn:aws:iam::123456789012:user/one");
    let with_token = |call: Call| call.token_of("customer-1001", "orders:admin");
    for (mode, wrong) in [(AuthMode::Iam, with_token(place_order())), (AuthMode::Jwt, signed(place_order()))] {
        let handler = handler(store.clone(), mode);
        // The identity is checked first: even an invalid request or an unknown route gets the same reply.
        for call in [place_order(), wrong, place_order().text("{"), Call::to("GET /nothing", &[])] {
            let reply = send(&handler, &call).await;
            assert_eq!(reply.problem(), (401, "unauthenticated".to_owned()));
            assert!(reply.header("www-authenticate").is_some());
        }
    }
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn a_customer_cancels_units_and_then_the_whole_of_their_own_order() {
    let store = Counted::default();
    let order_id = placed(&handler(store.clone(), AuthMode::None)).await;
    let handler = handler(store.clone(), AuthMode::Jwt);
    for call in [cancel_items(&order_id, "c-1", "MUG-WHITE", 1), cancel(&order_id)] {
        assert_eq!(send(&handler, &call.token_of("customer-1001", CUSTOMERS)).await.status, 201);
    }
    let loaded: Loaded<Orders> = store.load(&order_id, UpTo::Head).await.unwrap();
    assert_eq!(loaded.newest().unwrap().request.actor, "jwt:customer-1001");
}

#[tokio::test]
async fn a_customer_records_no_payment_and_no_shipment_of_their_own_order() {
    let store = Counted::default();
    let order_id = placed(&handler(store.clone(), AuthMode::None)).await;
    let handler = handler(store.clone(), AuthMode::Jwt);
    let calls = life_after_placing(&order_id).into_iter().filter(|(name, _)| *name != "ItemsCancelled");
    for (name, call) in calls {
        let reply = send(&handler, &call.token_of("customer-1001", CUSTOMERS)).await;
        assert_eq!(reply.problem(), (403, "insufficient_scope".to_owned()), "{name}");
    }
    assert_eq!(store.appended(), 1);
}

/// A cancellation of one unit that reduces the amount due by 1.
fn reduced(order_id: &str) -> Call {
    let items = json!([{ "sku": "CAP-RED", "quantity": 1 }]);
    let body = json!({ "cancellationId": "c-1", "items": items, "reduction": 1, "reason": "Sold out" });
    cancel_items(order_id, "c-1", "CAP-RED", 1).body(&body)
}

#[tokio::test]
async fn services_write_on_the_orders_of_every_customer() {
    let store = Counted::default();
    let order_id = placed(&handler(store.clone(), AuthMode::None)).await;
    let handler = handler(store.clone(), AuthMode::Jwt);
    let placed = send(&handler, &place_order().token_of("shop", "orders:place-priced")).await;
    assert_eq!(placed.status, 201);
    for (call, subject, scope) in [
        (reduced(&order_id), "shop", "orders:place-priced"),
        (pay(&order_id, "payment-1", 7_245), "psp", "payments:write"),
        (ship(&order_id, "shipment-1", "MUG-WHITE", 1), "warehouse", "fulfillment:write"),
    ] {
        let reply = send(&handler, &call.token_of(subject, scope)).await;
        assert_eq!(reply.status, 201, "{subject}: {}", reply.body);
        let loaded: Loaded<Orders> = store.load(&order_id, UpTo::Head).await.unwrap();
        assert_eq!(loaded.newest().unwrap().request.actor, format!("jwt:{subject}"));
    }
}

#[tokio::test]
async fn a_customer_names_no_reduction_whatever_the_order() {
    let store = Counted::default();
    let order_id = placed(&handler(store.clone(), AuthMode::None)).await;
    let handler = handler(store.clone(), AuthMode::Jwt);
    for order_id in [&order_id, "no-such-order"] {
        let reply = send(&handler, &reduced(order_id).token_of("customer-1001", CUSTOMERS)).await;
        assert_eq!(reply.problem(), (403, "reduction_not_allowed".to_owned()));
    }
}

#[tokio::test]
async fn a_token_that_mixes_scopes_gets_no_further_than_that() {
    let (handler, store) = jwt_handler();
    let reply = send(&handler, &place_claims(&claims()).token_of("customer-2002", CUSTOMERS)).await;
    assert_eq!(reply.problem(), (403, "forbidden".to_owned()));
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn an_order_of_another_customer_is_as_unknown_as_one_that_does_not_exist() {
    let store = Counted::default();
    let order_id = placed(&handler(store.clone(), AuthMode::None)).await;
    let handler = handler(store.clone(), AuthMode::Jwt);
    let replies_for = async |order_id: &str| {
        let mut replies = Vec::new();
        let calls = [cancel_items(order_id, "c-1", "CAP-RED", 1), cancel(order_id)];
        for call in
            calls.into_iter().flat_map(|it| [it.clone(), it.clone().header("if-match", "\"7\""), it.key("key-1")])
        {
            let call = call.token_of("customer-2002", CUSTOMERS).gateway_request_id("gateway-a");
            replies.push(send(&handler, &call).await);
        }
        replies
    };
    let not_theirs = replies_for(&order_id).await;
    assert_eq!(not_theirs, replies_for("no-such-order").await);
    assert!(not_theirs.iter().all(|reply| reply.problem() == (404, "order_not_found".to_owned())));
    assert_eq!(store.appended(), 1);
}

#[tokio::test]
async fn a_request_of_another_customer_is_not_replayed() {
    let store = Counted::default();
    let order_id = placed(&handler(store.clone(), AuthMode::None)).await;
    let handler = handler(store, AuthMode::Jwt);
    let call = cancel(&order_id).key("key-1");
    assert_eq!(send(&handler, &call.clone().token_of("customer-1001", CUSTOMERS)).await.status, 201);
    let other = send(&handler, &call.token_of("customer-2002", CUSTOMERS)).await;
    assert_eq!(other.problem(), (404, "order_not_found".to_owned()));
}

/// This check precedes the parsing of the body, so a token without the route's scope reveals nothing about the route's
/// parameters.
#[tokio::test]
async fn a_token_without_the_routes_scope_gets_no_further() {
    let (handler, store) = jwt_handler();
    let oversized = " ".repeat(http_api::commands::MAX_BODY + 1);
    for call in [place_order(), place_order().text("{"), place_order().text(&oversized), place_order().key("")] {
        for scopes in ["orders:read orders:cancel", "payments:write fulfillment:write orders:read-all"] {
            let reply = send(&handler, &call.clone().token_of("customer-1001", scopes)).await;
            assert_eq!(reply.problem(), (403, "insufficient_scope".to_owned()));
            let challenge = r#"Bearer error="insufficient_scope", scope="orders:place orders:place-priced""#;
            assert_eq!(reply.header("www-authenticate"), Some(challenge));
        }
    }
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn the_admin_scope_opens_every_order() {
    let (handler, _) = jwt_handler();
    let reply = send(&handler, &place_order().token_of("agent-7", "openid orders:admin")).await;
    assert_eq!(reply.status, 201);
    let order_id = reply.json()["orderId"].clone();
    let call = pay(order_id.as_str().unwrap(), "payment-1", 1);
    assert_eq!(send(&handler, &call.clone().token_of("agent-8", "orders:admin orders:read")).await.status, 201);
    let almost = call.token_of("agent-9", "orders:administrator xorders:admin");
    assert_eq!(send(&handler, &almost).await.problem(), (403, "insufficient_scope".to_owned()));
}

#[tokio::test]
async fn a_payload_without_a_request_context_names_no_caller() {
    let store = Counted::default();
    let handler = handler(store.clone(), AuthMode::Iam);
    let bare = lambda_http::Request::new(lambda_http::Body::from(json!({}).to_string()));
    let Ok(response) = handler.handle(bare).await;
    assert_eq!(response.status(), 401);
    assert_eq!(store.appended(), 0);
}
