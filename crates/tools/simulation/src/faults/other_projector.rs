//! Other releases of the projector: the next one, and one whose projections panic.

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use order_aggregate::Orders;
use parked_orders::{Consumer, ParkedOrders};
use projector::Processor;
use read_models::{CustomerTotals, DynamoRows, Engine, OrderSummaryByCustomer, Projection, Summed, SummedRows};
use stream_consumer::StreamEvent;

use crate::faults::panicking_projection::PanickingProjection;
use crate::world::function::{Invocation, StreamFunction};
use crate::world::names::{EVENTS, PARKED, PROJECTOR, SUMMARIES, TOTALS};
use crate::world::next_summary::NextSummary;

/// A projector of other projections than the deployed ones.
pub(crate) struct ProjectorOf<P, T> {
    summaries: Processor<P, DynamoEventStore, DynamoRows>,
    totals: Processor<T, DynamoEventStore, SummedRows>,
    parked: ParkedOrders,
}

/// The projector of the next release.
pub(crate) type NextProjector = ProjectorOf<NextSummary, CustomerTotals>;

/// A projector whose folds panic over some commits.
pub(crate) type PanickingProjector =
    ProjectorOf<PanickingProjection<OrderSummaryByCustomer>, PanickingProjection<CustomerTotals>>;

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
