//! Orders that were placed through the command handler, and a query handler for them. Events and summaries are in memory;
//! totals and notes on parked orders are in the real tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use command_handler::CommandHandler;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use event_store::{Delivered, EventStore, InMemoryEventStore, Timestamp};
use http_api::{AuthMode, QuoteVerifier};
use order_aggregate::{OrderCommit, Orders};
use parked_orders::{Consumer, ParkRequest, ParkedOrderTable};
use query_handler::{QueryHandler, Readers};
use read_models::{
    CustomerTotals, DynamoOpenOrders, DynamoTotals, Engine, OrderSummaries, OrderSummaryByCustomer, SummedRows,
    projection,
};
use sam_template::Template;
use serde_json::{Value, json};
use signed_quotes::{DEMO_AUDIENCE, QuoteSigner};
use test_support::gateway::{Call, Reply};

use crate::rows::Rows;

pub(crate) const SUMMARY_CONSUMER: Consumer = Consumer::new("OrderSummaryByCustomer");
pub(crate) const TOTALS_CONSUMER: Consumer = Consumer::new("CustomerTotals");

/// A clock that advances by a second with each reading.
pub(crate) fn clock() -> Timestamp {
    static NOW: AtomicI64 = AtomicI64::new(1_795_253_400_000);
    Timestamp::from_epoch_ms(NOW.fetch_add(1000, Ordering::Relaxed)).unwrap()
}

pub(crate) async fn ask<S: EventStore<Orders>>(handler: &QueryHandler<S>, call: &Call) -> Reply {
    let Ok(response) = handler.handle(call.request()).await;
    Reply::of(response)
}

/// Creates an empty database with the project's tables.
pub(crate) async fn database() -> EmbeddedDynamoDb {
    let database = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    database.create_tables(&Template::of_this_project().unwrap()).unwrap();
    database
}

/// Returns the notes on parked orders.
pub(crate) fn parked(database: &EmbeddedDynamoDb) -> ParkedOrderTable {
    ParkedOrderTable::new(database.client(), "ParkedOrders")
}

/// Returns the reads of these summaries, and of the totals and the open orders in their tables.
pub(crate) fn readers(client: &Client, summaries: impl OrderSummaries + 'static) -> Readers {
    Readers {
        summaries: Arc::new(summaries),
        totals: Some(Arc::new(DynamoTotals::new(client.clone(), "CustomerTotals"))),
        open_orders: Some(Arc::new(DynamoOpenOrders::new(client.clone(), "OrdersByStatus"))),
    }
}

/// Events, and the rows that a test has made of them.
pub(crate) struct Ledger {
    pub(crate) events: InMemoryEventStore,
    pub(crate) rows: Rows,
    pub(crate) database: EmbeddedDynamoDb,
}

/// Returns a verifier of quotes with the demo key.
pub(crate) fn demo_quotes() -> QuoteVerifier {
    let keys = QuoteSigner::key_set([&QuoteSigner::demo().unwrap()]);
    QuoteVerifier::parse(&keys.to_string(), DEMO_AUDIENCE).unwrap()
}

impl Ledger {
    /// Creates a ledger without orders.
    pub(crate) async fn empty() -> Self {
        Self { events: InMemoryEventStore::default(), rows: Rows::default(), database: database().await }
    }

    /// Creates a ledger with one order of `customer-1001` at version 5: placed, paid in two parts, shipped, delivered. It
    /// has no row yet.
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

    /// Returns a new order of a customer from a quote with this id.
    pub(crate) fn place_quoted(customer_id: &str, quote_id: &str) -> Call {
        let mut claims = Self::order_body(customer_id);
        let envelope = json!({ "aud": DEMO_AUDIENCE, "exp": 4_102_444_800_u64, "jti": quote_id });
        claims.as_object_mut().unwrap().extend(envelope.as_object().unwrap().clone());
        let quote = QuoteSigner::demo().unwrap().sign(&claims);
        Call::to("POST /orders", &[]).body(&json!({ "quote": quote }))
    }

    /// Sends a command of a customer, with a token.
    pub(crate) async fn command_as(&self, customer_id: &str, call: &Call) -> Reply {
        let handler = CommandHandler::new(self.events.clone(), AuthMode::Jwt, demo_quotes(), clock);
        let Ok(response) = handler.handle(call.clone().token_of(customer_id, "orders:place").request()).await;
        Reply::of(response)
    }

    /// Returns an order of two mugs with a total of 2000.
    pub(crate) fn order_body(customer_id: &str) -> Value {
        let items = json!([{ "sku": "MUG-WHITE", "name": "Mug, white", "quantity": 2, "unitPrice": 1000 }]);
        json!({ "customerId": customer_id, "currency": "EUR", "items": items })
    }

    /// Places an order of two mugs with a total of 2000.
    pub(crate) async fn place(&self, customer_id: &str, key: &str) -> String {
        let body = Self::order_body(customer_id);
        let reply = self.command(&Call::to("POST /orders", &[]).body(&body).key(key)).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.json()["orderId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn commits(&self, order_id: &str) -> Vec<OrderCommit> {
        EventStore::<Orders>::commits(&self.events, order_id, 0, None).await.unwrap()
    }

    /// Returns the commits of an order up to a version. Later commits may be unreadable.
    pub(crate) async fn events_of(&self, order_id: &str, versions: usize) -> Vec<OrderCommit> {
        EventStore::<Orders>::commits(&self.events, order_id, 0, Some(versions)).await.unwrap()
    }

    /// Updates an order's row to that version.
    pub(crate) async fn project(&self, order_id: &str, version: usize) {
        let commits = self.commits(order_id).await;
        let row = commits[..version]
            .iter()
            .zip(0..)
            .try_fold(None, |row, (commit, version)| projection::fold::<OrderSummaryByCustomer>(row, version, commit));
        self.rows.put(row.unwrap().unwrap());
    }

    /// Adds an order to its customer's totals, in its current state.
    pub(crate) async fn total(&self, order_id: &str) {
        let rows = SummedRows::new(self.database.client(), "CustomerTotals");
        let engine: Engine<CustomerTotals, _, _> = Engine::new(self.events.clone(), rows);
        let commits = self.commits(order_id).await.into_iter();
        let entries = commits.map(|commit| Delivered { id: commit.version.to_string(), record: Ok(commit) });
        assert!(engine.project(entries.collect(), None).await.failed.is_empty());
    }

    /// Parks an order for a projection, at that version.
    pub(crate) async fn park(&self, consumer: &Consumer, customer_id: &str, order_id: &str, version: u64) {
        self.park_up_to(version, consumer, customer_id, order_id, version).await;
    }

    /// Parks an order for a projection, with versions up to `held_up_to` waiting.
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

    /// Writes a note on an order in a form that no release writes.
    pub(crate) async fn put_unreadable_note(&self, consumer: &Consumer, customer_id: &str, order_id: &str) {
        let string = |text: &str| AttributeValue::S(text.to_owned());
        let put = self.database.client().put_item().table_name("ParkedOrders");
        let put = put.item("consumer", string(consumer.as_str())).item("aggregateId", string(order_id));
        let put = put.item("customerId", string(customer_id)).item("version", string("first"));
        put.send().await.unwrap();
    }

    pub(crate) fn handler(&self, auth_mode: AuthMode) -> QueryHandler<InMemoryEventStore> {
        self.handler_on(self.events.clone(), self.rows.clone(), auth_mode)
    }

    /// Creates a handler that reads other events or rows than the ledger's.
    pub(crate) fn handler_on<S: EventStore<Orders>>(
        &self,
        events: S,
        rows: impl OrderSummaries + 'static,
        auth_mode: AuthMode,
    ) -> QueryHandler<S> {
        let rows = readers(&self.database.client(), rows);
        QueryHandler::new(events, rows, parked(&self.database), auth_mode)
    }

    /// Sends a query without an identity.
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
