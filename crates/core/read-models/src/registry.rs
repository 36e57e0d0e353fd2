//! The core's read models: the only place that lists them.
//!
//! The projector, the command line and the simulation open the read models of this list. A binary with further read models
//! composes its own list of [`Registered`] read models, which may contain those of the core. No library of the core names the others.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;

use crate::audit::SumAudit;
use crate::customer_totals::CustomerTotals;
use crate::dynamo_rows::DynamoRows;
use crate::order_summary::OrderSummaryByCustomer;
use crate::orders_by_status::OrdersByStatus;
use crate::projection::Projection;
use crate::read_model::{OnOutage, ProjectedRows, ReadModel, ReadModels};
use crate::summed_rows::SummedRows;

/// Opens a read model on the table, or other target, of that name.
type Open = fn(Client, DynamoEventStore, &str) -> Arc<dyn ReadModel>;

/// A read model before it is opened.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// The name. For a read model of the core it is also the logical id of its table in `template.yaml`.
    pub name: &'static str,
    /// True if a deployment can run without it.
    pub is_optional: bool,
    open: Open,
}

impl Registered {
    /// Registers a read model of another crate. `open` receives the client of DynamoDB, the store of the commits and the name
    /// of the target. It neither fails nor waits: a target that cannot be reached is an outage of each call.
    #[must_use]
    pub const fn new(name: &'static str, is_optional: bool, open: Open) -> Self {
        Self { name, is_optional, open }
    }

    /// Opens the read model with its rows in `target`, folded from the commits in `store`.
    #[must_use]
    pub fn open(&self, client: Client, store: DynamoEventStore, target: &str) -> Arc<dyn ReadModel> {
        (self.open)(client, store, target)
    }
}

/// Opens those read models of a list for which `target_of` returns a target.
#[must_use]
pub fn open<'t>(
    registered: &[Registered],
    client: &Client,
    store: &DynamoEventStore,
    target_of: impl Fn(&str) -> Option<&'t str>,
) -> ReadModels {
    let open = |it: &Registered| Some(it.open(client.clone(), store.clone(), target_of(it.name)?));
    registered.iter().filter_map(open).collect()
}

/// The read models of the core.
pub const CORE: [Registered; 3] = [
    Registered {
        name: OrderSummaryByCustomer::NAME,
        is_optional: false,
        open: |client, store, table| {
            let rows = DynamoRows::new(client, table);
            Arc::new(ProjectedRows::<OrderSummaryByCustomer, _, _>::new(store, rows, table))
        },
    },
    Registered {
        name: CustomerTotals::NAME,
        is_optional: true,
        open: |client, store, table| {
            let sums = SumAudit::<CustomerTotals>::new(DynamoRows::new(client.clone(), table));
            let rows = ProjectedRows::<CustomerTotals, _, _>::new(store, SummedRows::new(client, table), table);
            // The sums of one customer can be busier than a table allows. That must not delay other read models.
            Arc::new(rows.on_outage(OnOutage::Defer).with_sums(sums))
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
