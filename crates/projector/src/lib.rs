//! The Lambda function `projector`: batches of the OrderEvents stream become rows of OrderSummaryByCustomer.
//!
//! It reads records, hands their commits to the engine, and answers with the sequence numbers that must come again.
//! Everything that makes delivery safe (repeats, gaps, order) is the engine's. This crate must never know of HTTP,
//! nor decide anything about orders.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | the handler: batch in, partial batch response out |
//! | `report` | one log line a batch, one for each thing that needs somebody |

mod report;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use aws_lambda_events::event::dynamodb::Event;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, EventStore};
use function_setup::ProjectorConfig;
use function_setup::deadline::last_start;
use lambda_runtime::LambdaEvent;
use order_store::Orders;
use order_stream::Violation;
use read_model::{DynamoRows, Engine, OrderSummaryByCustomer, RowStore};

/// Time kept back at the end of an invocation: a row that is begun may take three operations of three seconds each
/// (`function_setup::clients`), and pauses between them, before it fails.
const RESERVE: Duration = Duration::from_secs(12);

/// The handler.
#[derive(Debug, Clone)]
pub struct Projector<S, R> {
    engine: Engine<OrderSummaryByCustomer, S, R>,
}

impl Projector<DynamoEventStore, DynamoRows> {
    /// The projector on the tables of a configuration.
    #[must_use]
    pub fn on_dynamo(client: Client, config: &ProjectorConfig) -> Self {
        let store = DynamoEventStore::new(client.clone(), config.events_table.as_str());
        Self::new(store, DynamoRows::new(client, config.summary_table.as_str()))
    }
}

impl<S: EventStore<Orders>, R: RowStore<OrderSummaryByCustomer>> Projector<S, R> {
    /// A projector that repairs gaps from `store` and keeps its rows in `rows`.
    #[must_use]
    pub const fn new(store: S, rows: R) -> Self {
        Self { engine: Engine::new(store, rows) }
    }

    /// Projects one batch. The answer names every record that must come again, in the stream's order; Lambda goes on
    /// from the lowest.
    ///
    /// # Errors
    /// When a record has no sequence number: then no answer could say which one failed, and the batch fails whole.
    pub async fn handle(&self, event: LambdaEvent<Event>) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let begun = Instant::now();
        let batch = order_stream::read(event.payload.records)?;
        batch.violations.iter().for_each(Violation::log);
        let ids: Vec<String> = batch.delivered.iter().map(|delivered| delivered.id.clone()).collect();
        let lag = order_stream::lag_ms(&batch.delivered);
        let outcome = self.engine.project(batch.delivered, last_start(event.context.deadline, RESERVE)).await;
        report::failures(&outcome);
        report::batch(&outcome, ids.len() + batch.violations.len(), lag, begun.elapsed());

        let failed: HashSet<&str> = outcome.failed.iter().map(|failure| failure.id.as_str()).collect();
        Ok(order_stream::come_again(ids.into_iter().filter(|id| failed.contains(id.as_str()))))
    }
}
