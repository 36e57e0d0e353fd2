//! The read models as the releases of a history fold them.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use order_aggregate::Orders;
use read_models::registry::CORE;
use read_models::{
    CustomerTotals, DynamoRows, OnOutage, OrderSummaryByCustomer, OrdersByStatus, ProjectedRows, Projection, ReadModel,
    ReadModels, SumAudit, Summed, SummedRows,
};

use crate::world::names::{EVENTS, OPEN_ORDERS, SUMMARIES, TOTALS};
use crate::world::next_summary::NextSummary;
use crate::world::panicking_projection::PanickingProjection;

/// The read models as they are deployed.
pub(crate) fn as_deployed(client: &Client) -> ReadModels {
    let open = |registered: &read_models::registry::Registered| {
        registered.open(client.clone(), store(client), registered.name)
    };
    CORE.iter().map(open).collect()
}

/// The read models of the next release, which has another number of the summaries.
pub(crate) fn next(client: &Client) -> ReadModels {
    in_place_of(&as_deployed(client), &[rows::<NextSummary>(client, SUMMARIES)])
}

/// The read models of a release whose folds panic over some commits.
pub(crate) fn panicking(client: &Client) -> ReadModels {
    let others = [
        rows::<PanickingProjection<OrderSummaryByCustomer>>(client, SUMMARIES),
        sums::<PanickingProjection<CustomerTotals>>(client, TOTALS),
        deferred_rows::<PanickingProjection<OrdersByStatus>>(client, OPEN_ORDERS),
    ];
    in_place_of(&as_deployed(client), &others)
}

fn in_place_of(models: &ReadModels, others: &[Arc<dyn ReadModel>]) -> ReadModels {
    let other =
        |model: &Arc<dyn ReadModel>| others.iter().find(|other| other.name() == model.name()).unwrap_or(model).clone();
    models.iter().map(other).collect()
}

fn rows<P: Projection<Aggregate = Orders>>(client: &Client, table: &str) -> Arc<dyn ReadModel> {
    Arc::new(ProjectedRows::<P, _, _>::new(store(client), DynamoRows::new(client.clone(), table), table))
}

fn deferred_rows<P: Projection<Aggregate = Orders>>(client: &Client, table: &str) -> Arc<dyn ReadModel> {
    let rows = ProjectedRows::<P, _, _>::new(store(client), DynamoRows::new(client.clone(), table), table);
    Arc::new(rows.on_outage(OnOutage::Defer))
}

fn sums<P: Summed<Aggregate = Orders>>(client: &Client, table: &str) -> Arc<dyn ReadModel> {
    let rows = ProjectedRows::<P, _, _>::new(store(client), SummedRows::new(client.clone(), table), table);
    Arc::new(rows.on_outage(OnOutage::Defer).with_sums(SumAudit::<P>::new(DynamoRows::new(client.clone(), table))))
}

fn store(client: &Client) -> DynamoEventStore {
    DynamoEventStore::new(client.clone(), EVENTS)
}
