//! The read models, as a verification keeps its books of them.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use order_aggregate::Orders;
use read_models::{Audit, CustomerTotals, DynamoRows, OrderSummaryByCustomer, Projection, SumAudit, SummedRows};

use super::lag::{Lag, LagRule, Lags};
use super::repair::Repair;
use super::tally::{Counts, Tally};
use crate::sweep::Tables;

/// A read model's place in the books.
pub(super) trait ReadModel: Projection<Aggregate = Orders> {
    /// The counts of its rows.
    fn counts(tally: &mut Tally) -> &mut Counts;
    /// Its rows that lag.
    fn lag(lags: &mut Lags) -> &mut Lag;
    /// The same, to read.
    fn lag_of(lags: &Lags) -> &Lag;
}

impl ReadModel for OrderSummaryByCustomer {
    fn counts(tally: &mut Tally) -> &mut Counts {
        &mut tally.summaries
    }

    fn lag(lags: &mut Lags) -> &mut Lag {
        &mut lags.summaries
    }

    fn lag_of(lags: &Lags) -> &Lag {
        &lags.summaries
    }
}

impl ReadModel for CustomerTotals {
    fn counts(tally: &mut Tally) -> &mut Counts {
        &mut tally.contributions
    }

    fn lag(lags: &mut Lags) -> &mut Lag {
        &mut lags.contributions
    }

    fn lag_of(lags: &Lags) -> &Lag {
        &lags.contributions
    }
}

/// The audits that compare and repair.
#[derive(Clone)]
pub(super) struct Audits {
    pub(super) summaries: Audit<OrderSummaryByCustomer, DynamoEventStore>,
    /// The rows that it audits.
    pub(super) summary_rows: DynamoRows,
    /// None where totals are left out.
    pub(super) totals: Option<TotalsAudits>,
    /// The rule by which a row that lags counts as lost.
    pub(super) rule: LagRule,
    /// The repair; nothing while a verification counts.
    pub(super) repair: Option<Arc<Repair>>,
}

/// What compares and mends the totals.
#[derive(Clone)]
pub(super) struct TotalsAudits {
    pub(super) contributions: Audit<CustomerTotals, DynamoEventStore, SummedRows>,
    pub(super) sums: SumAudit<CustomerTotals>,
    /// The rows that both audit.
    pub(super) rows: DynamoRows,
}

impl Audits {
    pub(super) fn new(
        store: &DynamoEventStore,
        client: &Client,
        tables: &Tables,
        rule: LagRule,
        repair: Option<Repair>,
    ) -> Self {
        let summary_rows = DynamoRows::new(client.clone(), &tables.rows);
        let totals = tables.totals.as_ref().map(|table| {
            let rows = DynamoRows::new(client.clone(), table);
            TotalsAudits {
                contributions: Audit::new(store.clone(), SummedRows::new(client.clone(), table)),
                sums: SumAudit::new(rows.clone()),
                rows,
            }
        });
        Self {
            summaries: Audit::new(store.clone(), summary_rows.clone()),
            summary_rows,
            totals,
            rule,
            repair: repair.map(Arc::new),
        }
    }
}
