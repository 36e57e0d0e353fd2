//! The next release of the order summaries: the same projection with a higher number, and a new field in its rows.

use event_store::RecordedEvent;
use order_aggregate::{OrderCommit, Orders};
use order_domain::Event;
use read_models::{FoldError, KeyAttributes, OrderSummaryByCustomer, OrderSummaryRow, Projection, RowKey};
use serde::{Deserialize, Serialize};

/// A row of the next release, or of the current one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextRow {
    /// The row of the current release.
    pub summary: OrderSummaryRow,
    /// The new field: the number of commits of the order. `None` in a row of the current release.
    pub commits: Option<u64>,
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
        Ok(NextRow { summary, commits: Some(commit.version) })
    }
}
