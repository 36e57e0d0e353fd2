//! An embedded EventBridge, notes in an embedded DynamoDB, and a publisher to them without pauses.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::retry::RetryConfig;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use embedded_eventbridge::{EmbeddedEventBridge, LogLocation};
use lambda_runtime::{Context, LambdaEvent};
use parked_orders::{ParkedOrder, ParkedOrderTable};
use publication::{EventBus, Pauses};
use publisher::Publisher;
use sam_template::Template;
use serde_json::{Value, json};
use stream_consumer::StreamEvent;

pub(crate) const NAME: &str = "OrderBus";
pub(crate) const NOTES: &str = "ParkedOrders";

pub(crate) struct Bus {
    pub(crate) server: EmbeddedEventBridge,
    client: Client,
    /// The database of the notes.
    pub(crate) dynamodb: Arc<EmbeddedDynamoDb>,
}

/// Creates a database without notes.
pub(crate) async fn no_notes() -> Arc<EmbeddedDynamoDb> {
    let server = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    server.create_tables(&Template::of_this_project().unwrap()).unwrap();
    Arc::new(server)
}

impl Bus {
    pub(crate) async fn start() -> Self {
        Self::beside(no_notes().await).await
    }

    /// Creates a bus whose publisher shares its notes with others.
    pub(crate) async fn beside(dynamodb: Arc<EmbeddedDynamoDb>) -> Self {
        let address = "127.0.0.1:0".parse().unwrap();
        let server = EmbeddedEventBridge::start(address, [NAME.to_owned()], LogLocation::Temporary).await.unwrap();
        let retries = RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(1));
        let client = Client::from_conf(server.config().retry_config(retries).build());
        Self { server, client, dynamodb }
    }

    /// Uses the same servers with another client of the bus.
    pub(crate) fn through(self, client: Client) -> Self {
        Self { client, ..self }
    }

    /// Creates a publisher to the bus of that name.
    pub(crate) fn publisher(&self, name: &str) -> Publisher {
        Publisher::new(self.named(name), self.notes())
    }

    /// Returns the notes on parked orders.
    pub(crate) fn notes(&self) -> ParkedOrderTable {
        ParkedOrderTable::new(self.dynamodb.client(), NOTES)
    }

    /// Returns the parked orders, sorted by order.
    pub(crate) async fn parked(&self) -> Vec<ParkedOrder> {
        let page = self.notes().page(None).await.unwrap();
        let mut parked: Vec<ParkedOrder> = page.parked.into_iter().map(Result::unwrap).collect();
        parked.sort_by(|a, b| a.aggregate_id.cmp(&b.aggregate_id));
        parked
    }

    /// Returns the bus of that name, without pauses.
    pub(crate) fn named(&self, name: &str) -> EventBus {
        let none = Pauses { first: Duration::ZERO, longest: Duration::ZERO };
        EventBus::new(self.client.clone(), name).with_pauses(none)
    }

    /// Returns the publisher's reply to a batch, as Lambda receives it.
    pub(crate) async fn answer(&self, records: &[Value]) -> Value {
        self.answer_in(Context::default(), records).await
    }

    /// Returns the reply in a context with a deadline.
    pub(crate) async fn answer_in(&self, context: Context, records: &[Value]) -> Value {
        self.invoke(context, records).await.unwrap()
    }

    /// Returns the result of the invocation: a reply, or the error that fails the whole batch.
    pub(crate) async fn invoke(&self, context: Context, records: &[Value]) -> Result<Value, String> {
        Self::invoke_by(&self.publisher(NAME), context, records).await
    }

    /// Returns the result of an invocation of the given publisher.
    pub(crate) async fn invoke_by(publisher: &Publisher, context: Context, records: &[Value]) -> Result<Value, String> {
        let response = publisher.handle(batch(records, context)).await;
        response.map(|response| serde_json::to_value(response).unwrap()).map_err(|error| error.to_string())
    }

    /// Returns the ids of the events that the bus accepted, in order, with repeats.
    pub(crate) async fn published_ids(&self) -> Vec<String> {
        let id = |event: &Value| event["id"].as_str().unwrap().to_owned();
        self.server.published().await.iter().map(id).collect()
    }
}

pub(crate) fn batch(records: &[Value], context: Context) -> LambdaEvent<StreamEvent> {
    LambdaEvent::new(serde_json::from_value(json!({ "Records": records })).unwrap(), context)
}

/// Returns the reply with which Lambda continues from this record; without a record, after the batch.
pub(crate) fn go_on_from(record: Option<&Value>) -> Value {
    let failure = |record: &Value| json!({ "itemIdentifier": record["dynamodb"]["SequenceNumber"] });
    json!({ "batchItemFailures": record.map(failure).into_iter().collect::<Vec<_>>() })
}

/// Returns a context whose deadline has passed.
pub(crate) fn no_time_left() -> Context {
    let mut context = Context::default();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    context.deadline = u64::try_from(now.as_millis()).unwrap();
    context
}
