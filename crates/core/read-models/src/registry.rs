//! The core's read models: the one place that lists them.
//!
//! The projector, operations, the local stack and the simulation loop over what this list opens. A binary that links further
//! read models appends them to the list of its own.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;

use crate::audit::SumAudit;
use crate::customer_totals::CustomerTotals;
use crate::dynamo_rows::DynamoRows;
use crate::order_summary::OrderSummaryByCustomer;
use crate::projection::Projection;
use crate::read_model::{OnOutage, ProjectedRows, ReadModel};
use crate::summed_rows::SummedRows;

/// A read model of the core, before it is opened on a table.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// The name; also the logical id of its table in `template.yaml`.
    pub name: &'static str,
    /// True if a deployment can do without it.
    pub is_optional: bool,
    open: fn(Client, DynamoEventStore, &str) -> Arc<dyn ReadModel>,
}

impl Registered {
    /// The read model with its rows in `table`, folded from the commits in `store`.
    #[must_use]
    pub fn open(&self, client: Client, store: DynamoEventStore, table: &str) -> Arc<dyn ReadModel> {
        (self.open)(client, store, table)
    }

    /// The read model of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        CORE.iter().find(|registered| registered.name == name)
    }
}

/// The read models of the core.
pub const CORE: [Registered; 2] = [
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
            let rows = SummedRows::new(client.clone(), table);
            let sums = SumAudit::<CustomerTotals>::new(DynamoRows::new(client, table));
            let totals = ProjectedRows::<CustomerTotals, _, _>::new(store, rows, table);
            Arc::new(totals.on_outage(OnOutage::Defer).with_sums(sums))
        },
    },
];
