//! `orders verify --repair`: every row compared with the fold of its commits, every sum with its
//! rows, and repaired unless it is late.

use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, ScanRequest, Scope};
use order_aggregate::Orders;
use read_models::{
    Audit, AuditError, CustomerTotals, DynamoRows, Finding, Folding, LagBound, OrderSummaryByCustomer, Projection,
    RowImages, RowStore, SumAudit, SummedRows, SumsChecked,
};

use crate::world::clock;
use crate::world::names::{CUSTOMERS, EVENTS, SUMMARIES, TOTALS};
use crate::world::next_summary::NextSummary;

/// The result of a repair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repaired {
    /// The differences that were repaired, and the commits that could not be folded; in words.
    pub found: Vec<String>,
    /// The rows that are only late, and are left to the projector.
    pub late: u64,
}

/// Repairs all rows but those that are late, those of the summaries as the newer release has them where `is_newer`.
///
/// # Errors
/// When events or rows cannot be read or written.
pub(crate) async fn repair(client: Client, is_newer: bool, bound: LagBound) -> Result<Repaired, AuditError> {
    let store = DynamoEventStore::new(client.clone(), EVENTS);
    let summaries = DynamoRows::new(client.clone(), SUMMARIES);
    let mut repaired = if is_newer {
        rows(&store, Audit::<NextSummary, _, _>::new(store.clone(), summaries), bound).await?
    } else {
        rows(&store, Audit::<OrderSummaryByCustomer, _, _>::new(store.clone(), summaries), bound).await?
    };
    let totals = Audit::<CustomerTotals, _, _>::new(store.clone(), SummedRows::new(client.clone(), TOTALS));
    let Repaired { mut found, late } = rows(&store, totals, bound).await?;
    repaired.found.append(&mut found);
    repaired.late += late;
    let sums = SumAudit::<CustomerTotals>::new(DynamoRows::new(client, TOTALS));
    for customer in CUSTOMERS {
        match sums.check(customer).await? {
            SumsChecked::Right => {}
            SumsChecked::Wrong(finding) => {
                repaired.found.push(format!("{}: {}", finding.key.sort, finding.difference));
                sums.mend(*finding).await?;
            }
            SumsChecked::Unsummable => repaired.found.push(format!("the rows of {customer} cannot be summed")),
            SumsChecked::Unsettled => repaired.found.push(format!("the sums of {customer} change and change")),
        }
    }
    Ok(repaired)
}

async fn rows<P, R>(
    store: &DynamoEventStore,
    audit: Audit<P, DynamoEventStore, R>,
    bound: LagBound,
) -> Result<Repaired, AuditError>
where
    P: Projection<Aggregate = Orders>,
    R: RowStore<P> + RowImages<P>,
{
    let (mut folding, mut folded) = (Folding::<P>::default(), Vec::new());
    let mut request = ScanRequest { scope: Scope::TABLE, after: None, recorded: None, consistent: true };
    loop {
        let page = store.scan::<Orders>(&request).await?;
        folded.extend(page.delivered.iter().filter_map(|delivered| folding.push(delivered)));
        request.after = page.next;
        if request.after.is_none() {
            break;
        }
    }
    folded.extend(folding.finish());
    let checked = audit.check(folded).await?;
    let (mut found, mut late): (Vec<String>, _) = (checked.halts.into_iter().map(|halt| halt.cause).collect(), 0);
    let now = clock::right();
    for finding in checked.findings {
        if finding.lags_behind().is_some_and(|newest| bound.is_late(newest, checked.reached, now)) {
            late += 1;
            continue;
        }
        let Finding { key, difference, .. } = &finding;
        found.push(format!("{} of {}: {difference}", key.sort, P::NAME));
        audit.mend(finding).await?;
    }
    Ok(Repaired { found, late })
}
