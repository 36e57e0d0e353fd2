//! The rights of callers: the handler answers no caller without an identity, and reveals no order to other customers.

use http_api::AuthMode;
use test_support::gateway::Call;

use crate::given::{Ledger, ask, get_order, get_totals, list_events, list_orders};

fn every_query_of(order_id: &str) -> Vec<Call> {
    let order = [
        "",
        "minVersion=1",
        "minVersion=99",
        "version=2",
        "version=99",
        "asOf=2100-01-01T00:00:00Z",
        "consistent=true",
    ];
    let details = order.iter().map(|query| get_order(order_id).query(&format!("{query}&include=details")));
    let mut calls: Vec<_> = order.iter().map(|query| get_order(order_id).query(query)).chain(details).collect();
    calls.push(get_order(order_id).header("if-none-match", "*"));
    calls.extend(["", "limit=2"].map(|query| list_events(order_id).query(query)));
    calls
}

#[tokio::test]
async fn a_request_without_a_valid_kind_of_identity_gets_401() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for mode in [AuthMode::Iam, AuthMode::Jwt] {
        let handler = ledger.handler(mode);
        let of_customer = [list_orders("customer-1001"), get_totals("customer-1001")];
        let others = [Call::to("GET /openapi.json", &[]), Call::to("GET /jokes", &[])];
        for call in every_query_of(&order_id).into_iter().chain(of_customer).chain(others) {
            let wrong_kind = if mode == AuthMode::Jwt {
                call.clone().signed_by("arn:aws:iam::123456789012:user/one")
            } else {
                call.clone().token_of("customer-1001", "orders:admin")
            };
            for call in [call, wrong_kind] {
                assert_eq!(ask(&handler, &call).await.problem(), (401, "unauthenticated".to_owned()));
            }
        }
    }
}

#[tokio::test]
async fn a_customer_sees_their_own_orders_and_totals() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let handler = ledger.handler(AuthMode::Jwt);
    for call in
        [get_order(&order_id), list_events(&order_id), list_orders("customer-1001"), get_totals("customer-1001")]
    {
        assert_eq!(ask(&handler, &call.token_of("customer-1001", "openid orders:read")).await.status, 200);
    }
}

#[tokio::test]
async fn an_order_of_another_customer_is_as_unknown_as_one_that_does_not_exist() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let handler = ledger.handler(AuthMode::Jwt);
    for projected in [0, 5] {
        if projected > 0 {
            ledger.project(&order_id, projected).await;
        }
        for (theirs, unknown) in every_query_of(&order_id).into_iter().zip(every_query_of("no-such-order")) {
            let as_other =
                |call: Call| call.token_of("customer-2002", "openid orders:read").gateway_request_id("gateway-a");
            let reply = ask(&handler, &as_other(theirs)).await;
            assert_eq!(reply.problem(), (404, "order_not_found".to_owned()));
            assert_eq!(reply, ask(&handler, &as_other(unknown)).await);
        }
    }
}

#[tokio::test]
async fn the_list_and_totals_of_another_customer_get_403_even_if_empty() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 5).await;
    ledger.total(&order_id).await;
    let handler = ledger.handler(AuthMode::Jwt);
    let as_other = |call: Call| call.token_of("customer-2002", "openid orders:read").gateway_request_id("gateway-a");
    for of in [list_orders, get_totals] {
        let full = ask(&handler, &as_other(of("customer-1001"))).await;
        assert_eq!(full.problem(), (403, "forbidden".to_owned()));
        assert_eq!(full, ask(&handler, &as_other(of("customer-9"))).await);
    }
}

#[tokio::test]
async fn a_token_that_is_not_for_reading_gets_no_further() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let handler = ledger.handler(AuthMode::Jwt);
    let others = [list_orders("customer-1001"), get_totals("customer-1001"), Call::to("GET /openapi.json", &[])];
    let faulty = [get_order(&order_id).query("version=x"), list_events(&order_id).query("cursor=x")];
    for call in every_query_of(&order_id).into_iter().chain(others).chain(faulty) {
        let reply = ask(&handler, &call.token_of("customer-1001", "openid orders:place orders:cancel")).await;
        assert_eq!(reply.problem(), (403, "insufficient_scope".to_owned()));
        let challenge = r#"Bearer error="insufficient_scope", scope="orders:read orders:read-all""#;
        assert_eq!(reply.header("www-authenticate"), Some(challenge));
    }
}

#[tokio::test]
async fn a_cursor_is_of_one_customers_list() {
    let ledger = Ledger::empty().await;
    for key in ["key-1", "key-2"] {
        let order_id = ledger.place("customer-1001", key).await;
        ledger.project(&order_id, 1).await;
    }
    let handler = ledger.handler(AuthMode::Jwt);
    let own = list_orders("customer-1001").query("limit=1").token_of("customer-1001", "orders:read");
    let cursor = ask(&handler, &own).await.json()["nextCursor"].as_str().unwrap().to_owned();
    let of = |customer: &str| list_orders(customer).query(&format!("limit=1&cursor={cursor}"));
    let next = ask(&handler, &of("customer-1001").token_of("customer-1001", "orders:read")).await;
    assert_eq!((next.status, next.json()["items"].as_array().unwrap().len()), (200, 1));
    let own_list = ask(&handler, &of("customer-2002").token_of("customer-2002", "orders:read")).await;
    assert_eq!(own_list.problem(), (400, "invalid_request".to_owned()));
    let their_list = ask(&handler, &of("customer-1001").token_of("customer-2002", "orders:read")).await;
    assert_eq!(their_list.problem(), (403, "forbidden".to_owned()));
}

#[tokio::test]
async fn the_admin_scope_and_a_signature_open_every_order() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for call in
        [get_order(&order_id), list_events(&order_id), list_orders("customer-1001"), get_totals("customer-1001")]
    {
        let admin = call.clone().token_of("agent-7", "openid orders:admin");
        assert_eq!(ask(&ledger.handler(AuthMode::Jwt), &admin).await.status, 200);
        let signed = call.signed_by("arn:aws:iam::123456789012:user/one");
        assert_eq!(ask(&ledger.handler(AuthMode::Iam), &signed).await.status, 200);
    }
}
