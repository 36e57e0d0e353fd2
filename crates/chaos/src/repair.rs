//! What `orders verify --repair` does: every row compared with the fold of its commits, every sum with its rows, and mended.

use aws_sdk_dynamodb::Client;
use event_store::{DynamoEventStore, ScanRequest, Scope};
use order_store::Orders;
use read_model::{
    Audit, AuditError, CustomerTotals, DynamoRows, Finding, Folding, OrderSummaryByCustomer, Projection, RowImages,
    RowStore, SumAudit, SummedRows, SumsChecked,
};

use crate::command::CUSTOMERS;
use crate::release::{SUMMARIES, TOTALS};
use crate::rolling::NextSummary;
use crate::tampering::EVENTS;

/// Mends all rows, those of the summaries as the newer release has them where `is_newer`. What it says is what differed, in
/// words, and could not be folded.
///
/// # Errors
/// When events or rows are not to be had.
pub(crate) async fn repair(client: Client, is_newer: bool) -> Result<Vec<String>, AuditError> {
    let store = DynamoEventStore::new(client.clone(), EVENTS);
    let summaries = DynamoRows::new(client.clone(), SUMMARIES);
    let mut found = if is_newer {
        rows(&store, Audit::<NextSummary, _, _>::new(store.clone(), summaries)).await?
    } else {
        rows(&store, Audit::<OrderSummaryByCustomer, _, _>::new(store.clone(), summaries)).await?
    };
    let totals = Audit::<CustomerTotals, _, _>::new(store.clone(), SummedRows::new(client.clone(), TOTALS));
    found.extend(rows(&store, totals).await?);
    let sums = SumAudit::<CustomerTotals>::new(DynamoRows::new(client, TOTALS));
    for customer in CUSTOMERS {
        match sums.check(customer).await? {
            SumsChecked::Right => {}
            SumsChecked::Wrong(finding) => {
                found.push(format!("{}: {}", finding.key.sort, finding.difference));
                sums.mend(*finding).await?;
            }
            SumsChecked::Unsummable => found.push(format!("the rows of {customer} cannot be summed")),
            SumsChecked::Unsettled => found.push(format!("the sums of {customer} change and change")),
        }
    }
    Ok(found)
}

async fn rows<P, R>(store: &DynamoEventStore, audit: Audit<P, DynamoEventStore, R>) -> Result<Vec<String>, AuditError>
where
    P: Projection<Aggregate = Orders>,
    R: RowStore<P> + RowImages,
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
    let mut found: Vec<String> = checked.halts.into_iter().map(|halt| halt.cause).collect();
    for finding in checked.findings {
        let Finding { key, difference, .. } = &finding;
        found.push(format!("{} of {}: {difference}", key.sort, P::NAME));
        audit.mend(finding).await?;
    }
    Ok(found)
}
