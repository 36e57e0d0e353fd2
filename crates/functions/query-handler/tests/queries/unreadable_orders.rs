//! An order with a commit that this release cannot read: its trail up to that commit, and the queries that still succeed.

use event_store::{Aggregate, CodecError, EncodedEvent, EventPosition, EventStore, Loaded, Tags, Timestamp, UpTo};
use http_api::AuthMode;
use order_aggregate::Orders;
use order_domain::{Event, Order};
use serde_json::{Value, json};
use test_support::gateway::{Call, Reply};

use crate::given::{Ledger, ask, clock, get_order, list_events};

/// A release that stores its events under names that this release does not know.
struct LaterOrders;

impl Aggregate for LaterOrders {
    type State = Order;
    type Event = Event;
    // The schema number differs from this release's, so its snapshots cannot be used here.
    const STATE_SCHEMA: u32 = Orders::STATE_SCHEMA + 1_000;
    const TAGS: &'static [&'static str] = Orders::TAGS;

    fn evolve(order: Order, event: &Event, at: EventPosition) -> Order {
        Orders::evolve(order, event, at)
    }

    fn tags(first: &Order, recorded_at: Timestamp) -> Tags {
        Orders::tags(first, recorded_at)
    }

    fn encode(event: &Event) -> Result<EncodedEvent, CodecError> {
        Ok(EncodedEvent { event_type: "PaymentForwarded".to_owned(), ..Orders::encode(event)? })
    }

    fn decode(event: EncodedEvent) -> Result<Event, CodecError> {
        Orders::decode(event)
    }
}

/// Creates an order of `customer-1001` with five readable versions and an unreadable sixth.
async fn unreadable_at_version_6() -> (Ledger, String) {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let loaded: Loaded<LaterOrders> = ledger.events.load(&order_id, UpTo::Head).await.unwrap();
    let newest = loaded.newest().unwrap();
    let later = loaded.next(&newest.request, vec![newest.events[0].event.clone()], clock());
    ledger.events.append(&later).await.unwrap();
    (ledger, order_id)
}

fn versions(reply: &Reply) -> Vec<u64> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["items"].as_array().unwrap().iter().map(|event| event["version"].as_u64().unwrap()).collect()
}

/// Returns every page of a trail, and the reply of the last or rejected one.
async fn pages(ledger: &Ledger, mode: AuthMode, call: impl Fn() -> Call, limit: u32) -> (Vec<Vec<u64>>, Reply) {
    let handler = ledger.handler(mode);
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = ask(&handler, &call().query(&format!("limit={limit}{cursor}"))).await;
        if reply.status != 200 {
            return (pages, reply);
        }
        pages.push(versions(&reply));
        match reply.json()["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (pages, reply),
        }
    }
}

#[tokio::test]
async fn a_trail_shows_what_precedes_an_unreadable_commit_and_then_names_it() {
    let (ledger, order_id) = unreadable_at_version_6().await;
    let expected: [(u32, Vec<Vec<u64>>); 5] = [
        (1, (1..=5).map(|version| vec![version]).collect()),
        (2, vec![vec![1, 2], vec![3, 4], vec![5]]),
        (5, vec![vec![1, 2, 3, 4, 5]]),
        (6, vec![vec![1, 2, 3, 4, 5]]),
        (100, vec![vec![1, 2, 3, 4, 5]]),
    ];
    for (limit, shown) in expected {
        let (pages, last) = pages(&ledger, AuthMode::None, || list_events(&order_id), limit).await;
        assert_eq!(pages, shown, "limit {limit}");
        assert_eq!(last.problem(), (500, "order_unreadable".to_owned()), "limit {limit}");
        assert_eq!(last.json()["version"], 6);
        assert!(!last.body.contains("PaymentForwarded"), "{}", last.body);
    }
}

/// An unreadable commit does not show the order's owner. The first commit does, and other customers must not learn that the
/// order exists.
#[tokio::test]
async fn an_owner_sees_the_same_pages_and_the_problem_and_others_404() {
    let (ledger, order_id) = unreadable_at_version_6().await;
    let call = || list_events(&order_id).token_of("customer-1001", "orders:read");
    let (shown, last) = pages(&ledger, AuthMode::Jwt, call, 2).await;
    assert_eq!(shown, [vec![1, 2], vec![3, 4], vec![5]]);
    assert_eq!(last.problem(), (500, "order_unreadable".to_owned()));
    // A position from an earlier page reveals nothing to another customer.
    let forged = format!("cursor={}", http_api::cursor::encode("events", &[&order_id], "5"));
    let stranger = list_events(&order_id).token_of("customer-2", "orders:read").query(&forged);
    assert_eq!(ask(&ledger.handler(AuthMode::Jwt), &stranger).await.problem(), (404, "order_not_found".to_owned()));
    let call = || list_events(&order_id).token_of("customer-2", "orders:read");
    let (shown, last) = pages(&ledger, AuthMode::Jwt, call, 2).await;
    assert_eq!((shown, last.problem()), (vec![], (404, "order_not_found".to_owned())));
}

#[tokio::test]
async fn past_versions_are_shown_and_the_newest_is_500_order_unreadable() {
    let (ledger, order_id) = unreadable_at_version_6().await;
    let fifth = ledger.events_of(&order_id, 5).await[4].recorded_at;
    for (query, version) in [("version=3", 3), ("version=5", 5), (&format!("asOf={fifth}"), 5)] {
        let reply = ledger.ask(&get_order(&order_id).query(query)).await;
        assert_eq!((reply.status, &reply.json()["version"]), (200, &json!(version)), "{query}");
    }
    for query in ["", "version=6", "minVersion=6", "asOf=2100-01-01T00:00:00Z"] {
        let reply = ledger.ask(&get_order(&order_id).query(query)).await;
        assert_eq!(reply.problem(), (500, "order_unreadable".to_owned()), "{query}");
        assert_eq!(reply.json()["version"], 6, "{query}");
    }
    let customers = get_order(&order_id).query("version=6").token_of("customer-1001", "orders:read");
    let reply = ask(&ledger.handler(AuthMode::Jwt), &customers).await;
    assert_eq!(reply.problem(), (404, "order_not_found".to_owned()));
}

#[tokio::test]
async fn a_command_on_it_is_500_order_unreadable() {
    let (ledger, order_id) = unreadable_at_version_6().await;
    let call = Call::to("POST /orders/{orderId}/payments", &[("orderId", &order_id)]);
    let reply = ledger.command(&call.body(&json!({ "paymentId": "payment-9", "amount": 1 }))).await;
    assert_eq!(reply.problem(), (500, "order_unreadable".to_owned()));
    assert_eq!(reply.json().get("version"), Some(&Value::from(6)));
}
