//! The core's read models: the only place that lists them.
//!
//! The projector, the command line and the simulation open the read models of this list. A binary with further read
//! models appends them to its own list.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;

use crate::audit::SumAudit;
use crate::customer_totals::CustomerTotals;
use crate::dynamo_rows::DynamoRows;
use crate::order_summary::OrderSummaryByCustomer;
use crate::orders_by_status::OrdersByStatus;
use crate::projection::Projection;
use crate::read_model::{OnOutage, ProjectedRows, ReadModel};
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
