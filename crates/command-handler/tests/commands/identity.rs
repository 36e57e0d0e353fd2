//! Who may do what: no identity, no answer; nobody learns of an order that is not theirs.

use command_handler::CommandHandler;
use event_store::{EventStore, Loaded, UpTo};
use http_api::AuthMode;
use order_store::Orders;
use serde_json::json;

use crate::gateway::Call;
use crate::order_life::{cancel, handler, life_after_placing, pay, place_order, placed, send};
use crate::stores::Counted;

/// Every scope but the admin's.
const EVERYTHING: &str = "openid orders:read orders:write payments:write fulfillment:write";

fn jwt_handler() -> (CommandHandler<Counted>, Counted) {
    let store = Counted::default();
    (handler(store.clone(), AuthMode::Jwt), store)
}

#[tokio::test]
async fn without_an_identity_of_the_right_kind_nothing_is_answered() {
    let store = Counted::default();
    let signed = |call: Call| call.signed_by("arn:aws:iam::123456789012:user/one");
    let with_token = |call: Call| call.token_of("customer-1001", "orders:admin");
    for (mode, wrong) in [(AuthMode::Iam, with_token(place_order())), (AuthMode::Jwt, signed(place_order()))] {
        let handler = handler(store.clone(), mode);
        // Identity comes first: not even a bad request or an unknown route is told apart.
        for call in [place_order(), wrong, place_order().text("{"), Call::to("GET /nothing", &[])] {
            let reply = send(&handler, &call).await;
            assert_eq!(reply.problem(), (401, "unauthenticated".to_owned()));
            assert!(reply.header("www-authenticate").is_some());
        }
    }
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn a_customer_places_and_pays_their_own_order() {
    let (handler, store) = jwt_handler();
    let reply = send(&handler, &place_order().token_of("customer-1001", EVERYTHING)).await;
    assert_eq!(reply.status, 201);
    let body = reply.json();
    let order_id = body["orderId"].as_str().unwrap();
    let paid = send(&handler, &pay(order_id, "payment-1", 1).token_of("customer-1001", EVERYTHING)).await;
    assert_eq!(paid.status, 201);
    let loaded: Loaded<Orders> = store.load(order_id, UpTo::Head).await.unwrap();
    assert_eq!(loaded.newest().unwrap().request.actor, "jwt:customer-1001");
}

#[tokio::test]
async fn a_customer_places_no_order_for_another() {
    let (handler, store) = jwt_handler();
    let reply = send(&handler, &place_order().token_of("customer-2002", EVERYTHING)).await;
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
        let calls = life_after_placing(order_id).into_iter().map(|(_, call)| call).chain([cancel(order_id)]);
        for call in calls.flat_map(|call| [call.clone(), call.clone().header("if-match", "\"7\""), call.key("key-1")]) {
            let call = call.token_of("customer-2002", EVERYTHING).gateway_request_id("gateway-a");
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
async fn nobody_replays_the_request_of_another_customer() {
    let (handler, _) = jwt_handler();
    let first = send(&handler, &place_order().token_of("customer-1001", EVERYTHING)).await;
    let order_id = first.json()["orderId"].as_str().unwrap().to_owned();
    let call = pay(&order_id, "payment-1", 1).key("key-1");
    assert_eq!(send(&handler, &call.clone().token_of("customer-1001", EVERYTHING)).await.status, 201);
    let other = send(&handler, &call.token_of("customer-2002", EVERYTHING)).await;
    assert_eq!(other.problem(), (404, "order_not_found".to_owned()));
}

/// Before the body is read, so that a token that is not for the route learns nothing about what the route takes.
#[tokio::test]
async fn a_token_without_the_routes_scope_gets_no_further() {
    let (handler, store) = jwt_handler();
    let oversized = " ".repeat(http_api::commands::MAX_BODY + 1);
    for call in [place_order(), place_order().text("{"), place_order().text(&oversized), place_order().key("")] {
        let call = call.token_of("customer-1001", "orders:read payments:write fulfillment:write");
        let reply = send(&handler, &call).await;
        assert_eq!(reply.problem(), (403, "insufficient_scope".to_owned()));
        let challenge = r#"Bearer error="insufficient_scope", scope="orders:write""#;
        assert_eq!(reply.header("www-authenticate"), Some(challenge));
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
    assert_eq!(send(&handler, &call.clone().token_of("agent-8", "orders:admin")).await.status, 201);
    let almost = call.token_of("agent-9", "payments:write orders:administrator xorders:admin");
    assert_eq!(send(&handler, &almost).await.problem().0, 404);
}

#[tokio::test]
async fn a_payload_without_a_request_context_names_nobody() {
    let store = Counted::default();
    let handler = handler(store.clone(), AuthMode::Iam);
    let bare = lambda_http::Request::new(lambda_http::Body::from(json!({}).to_string()));
    let Ok(response) = handler.handle(bare).await;
    assert_eq!(response.status(), 401);
    assert_eq!(store.appended(), 0);
}
