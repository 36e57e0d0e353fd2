//! The core's read models: the only place that lists them.
//!
//! The projector, the command line and the simulation open the read models of this list. A binary with further read
//! models appends them to its own list.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, EventStore};
use order_aggregate::Orders;

use crate::audit::SumAudit;
use crate::customer_totals::CustomerTotals;
use crate::dynamo_rows::DynamoRows;
use crate::order_summary::OrderSummaryByCustomer;
use crate::orders_by_status::OrdersByStatus;
use crate::projection::Projection;
use crate::read_model::{OnOutage, ProjectedRows, ReadModel, ReadModels};
use crate::row_images::RowImages;
use crate::summed_rows::SummedRows;

/// A read model of the core, before it is opened on a table.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// The name, which is also the logical id of its table in `template.yaml`.
    pub name: &'static str,
    /// True if a deployment can run without it.
    pub is_optional: bool,
    open: fn(Client, DynamoEventStore, &str) -> Arc<dyn ReadModel>,
}

impl Registered {
    /// Opens the read model with its rows in `table`, folded from the commits in `store`.
    #[must_use]
    pub fn open(&self, client: Client, store: DynamoEventStore, table: &str) -> Arc<dyn ReadModel> {
        (self.open)(client, store, table)
    }
}

/// The read models of the core.
pub const CORE: [Registered; 3] = [
    Registered {
        name: OrderSummaryByCustomer::NAME,
        is_optional: false,
        open: |client, store, table| Arc::new(summaries(store, DynamoRows::new(client, table), table)),
    },
    Registered {
        name: CustomerTotals::NAME,
        is_optional: true,
        open: |client, store, table| {
            let sums = SumAudit::<CustomerTotals>::new(DynamoRows::new(client.clone(), table));
            Arc::new(totals(store, SummedRows::new(client, table), table).with_sums(sums))
        },
    },
    Registered {
        name: OrdersByStatus::NAME,
        is_optional: true,
        open: |client, store, table| {
            let rows = DynamoRows::new(client, table);
            // The staff's list must not delay what customers see.
            Arc::new(ProjectedRows::<OrdersByStatus, _, _>::new(store, rows, table).on_outage(OnOutage::Defer))
        },
    },
];

/// Creates the core's read models over any store and rows, without audits of sums, for tests.
pub fn of_core<S, R, T>(store: S, summary_rows: R, total_rows: Option<T>) -> ReadModels
where
    S: EventStore<Orders> + Clone + 'static,
    R: RowImages<OrderSummaryByCustomer> + Clone + 'static,
    T: RowImages<CustomerTotals> + Clone + 'static,
{
    let summaries: Arc<dyn ReadModel> = Arc::new(summaries(store.clone(), summary_rows, OrderSummaryByCustomer::NAME));
    let totals = total_rows.map(|rows| Arc::new(totals(store, rows, CustomerTotals::NAME)) as Arc<dyn ReadModel>);
    [summaries].into_iter().chain(totals).collect()
}

fn summaries<S, R>(store: S, rows: R, target: &str) -> ProjectedRows<OrderSummaryByCustomer, S, R>
where
    S: EventStore<Orders> + Clone,
    R: RowImages<OrderSummaryByCustomer> + Clone,
{
    ProjectedRows::new(store, rows, target)
}

fn totals<S, R>(store: S, rows: R, target: &str) -> ProjectedRows<CustomerTotals, S, R>
where
    S: EventStore<Orders> + Clone,
    R: RowImages<CustomerTotals> + Clone,
{
    // The sums of one customer can be busier than a table allows. That must not delay other read models.
    ProjectedRows::new(store, rows, target).on_outage(OnOutage::Defer)
}
