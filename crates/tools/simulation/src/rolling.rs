//! Other releases of the projector. The next one: the same projection under a higher number, with something new in its rows.

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, RecordedEvent};
use order_aggregate::{OrderCommit, Orders};
use order_domain::Event;
use parked_orders::{Consumer, ParkedOrders};
use projector::Processor;
use read_models::{
    CustomerTotals, DynamoRows, Engine, FoldError, KeyAttributes, OrderSummaryByCustomer, OrderSummaryRow, Projection,
    RowKey, Summed, SummedRows,
};
use serde::{Deserialize, Serialize};
use stream_consumer::StreamEvent;

use crate::brittle::Brittle;
use crate::release::{Invocation, PARKED, SUMMARIES, StreamFunction, TOTALS};
use crate::stray::PROJECTOR;
use crate::tampering::EVENTS;

/// A row of the next release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextRow {
    /// What rows are today.
    pub summary: OrderSummaryRow,
    /// What is new: how many commits the order has.
    pub commits: u64,
}

/// The projection of the next release.
#[derive(Debug, Clone, Copy)]
pub struct NextSummary;

impl Projection for NextSummary {
    type Aggregate = Orders;
    type Row = NextRow;
    const NAME: &'static str = OrderSummaryByCustomer::NAME;
    const NUMBER: u32 = OrderSummaryByCustomer::NUMBER + 1;
    const KEY: KeyAttributes = OrderSummaryByCustomer::KEY;

    fn key(commit: &OrderCommit) -> Result<RowKey, FoldError> {
        OrderSummaryByCustomer::key(commit)
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        OrderSummaryByCustomer::aggregate_id(key)
    }

    fn apply(row: Option<NextRow>, event: &RecordedEvent<Event>, commit: &OrderCommit) -> Result<NextRow, FoldError> {
        let summary = row.map(|row| row.summary);
        let summary = OrderSummaryByCustomer::apply(summary, event, commit)?;
        Ok(NextRow { summary, commits: commit.version })
    }
}

/// A projector of other projections than those that are deployed.
pub(crate) struct ProjectorOf<P, T> {
    summaries: Processor<P, DynamoEventStore, DynamoRows>,
    totals: Processor<T, DynamoEventStore, SummedRows>,
    parked: ParkedOrders,
}

/// The projector of the next release.
pub(crate) type NextProjector = ProjectorOf<NextSummary, CustomerTotals>;

/// A projector whose folds panic over some commits.
pub(crate) type BrittleProjector = ProjectorOf<Brittle<OrderSummaryByCustomer>, Brittle<CustomerTotals>>;

impl<P: Projection<Aggregate = Orders>, T: Summed<Aggregate = Orders>> ProjectorOf<P, T> {
    pub(crate) fn new(client: Client) -> Self {
        let store = DynamoEventStore::new(client.clone(), EVENTS);
        let summaries = Engine::new(store.clone(), DynamoRows::new(client.clone(), SUMMARIES));
        let totals = Engine::new(store, SummedRows::new(client.clone(), TOTALS));
        let parked = ParkedOrders::new(client, PARKED);
        Self {
            summaries: Processor::new(summaries, Consumer::OrderSummaryByCustomer, parked.clone()),
            totals: Processor::new(totals, Consumer::CustomerTotals, parked.clone()).deferring(),
            parked,
        }
    }
}

impl<P: Projection<Aggregate = Orders>, T: Summed<Aggregate = Orders>> StreamFunction for ProjectorOf<P, T> {
    fn handle(&self, batch: StreamEvent) -> Invocation<'_, Result<DynamoDbEventResponse, lambda_runtime::Error>> {
        Box::pin(async move {
            let batch = stream_consumer::read(batch);
            let (mut again, totals, unnoted) = tokio::join!(
                self.summaries.process(&batch, 0),
                self.totals.process(&batch, 0),
                stream_consumer::pass_by(&batch.unaddressable, PROJECTOR, &self.parked, None),
            );
            again.extend(totals);
            again.extend(unnoted);
            Ok(stream_consumer::retry_from(batch.to_retry(|name| again.contains(name))))
        })
    }

    fn tick(&self) -> Invocation<'_, ()> {
        Box::pin(self.totals.retry_deferred(0))
    }
}
