//! The Lambda function `projector`: batches of the OrderEvents stream become rows of OrderSummaryByCustomer and
//! CustomerTotals.
//!
//! It reads records, hands their commits to an engine for each projection, parks the orders that poison holds back, and
//! answers with the sequence numbers that must come again. Everything that makes delivery safe (repeats, gaps, order) is the
//! engine's. This crate must never know of HTTP, nor decide anything about orders.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | the handler: batch in, partial batch response out; a tick in, nothing out |
//! | [`processor`] | one projection's way through a batch |
//! | `leftovers` | what a batch leaves behind: orders to park, records to send again, parked orders that have caught up |
//! | `notes` | the notes on parked orders, within an invocation's time |
//! | [`payload`] | what the function is invoked with: a batch, or the tick of its schedule |
//! | `tick` | what is done once a minute, whether or not commits arrive |
//! | `report` | one log line a batch and projection, one for each thing that needs somebody, and the metrics |

mod leftovers;
mod notes;
pub mod payload;
pub mod processor;
mod report;
mod tick;

use std::collections::HashSet;

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, EventStore};
use function_setup::ProjectorConfig;
use function_setup::deadline::last_start;
use lambda_runtime::LambdaEvent;
use order_aggregate::Orders;
use parked_orders::{Consumer, ParkedOrders};
use read_models::{CustomerTotals, DynamoRows, Engine, OrderSummaryByCustomer, RowStore, SummedRows};
use stream_consumer::{StreamEvent, Violation};

pub use payload::Payload;
pub use processor::Processor;

/// The function's name in notes.
const NAME: &str = "projector";

/// The handler: one processor a projection.
#[derive(Debug, Clone)]
pub struct Projector<S, R, T> {
    summaries: Processor<OrderSummaryByCustomer, S, R>,
    /// None where the deployment keeps no totals.
    totals: Option<Processor<CustomerTotals, S, T>>,
    parked: ParkedOrders,
}

/// The handler with everything in DynamoDB.
pub type DynamoProjector = Projector<DynamoEventStore, DynamoRows, SummedRows>;

impl DynamoProjector {
    /// The projector on the tables of a configuration.
    #[must_use]
    pub fn on_dynamo(client: Client, config: &ProjectorConfig) -> Self {
        let store = DynamoEventStore::new(client.clone(), config.events_table.as_str());
        let rows = DynamoRows::new(client.clone(), config.summary_table.as_str());
        let totals = config.totals_table.as_deref().map(|table| SummedRows::new(client.clone(), table));
        Self::new(store, rows, totals, ParkedOrders::new(client, config.parked_table.as_str()))
    }
}

impl<S, R, T> Projector<S, R, T>
where
    S: EventStore<Orders> + Clone,
    R: RowStore<OrderSummaryByCustomer>,
    T: RowStore<CustomerTotals>,
{
    /// A projector that repairs gaps from `store`, keeps summaries in `rows` and totals, if at all, in `totals`, and parks in
    /// `parked`.
    #[must_use]
    pub fn new(store: S, rows: R, totals: Option<T>, parked: ParkedOrders) -> Self {
        let summaries = Engine::new(store.clone(), rows);
        Self {
            summaries: Processor::new(summaries, Consumer::OrderSummaryByCustomer, parked.clone()),
            totals: totals.map(|totals| {
                Processor::new(Engine::new(store, totals), Consumer::CustomerTotals, parked.clone()).deferring()
            }),
            parked,
        }
    }

    /// Runs one invocation. The answer to a tick is that to an empty batch; Lambda drops it.
    ///
    /// # Errors
    /// None. Lambda's runtime asks for the type.
    pub async fn handle(&self, event: LambdaEvent<Payload>) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let deadline_ms = event.context.deadline;
        match event.payload {
            Payload::Stream(batch) => Ok(self.project(batch, deadline_ms).await),
            Payload::Tick => {
                self.tick(deadline_ms).await;
                Ok(DynamoDbEventResponse::default())
            }
        }
    }

    /// Does what the schedule asks for once a minute, by a deadline, an instant in milliseconds since 1970.
    pub async fn tick(&self, deadline_ms: u64) {
        if let Some(totals) = &self.totals {
            totals.retry_deferred(deadline_ms).await;
        }
        tick::count_parked(&self.parked, deadline_ms).await;
    }

    /// Projects one batch, all projections at once, by a deadline. The answer names every record that one of them must see
    /// again, in the stream's order; Lambda goes on from the lowest. To the others it is then a repeat. Records that name no
    /// order are noted and passed by.
    async fn project(&self, event: StreamEvent, deadline_ms: u64) -> DynamoDbEventResponse {
        let batch = stream_consumer::read(event);
        batch.violations.iter().for_each(Violation::log);
        report::received(&batch);
        report::unaddressable(batch.unaddressable.len());
        let last_note = last_start(deadline_ms, processor::RESERVE_FOR_NOTES);
        let (mut again, totals, unnoted) = tokio::join!(
            self.summaries.process(&batch, deadline_ms),
            async {
                match &self.totals {
                    Some(totals) => totals.process(&batch, deadline_ms).await,
                    None => HashSet::new(),
                }
            },
            stream_consumer::pass_by(&batch.unaddressable, NAME, &self.parked, last_note),
        );
        again.extend(totals);
        again.extend(unnoted);
        stream_consumer::retry_from(batch.to_retry(|name| again.contains(name)))
    }
}
