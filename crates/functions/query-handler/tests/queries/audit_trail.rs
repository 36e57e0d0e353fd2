//! An order's audit trail.

use http_api::{AuthMode, cursor};
use serde_json::{Value, json};
use test_support::gateway::Call;

use crate::given::{Ledger, ask, list_events};

#[tokio::test]
async fn every_event_is_there_with_who_asked_for_it_when_and_why() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let commits = ledger.commits(&order_id).await;
    let reply = ledger.ask(&list_events(&order_id)).await;
    assert_eq!(reply.status, 200);
    let trail = reply.json();
    let events = trail["items"].as_array().unwrap();
    let types: Vec<_> = events.iter().map(|event| event["eventType"].as_str().unwrap()).collect();
    assert_eq!(types, ["OrderPlaced", "PaymentReceived", "PaymentReceived", "ItemShipped", "ItemDelivered"]);
    assert_eq!(trail.get("nextCursor"), None);
    for (event, commit) in events.iter().zip(&commits) {
        assert_eq!(event["version"], commit.version);
        assert_eq!(event["recordedAt"], commit.recorded_at.to_string());
        assert_eq!(event["requestId"], commit.request.request_id);
        assert_eq!(event["actor"], "anonymous");
    }
    assert_eq!(events[0]["requestId"], "key-1");
    assert_eq!(
        events[1],
        json!({
            "eventId": commits[1].events[0].event_id, "eventType": "PaymentReceived", "version": 2,
            "recordedAt": commits[1].recorded_at.to_string(), "data": { "paymentId": "payment-1", "amount": 1000 },
            "actor": "anonymous", "requestId": commits[1].request.request_id, "correlationId": "checkout-7",
        })
    );
}

/// An `Idempotency-Key` lets any caller repeat the request, and customers must not see the names of staff.
#[tokio::test]
async fn a_customer_sees_the_requests_of_no_one_else() {
    let ledger = Ledger::empty().await;
    let placed = Ledger::place_quoted("customer-1001", "own-quote").header("x-correlation-id", "own-chain");
    let own = ledger.command_as("customer-1001", &placed).await.json()["orderId"].as_str().unwrap().to_owned();
    let paid = json!({ "paymentId": "payment-1", "amount": 1000 });
    let paid = Call::to("POST /orders/{orderId}/payments", &[("orderId", &own)]).body(&paid);
    ledger.command(&paid.key("their-key").header("x-correlation-id", "their-chain")).await;

    let trail = async |subject: &str, scope: &str| {
        let call = list_events(&own).token_of(subject, scope);
        ask(&ledger.handler(AuthMode::Jwt), &call).await.json()["items"].clone()
    };
    let seen = trail("customer-1001", "orders:read").await;
    let who = |event: &Value| {
        ["actor", "requestId", "correlationId", "causationId"].map(|name| event.get(name).cloned().unwrap_or_default())
    };
    assert_eq!(who(&seen[0]), [json!("jwt:customer-1001"), json!("quote:own-quote"), json!("own-chain"), Value::Null]);
    assert_eq!(who(&seen[1]), [json!("staff"), Value::Null, Value::Null, Value::Null]);
    assert_eq!(seen[0]["data"]["quote"], json!({ "quoteId": "own-quote", "kid": "demo" }));
    assert_eq!(seen[1]["data"], json!({ "paymentId": "payment-1", "amount": 1000 }));
    assert!(!seen[1].to_string().contains("their-"), "{seen}");

    let everything = trail("agent-7", "orders:admin").await;
    assert_eq!(who(&everything[0]), who(&seen[0]));
    assert_eq!(who(&everything[1]), [json!("anonymous"), json!("their-key"), json!("their-chain"), Value::Null]);
}

#[tokio::test]
async fn a_request_id_is_not_shown_as_a_correlation_id() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let trail = ledger.ask(&list_events(&order_id)).await.json();
    assert_eq!((&trail["items"][0]["requestId"], trail["items"][0].get("correlationId")), (&json!("key-1"), None));
}

#[tokio::test]
async fn pages_hold_every_event_once() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let (mut versions, mut query, mut sizes) = (Vec::new(), "limit=2".to_owned(), Vec::new());
    loop {
        let page = ledger.ask(&list_events(&order_id).query(&query)).await.json();
        let items = page["items"].as_array().unwrap();
        sizes.push(items.len());
        versions.extend(items.iter().map(|event| event["version"].as_u64().unwrap()));
        let Some(next) = page["nextCursor"].as_str() else { break };
        query = format!("limit=2&cursor={next}");
    }
    assert_eq!((versions, sizes), (vec![1, 2, 3, 4, 5], vec![2, 2, 1]));
    let whole = ledger.ask(&list_events(&order_id).query("limit=5")).await.json();
    assert_eq!(whole.get("nextCursor"), None::<&Value>);
}

#[tokio::test]
async fn an_unknown_order_has_no_trail() {
    let reply = Ledger::empty().await.ask(&list_events("no-such-order")).await;
    assert_eq!(reply.problem(), (404, "order_not_found".to_owned()));
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_order_only() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let page = ledger.ask(&list_events(&order_id).query("limit=1")).await.json();
    let cursor = page["nextCursor"].as_str().unwrap();
    let other = ledger.place("customer-1001", "key-2").await;
    let reply = ledger.ask(&list_events(&other).query(&format!("cursor={cursor}"))).await;
    assert_eq!(reply.problem(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_forged_cursor_is_refused_where_no_version_could_stand() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let ask = async |position: &str| {
        let forged = cursor::encode("events", &[&order_id], position);
        ledger.ask(&list_events(&order_id).query(&format!("cursor={forged}"))).await
    };
    for position in ["", "-1", "1.5", "x", "18446744073709551615", "99999999999999999999999", "9007199254740992"] {
        assert_eq!(ask(position).await.problem(), (400, "invalid_request".to_owned()), "{position}");
    }
    assert_eq!(ask("9007199254740991").await.problem(), (404, "order_not_found".to_owned()));
}
