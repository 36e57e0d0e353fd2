//! The Lambda function `projector`: it turns batches of the OrderEvents stream into rows of the read models.
//!
//! It reads records, passes their commits to each read model, parks the orders that poison holds back, and returns the
//! sequence numbers of the records to retry. The engine of the read models makes delivery safe: it handles repeats, gaps
//! and order. This crate must never know of HTTP, nor decide about orders.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | the handler: a batch gets a partial batch response, a tick an empty one |
//! | [`processor`] | the processing of a batch for one read model |
//! | [`payload`] | the payload of an invocation: a batch, or the tick of its schedule |
//! | `tick` | the gauges of parked orders, once a minute, even if no commits arrive |
//! | `report` | one log line for each batch and read model, one for each problem that needs an operator, and the metrics |

pub mod payload;
pub mod processor;
mod report;
mod tick;

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, EventStore};
use function_setup::ProjectorConfig;
use function_setup::deadline::last_start;
use futures_util::future::join_all;
use lambda_runtime::LambdaEvent;
use order_aggregate::Orders;
use parked_orders::{Consumer, ParkedOrderTable};
use read_models::ReadModels;
use read_models::registry::{self, CORE};
use stream_consumer::StreamEvent;

pub use payload::Payload;
pub use processor::Processor;

/// The name of the core's projector in the notes on records that name no order.
const NAME: &str = "projector";

/// The handler, with one processor for each read model.
#[derive(Debug, Clone)]
pub struct Projector<S = DynamoEventStore> {
    /// The function's name in the notes on records that name no order.
    name: &'static str,
    /// The store from which the commits of deferred orders are read.
    store: S,
    models: Vec<Processor>,
    parked: ParkedOrderTable,
    /// The consumers whose parked orders a tick counts.
    counted: Vec<Consumer>,
}

impl Projector {
    /// Creates a projector that uses the tables of a configuration.
    #[must_use]
    pub fn on_dynamo(client: Client, config: &ProjectorConfig) -> Self {
        let store = DynamoEventStore::new(client.clone(), config.events_table.as_str());
        let models = registry::open(&CORE, &client, &store, |name| config.tables.get(name).map(String::as_str));
        Self::new(store, &models, ParkedOrderTable::new(client, config.parked_table.as_str()))
    }
}

impl<S: EventStore<Orders>> Projector<S> {
    /// Creates the core's projector with these read models. It reads deferred commits from `store` and parks orders in
    /// `parked`.
    ///
    /// Its ticks also count the parked orders of the publisher, and of the core's read models that the deployment no longer
    /// keeps, because the notes on their parked orders still exist.
    #[must_use]
    pub fn new(store: S, models: &ReadModels, parked: ParkedOrderTable) -> Self {
        let core = CORE.iter().map(|registered| Consumer::new(registered.name));
        Self::named(NAME, store, models, parked).counting(core.chain([Consumer::PUBLISHER]))
    }

    /// Creates the projector of another function, such as that of a module. Its ticks count the parked orders of these read
    /// models.
    #[must_use]
    pub fn named(name: &'static str, store: S, models: &ReadModels, parked: ParkedOrderTable) -> Self {
        let models: Vec<_> = models.iter().map(|model| Processor::new(model.clone(), parked.clone())).collect();
        let counted = models.iter().map(Processor::consumer).cloned().collect();
        Self { name, store, models, parked, counted }
    }

    /// Returns the same projector, whose ticks also count the parked orders of these consumers.
    fn counting(mut self, consumers: impl IntoIterator<Item = Consumer>) -> Self {
        let mut counted: Vec<_> = consumers.into_iter().collect();
        self.counted.retain(|consumer| !counted.contains(consumer));
        counted.append(&mut self.counted);
        Self { counted, ..self }
    }

    /// Runs one invocation. The reply to a tick is the reply to an empty batch. Lambda drops it.
    ///
    /// # Errors
    /// Never. The Lambda runtime requires the type.
    pub async fn handle(&self, event: LambdaEvent<Payload>) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let deadline_ms = event.context.deadline;
        match event.payload {
            // Boxed: the future has many KB, and the Lambda runtime would copy it.
            Payload::Stream(batch) => Ok(Box::pin(self.project(batch, deadline_ms)).await),
            Payload::Tick => {
                self.tick(deadline_ms).await;
                Ok(DynamoDbEventResponse::default())
            }
        }
    }

    /// Does the scheduled work of each minute, until a deadline in milliseconds since 1970.
    pub async fn tick(&self, deadline_ms: u64) {
        for model in self.models.iter().filter(|model| model.defers()) {
            model.retry_deferred(&self.store, deadline_ms).await;
        }
        tick::count_parked(&self.parked, &self.counted, deadline_ms).await;
    }

    /// Projects one batch to all read models at once, until a deadline. The reply lists, in the stream's order, every
    /// record that at least one read model must receive again. Lambda continues from the lowest one, and the other read
    /// models receive a repeat. Records without an order id are noted and skipped.
    async fn project(&self, event: StreamEvent, deadline_ms: u64) -> DynamoDbEventResponse {
        let batch = stream_consumer::read(event);
        batch.log();
        report::unaddressable(batch.unaddressable.len());
        let last_note = last_start(deadline_ms, processor::RESERVE_FOR_NOTES);
        let (failed, unnoted) = tokio::join!(
            join_all(self.models.iter().map(|model| model.process(&batch, &self.store, deadline_ms))),
            stream_consumer::pass_by(&batch.unaddressable, self.name, &self.parked, last_note),
        );
        let is_failed =
            |name: &str| failed.iter().any(|of_model| of_model.contains(name)) || unnoted.iter().any(|it| it == name);
        stream_consumer::retry_from(batch.to_retry(is_failed))
    }
}
