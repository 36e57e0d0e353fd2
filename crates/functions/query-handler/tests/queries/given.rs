//! Orders that were placed through the command handler, and a query handler to ask about them. Events and summaries are in
//! memory; totals and what is parked are in the real tables.

use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use command_handler::CommandHandler;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use event_store::{Delivered, EventStore, InMemoryEventStore, Timestamp};
use http_api::{AuthMode, QuoteVerifier};
use order_aggregate::{OrderCommit, Orders};
use parked_orders::{Consumer, ParkRequest, ParkedOrderTable};
use query_handler::QueryHandler;
use read_models::{
    CustomerTotals, DynamoTotals, Engine, OrderSummaries, OrderSummaryByCustomer, SummedRows, Totals, projection,
};
use sam_template::Template;
use serde_json::{Value, json};
use signed_quotes::{DEMO_AUDIENCE, QuoteSigner};
use test_support::gateway::{Call, Reply};

use crate::rows::Rows;

pub(crate) const SUMMARY_CONSUMER: Consumer = Consumer::new("OrderSummaryByCustomer");
pub(crate) const TOTALS_CONSUMER: Consumer = Consumer::new("CustomerTotals");

/// A clock that moves on by a second each time somebody looks.
pub(crate) fn clock() -> Timestamp {
    static NOW: AtomicI64 = AtomicI64::new(1_795_253_400_000);
    Timestamp::from_epoch_ms(NOW.fetch_add(1000, Ordering::Relaxed)).unwrap()
}

pub(crate) async fn ask<S, R, T>(handler: &QueryHandler<S, R, T>, call: &Call) -> Reply
where
    S: EventStore<Orders>,
    R: OrderSummaries,
    T: Totals,
{
    let Ok(response) = handler.handle(call.request()).await;
    Reply::of(response)
}

/// An empty database with the project's tables.
pub(crate) async fn database() -> EmbeddedDynamoDb {
    let database = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    database.create_tables(&Template::of_this_project().unwrap()).unwrap();
    database
}

/// The notes on what is parked.
pub(crate) fn parked(database: &EmbeddedDynamoDb) -> ParkedOrderTable {
    ParkedOrderTable::new(database.client(), "ParkedOrders")
}

/// The totals.
pub(crate) fn totals(database: &EmbeddedDynamoDb) -> DynamoTotals {
    DynamoTotals::new(database.client(), "CustomerTotals")
}

/// Events, and as many rows as a test has made of them.
pub(crate) struct Ledger {
    pub(crate) events: InMemoryEventStore,
    pub(crate) rows: Rows,
    pub(crate) database: EmbeddedDynamoDb,
}

/// Quotes by the demo key.
pub(crate) fn demo_quotes() -> QuoteVerifier {
    let keys = QuoteSigner::key_set([&QuoteSigner::demo().unwrap()]);
    QuoteVerifier::parse(&keys.to_string(), DEMO_AUDIENCE).unwrap()
}

impl Ledger {
    /// A ledger without orders.
    pub(crate) async fn empty() -> Self {
        Self { events: InMemoryEventStore::default(), rows: Rows::default(), database: database().await }
    }

    /// A ledger with one order of `customer-1001` that has come to version 5: placed, paid in two parts, shipped,
    /// delivered. No row was made yet.
    pub(crate) async fn with_an_order() -> (Self, String) {
        let ledger = Self::empty().await;
        let order_id = ledger.place("customer-1001", "key-1").await;
        let on = |route: &str, body: Value| Call::to(route, &[("orderId", &order_id)]).body(&body);
        let payment = |id: &str| json!({ "paymentId": id, "amount": 1000 });
        let items = json!([{ "sku": "MUG-WHITE", "quantity": 2 }]);
        let calls = [
            on("POST /orders/{orderId}/payments", payment("payment-1")).header("x-correlation-id", "checkout-7"),
            on("POST /orders/{orderId}/payments", payment("payment-2")),
            on("POST /orders/{orderId}/shipments", json!({ "shipmentId": "shipment-1", "items": items })),
            Call::to(
                "POST /orders/{orderId}/shipments/{shipmentId}/delivery",
                &[("orderId", &order_id), ("shipmentId", "shipment-1")],
            ),
        ];
        for call in calls {
            let reply = ledger.command(&call).await;
            assert_eq!(reply.status, 201, "{}", reply.body);
        }
        (ledger, order_id)
    }

    pub(crate) async fn command(&self, call: &Call) -> Reply {
        let handler = CommandHandler::new(self.events.clone(), AuthMode::None, demo_quotes(), clock);
        let Ok(response) = handler.handle(call.request()).await;
        Reply::of(response)
    }

    /// A new order of a customer's from a quote under this id.
    pub(crate) fn place_quoted(customer_id: &str, quote_id: &str) -> Call {
        let mut claims = Self::order_body(customer_id);
        let envelope = json!({ "aud": DEMO_AUDIENCE, "exp": 4_102_444_800_u64, "jti": quote_id });
        claims.as_object_mut().unwrap().extend(envelope.as_object().unwrap().clone());
        let quote = QuoteSigner::demo().unwrap().sign(&claims);
        Call::to("POST /orders", &[]).body(&json!({ "quote": quote }))
    }

    /// A command of a customer, by token.
    pub(crate) async fn command_as(&self, customer_id: &str, call: &Call) -> Reply {
        let handler = CommandHandler::new(self.events.clone(), AuthMode::Jwt, demo_quotes(), clock);
        let Ok(response) = handler.handle(call.clone().token_of(customer_id, "orders:place").request()).await;
        Reply::of(response)
    }

    /// An order of two mugs, 2000 in all.
    pub(crate) fn order_body(customer_id: &str) -> Value {
        let items = json!([{ "sku": "MUG-WHITE", "name": "Mug, white", "quantity": 2, "unitPrice": 1000 }]);
        json!({ "customerId": customer_id, "currency": "EUR", "items": items })
    }

    /// Places an order of two mugs, 2000 in all.
    pub(crate) async fn place(&self, customer_id: &str, key: &str) -> String {
        let body = Self::order_body(customer_id);
        let reply = self.command(&Call::to("POST /orders", &[]).body(&body).key(key)).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.json()["orderId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn commits(&self, order_id: &str) -> Vec<OrderCommit> {
        EventStore::<Orders>::commits(&self.events, order_id, 0, None).await.unwrap()
    }

    /// The commits of an order up to a version, where it has more that cannot be read.
    pub(crate) async fn events_of(&self, order_id: &str, versions: usize) -> Vec<OrderCommit> {
        EventStore::<Orders>::commits(&self.events, order_id, 0, Some(versions)).await.unwrap()
    }

    /// Brings an order's row to that version.
    pub(crate) async fn project(&self, order_id: &str, version: usize) {
        let commits = self.commits(order_id).await;
        let row = commits[..version]
            .iter()
            .zip(0..)
            .try_fold(None, |row, (commit, version)| projection::fold::<OrderSummaryByCustomer>(row, version, commit));
        self.rows.put(row.unwrap().unwrap());
    }

    /// Adds an order to its customer's totals, as it is now.
    pub(crate) async fn total(&self, order_id: &str) {
        let rows = SummedRows::new(self.database.client(), "CustomerTotals");
        let engine: Engine<CustomerTotals, _, _> = Engine::new(self.events.clone(), rows);
        let commits = self.commits(order_id).await.into_iter();
        let entries = commits.map(|commit| Delivered { id: commit.version.to_string(), record: Ok(commit) });
        assert!(engine.project(entries.collect(), None).await.failed.is_empty());
    }

    /// Has a projection park an order, at that version.
    pub(crate) async fn park(&self, consumer: &Consumer, customer_id: &str, order_id: &str, version: u64) {
        self.park_up_to(version, consumer, customer_id, order_id, version).await;
    }

    /// The same, where versions up to `held_up_to` wait.
    pub(crate) async fn park_up_to(
        &self,
        held_up_to: u64,
        consumer: &Consumer,
        customer_id: &str,
        order_id: &str,
        version: u64,
    ) {
        let parking = ParkRequest {
            aggregate_id: order_id.to_owned(),
            customer_id: Some(customer_id.to_owned()),
            version,
            held_up_to,
            reason: "secret: the fold panicked".to_owned(),
        };
        parked(&self.database).park(consumer, &parking).await.unwrap();
    }

    /// Puts a note on an order that no release of ours wrote.
    pub(crate) async fn note_none_of_ours(&self, consumer: &Consumer, customer_id: &str, order_id: &str) {
        let string = |text: &str| AttributeValue::S(text.to_owned());
        let put = self.database.client().put_item().table_name("ParkedOrders");
        let put = put.item("consumer", string(consumer.as_str())).item("aggregateId", string(order_id));
        let put = put.item("customerId", string(customer_id)).item("version", string("first"));
        put.send().await.unwrap();
    }

    pub(crate) fn handler(&self, auth_mode: AuthMode) -> QueryHandler<InMemoryEventStore, Rows, DynamoTotals> {
        self.handler_on(self.events.clone(), self.rows.clone(), auth_mode)
    }

    /// A handler that reads other events or rows than the ledger's.
    pub(crate) fn handler_on<S: EventStore<Orders>, R: OrderSummaries>(
        &self,
        events: S,
        rows: R,
        auth_mode: AuthMode,
    ) -> QueryHandler<S, R, DynamoTotals> {
        QueryHandler::new(events, rows, totals(&self.database), parked(&self.database), auth_mode)
    }

    /// Asks as anybody.
    pub(crate) async fn ask(&self, call: &Call) -> Reply {
        ask(&self.handler(AuthMode::None), call).await
    }
}

pub(crate) fn get_order(order_id: &str) -> Call {
    Call::to("GET /orders/{orderId}", &[("orderId", order_id)])
}

pub(crate) fn list_events(order_id: &str) -> Call {
    Call::to("GET /orders/{orderId}/events", &[("orderId", order_id)])
}

pub(crate) fn list_orders(customer_id: &str) -> Call {
    Call::to("GET /customers/{customerId}/orders", &[("customerId", customer_id)])
}

pub(crate) fn get_totals(customer_id: &str) -> Call {
    Call::to("GET /customers/{customerId}/totals", &[("customerId", customer_id)])
}
