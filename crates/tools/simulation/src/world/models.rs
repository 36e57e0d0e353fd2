//! The read models of a history: the core's list, as each release of a history folds it.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use order_aggregate::{OrderCommit, Orders};
use parked_orders::Consumer;
use read_models::registry::{CORE, Registered};
use read_models::{
    CustomerTotals, DynamoRows, KeyAttributes, OnOutage, OrderSummaryByCustomer, OrdersByStatus, ProjectedRows,
    Projection, ReadModel, ReadModels, RowKey, SumAudit, Summed, SummedRows,
};
use serde_json::Value;

use crate::world::names::EVENTS;
use crate::world::next_summary::NextSummary;
use crate::world::panicking_projection::PanickingProjection;

/// The projections of the core's read models. `CORE` contains no types, so they are listed here.
pub(crate) static MODELS: [Model; CORE.len()] = [
    Model::of_rows::<OrderSummaryByCustomer>(),
    Model::of_sums::<CustomerTotals>(),
    Model::of_rows::<OrdersByStatus>(),
];

/// A read model by its projection.
pub(crate) struct Model {
    /// The name, which is also the table.
    pub(crate) name: &'static str,
    key: KeyAttributes,
    aggregate_id: fn(&RowKey) -> Option<&str>,
    /// Returns true for a commit that can change the row.
    pub(crate) concerns: fn(&OrderCommit) -> bool,
    panicking: fn(&Client, OnOutage) -> ProjectedModel,
}

type ProjectedModel = Arc<dyn ReadModel>;

impl Model {
    /// A read model with one row for each order.
    const fn of_rows<P: Projection<Aggregate = Orders>>() -> Self {
        Self::of::<P>(|client, on_outage| {
            let rows = DynamoRows::new(client.clone(), P::NAME);
            let rows = ProjectedRows::<PanickingProjection<P>, _, _>::new(store(client), rows, P::NAME);
            Arc::new(rows.on_outage(on_outage))
        })
    }

    /// A read model with sums over several orders.
    const fn of_sums<P: Summed<Aggregate = Orders>>() -> Self {
        Self::of::<P>(|client, on_outage| {
            let sums = SumAudit::<PanickingProjection<P>>::new(DynamoRows::new(client.clone(), P::NAME));
            let rows = SummedRows::new(client.clone(), P::NAME);
            let rows = ProjectedRows::<PanickingProjection<P>, _, _>::new(store(client), rows, P::NAME);
            Arc::new(rows.on_outage(on_outage).with_sums(sums))
        })
    }

    const fn of<P: Projection<Aggregate = Orders>>(panicking: fn(&Client, OnOutage) -> ProjectedModel) -> Self {
        Self { name: P::NAME, key: P::KEY, aggregate_id: P::aggregate_id, concerns: P::concerns, panicking }
    }

    /// The read model as a consumer of the stream.
    pub(crate) const fn consumer(&self) -> Consumer {
        Consumer::new(self.name)
    }

    /// The order of a stored row. `None` for an item that is no row of an order.
    pub(crate) fn order(&self, item: &Value) -> Option<String> {
        let part = |name| item[name]["S"].as_str().map(str::to_owned);
        let key = RowKey { partition: part(self.key.partition)?, sort: part(self.key.sort)? };
        (self.aggregate_id)(&key).map(str::to_owned)
    }

    /// The version of the row once it holds an order's commits up to `version`.
    pub(crate) fn row_version(&self, commits: &[OrderCommit], version: u64) -> u64 {
        let concerns = |commit: &&OrderCommit| commit.version <= version && (self.concerns)(commit);
        commits.iter().rfind(concerns).map_or(0, |commit| commit.version)
    }
}

/// The consumers of the stream.
pub(crate) fn consumers() -> impl Iterator<Item = Consumer> {
    MODELS.iter().map(Model::consumer).chain([Consumer::PUBLISHER])
}

/// The read models as they are deployed.
pub(crate) fn as_deployed(client: &Client) -> ReadModels {
    let open = |registered: &Registered| registered.open(client.clone(), store(client), registered.name);
    CORE.iter().map(open).collect()
}

/// The deployed read models whose rows an outage defers.
pub(crate) fn deferring(client: &Client) -> Vec<Consumer> {
    let models = as_deployed(client);
    let deferring = models.iter().filter(|model| model.on_outage() == OnOutage::Defer);
    deferring.map(|model| Consumer::new(model.name())).collect()
}

/// The read models of the next release, which has another number of the summaries.
pub(crate) fn next(client: &Client) -> ReadModels {
    let rows = DynamoRows::new(client.clone(), NextSummary::NAME);
    let next: ProjectedModel =
        Arc::new(ProjectedRows::<NextSummary, _, _>::new(store(client), rows, NextSummary::NAME));
    as_deployed(client).iter().map(|model| if model.name() == next.name() { &next } else { model }.clone()).collect()
}

/// The read models of a release whose folds panic over some commits.
pub(crate) fn panicking(client: &Client) -> ReadModels {
    let panicking = |model: &ProjectedModel| {
        let of_name = MODELS.iter().find(|it| it.name == model.name());
        of_name.map_or_else(|| Arc::clone(model), |it| (it.panicking)(client, model.on_outage()))
    };
    as_deployed(client).iter().map(panicking).collect()
}

fn store(client: &Client) -> DynamoEventStore {
    DynamoEventStore::new(client.clone(), EVENTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_read_model_of_the_core_has_its_projection() {
        assert_eq!(MODELS.each_ref().map(|model| model.name), CORE.map(|registered| registered.name));
    }
}
