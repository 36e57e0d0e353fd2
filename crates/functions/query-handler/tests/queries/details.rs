//! One order with its payments, refunds, shipments and returns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use event_store::{Appended, Commit, CommitPage, EventStore, Loaded, NewCommit, StoreError, UpTo};
use http_api::AuthMode;
use order_aggregate::Orders;
use order_domain::Event;
use order_domain::event::{ItemQuantity, ItemShipped};
use order_domain::values::{Quantity, ShipmentId, Sku};
use serde_json::{Value, json};
use test_support::gateway::Call;

use crate::given::{Ledger, ask, get_order};
use crate::rows::Rows;

/// Creates an order with every kind of event: two shipments, one of which arrived, and a payment that was corrected and
/// refunded.
async fn with_a_long_story() -> (Ledger, String) {
    let ledger = Ledger::empty().await;
    let order_id = ledger.place("customer-1001", "key-1").await;
    let items = json!([{ "sku": "MUG-WHITE", "quantity": 1 }]);
    let shipment = json!({
        "shipmentId": "s-1", "items": items, "carrier": "DHL \"Express\"", "trackingNumber": "JD0146",
    });
    let commands = [
        ("POST /orders/{orderId}/payments", json!({ "paymentId": "p-1", "amount": 1500, "method": "card" })),
        ("POST /orders/{orderId}/payments", json!({ "paymentId": "p-2", "amount": 1000 })),
        (
            "POST /orders/{orderId}/payments/{paymentId}/corrections",
            json!({ "correctionId": "c-1", "amount": 1050, "reason": "mistyped" }),
        ),
        ("POST /orders/{orderId}/shipments", shipment),
        ("POST /orders/{orderId}/shipments/{shipmentId}/delivery", Value::Null),
        ("POST /orders/{orderId}/shipments", json!({ "shipmentId": "s-2", "items": items })),
        ("POST /orders/{orderId}/returns", json!({ "returnId": "b-1", "items": items, "reason": "chipped" })),
        (
            "POST /orders/{orderId}/refunds",
            json!({ "refundId": "r-1", "paymentId": "p-1", "amount": 50, "reason": "chipped", "reasonCode": "damaged" }),
        ),
        ("POST /orders/{orderId}/refunds", json!({ "refundId": "r-2", "paymentId": "p-1", "amount": 25 })),
    ];
    for (route, body) in commands {
        let call = Call::to(route, &[("orderId", &order_id), ("paymentId", "p-1"), ("shipmentId", "s-1")]);
        let reply = ledger.command(&if body.is_null() { call } else { call.body(&body) }).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
    }
    (ledger, order_id)
}

const LISTS: [&str; 5] = ["payments", "refunds", "shipments", "returns", "cancellations"];

#[tokio::test]
async fn the_details_of_an_order_are_what_its_events_say() {
    let (ledger, order_id) = with_a_long_story().await;
    let at: Vec<_> = ledger.commits(&order_id).await.iter().map(|commit| commit.recorded_at.to_string()).collect();
    let reply = ledger.ask(&get_order(&order_id).query("include=details")).await;
    assert_eq!((reply.status, reply.header("etag")), (200, Some("\"10\"")), "{}", reply.body);
    let order = reply.json();
    let items = json!([{ "sku": "MUG-WHITE", "quantity": 1 }]);
    let wanted = json!({
        "payments": [
            {
                "paymentId": "p-1", "amount": 1050, "amountReceived": 1500, "amountRefunded": 75, "method": "card",
                "receivedAt": at[1],
            },
            { "paymentId": "p-2", "amount": 1000, "amountReceived": 1000, "amountRefunded": 0, "receivedAt": at[2] },
        ],
        "refunds": [
            {
                "refundId": "r-1", "paymentId": "p-1", "amount": 50, "reduction": 0, "reason": "chipped",
                "reasonCode": "damaged", "refundedAt": at[8],
            },
            { "refundId": "r-2", "paymentId": "p-1", "amount": 25, "reduction": 25, "refundedAt": at[9] },
        ],
        "shipments": [
            {
                "shipmentId": "s-1", "items": items, "carrier": "DHL \"Express\"", "trackingNumber": "JD0146",
                "shippedAt": at[4], "delivered": true, "deliveredAt": at[5],
            },
            { "shipmentId": "s-2", "items": items, "shippedAt": at[6], "delivered": false },
        ],
        "returns": [{ "returnId": "b-1", "items": items, "reason": "chipped", "returnedAt": at[7] }],
        "cancellations": [],
    });
    for list in LISTS {
        assert_eq!(order[list], wanted[list], "{list}");
    }
}

/// The whole reply has one version, although the row has another.
#[tokio::test]
async fn the_details_agree_with_the_summary_at_every_version() {
    let (ledger, order_id) = with_a_long_story().await;
    ledger.project(&order_id, 3).await;
    let commits = ledger.commits(&order_id).await;
    let views = commits.iter().flat_map(|commit| {
        [
            (commit.version, format!("version={}", commit.version)),
            (commit.version, format!("asOf={}", commit.recorded_at)),
        ]
    });
    let current = ["", "minVersion=10", "consistent=true"].map(|view| (10, view.to_owned()));
    for (version, view) in views.chain(current) {
        let without = if view.is_empty() { "consistent=true" } else { &view };
        let without = ledger.ask(&get_order(&order_id).query(without)).await;
        let with = ledger.ask(&get_order(&order_id).query(&format!("{view}&include=details"))).await;
        assert_eq!((with.status, with.header("etag")), (200, without.header("etag")), "{view}");
        let mut order = with.json();
        assert_eq!(order["version"], version, "{view}");
        let sum = |list: &str, amount: &str| {
            order[list].as_array().unwrap().iter().map(|entry| entry[amount].as_u64().unwrap()).sum::<u64>()
        };
        assert_eq!(order["amountPaid"], sum("payments", "amount"), "{view}");
        assert_eq!(order["amountRefunded"], sum("payments", "amountRefunded"), "{view}");
        assert_eq!(order["amountRefunded"], sum("refunds", "amount"), "{view}");
        assert_eq!(order["shipments"].as_array().unwrap().len(), usize::from(version >= 5) + usize::from(version >= 7));
        assert!(LISTS.iter().all(|list| order.as_object_mut().unwrap().remove(*list).is_some()));
        assert_eq!(order, without.json(), "{view}");
    }
}

#[tokio::test]
async fn a_point_that_the_order_has_not_reached_has_no_details() {
    let (ledger, order_id) = with_a_long_story().await;
    for view in ["minVersion=11", "version=11", "asOf=2000-01-01T00:00:00Z", "asOf=0001-01-01T00:00:00Z"] {
        let without = ledger.ask(&get_order(&order_id).query(view)).await;
        let with = ledger.ask(&get_order(&order_id).query(&format!("{view}&include=details"))).await;
        assert_eq!(with.problem(), without.problem(), "{view}");
    }
}

#[tokio::test]
async fn an_order_without_details_lists_none_of_any_kind() {
    let ledger = Ledger::empty().await;
    let order_id = ledger.place("customer-1001", "key-1").await;
    let order = ledger.ask(&get_order(&order_id).query("include=details")).await.json();
    assert!(LISTS.iter().all(|list| order[list] == json!([])), "{order}");
    let plain = ledger.ask(&get_order(&order_id)).await.json();
    assert!(LISTS.iter().all(|list| plain.get(list).is_none()), "{plain}");
}

/// An order with this number of shipments of 100 lines each, after its first commit.
#[derive(Clone)]
struct ManyShipments {
    first: Commit<Event>,
    shipments: u64,
    read: Arc<AtomicU64>,
}

impl EventStore<Orders> for ManyShipments {
    async fn append(&self, _: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        unreachable!("a query writes nothing")
    }

    async fn load(&self, _: &str, _: UpTo) -> Result<Loaded<Orders>, StoreError> {
        unreachable!("only commits are read")
    }

    async fn commits(&self, _: &str, after: u64, limit: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        let line = |number: usize| ItemQuantity {
            sku: Sku::parse(&format!("{number:0>64}")).unwrap(),
            quantity: Quantity::new(1).unwrap(),
        };
        let items: Vec<_> = (0..100).map(line).collect();
        let versions = (1..=self.shipments + 1).filter(|version| *version > after).take(limit.unwrap());
        let commits = versions.map(|version| {
            let mut commit = Commit { version, ..self.first.clone() };
            if version > 1 {
                commit.events[0].event = Event::ItemShipped(ItemShipped {
                    shipment_id: ShipmentId::parse(&format!("s-{version}")).unwrap(),
                    items: items.clone(),
                    carrier: None,
                    tracking_number: None,
                });
            }
            commit
        });
        let commits: Vec<_> = commits.collect();
        self.read.fetch_add(commits.len() as u64, Ordering::Relaxed);
        Ok(commits)
    }

    async fn page(&self, _: &str, _: u64, _: usize) -> Result<CommitPage<Event>, StoreError> {
        unreachable!("only commits are read")
    }
}

#[tokio::test]
async fn details_beyond_one_reply_are_a_422_and_not_read_to_the_end() {
    let ledger = Ledger::empty().await;
    let order_id = ledger.place("customer-1001", "key-1").await;
    let first = ledger.commits(&order_id).await.remove(0);
    for (shipments, status, read) in [(650, 200, 651), (1_000, 422, 800), (1_000_000, 422, 800)] {
        let events = ManyShipments { first: first.clone(), shipments, read: Arc::default() };
        let handler = ledger.handler_on(events.clone(), Rows::default(), AuthMode::None);
        let reply = ask(&handler, &get_order(&order_id).query("include=details")).await;
        assert_eq!(reply.status, status, "{shipments}");
        assert_eq!(events.read.load(Ordering::Relaxed), read, "{shipments}");
        // Lambda counts the body as a JSON string in the function's response.
        let bytes = Value::String(reply.body.clone()).to_string().len();
        assert!(bytes < http_api::replies::size::MAX_RESPONSE, "{bytes}");
        if status == 422 {
            assert_eq!(reply.problem(), (422, "details_too_large".to_owned()));
        } else {
            assert!(bytes > 5_000_000, "{bytes}");
        }
    }
}

/// The source of the prices is a detail too. An order with prices from a trusted caller has no such detail.
#[tokio::test]
async fn details_name_the_quote_of_an_order() {
    let ledger = Ledger::empty().await;
    let placed = ledger.command(&Ledger::place_quoted("customer-1001", "quote-1")).await;
    let quoted = placed.json()["orderId"].as_str().unwrap().to_owned();
    let priced = ledger.place("customer-1001", "key-1").await;
    let quote_of = async |order_id: &str| {
        ledger.ask(&get_order(order_id).query("include=details")).await.json().get("quote").cloned()
    };
    assert_eq!(quote_of(&quoted).await, Some(json!({ "quoteId": "quote-1", "kid": "demo" })));
    assert_eq!(quote_of(&priced).await, None);
}
