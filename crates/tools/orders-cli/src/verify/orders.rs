//! The events' side: every order is folded from its first event, and compared with its row in each read model and with its
//! snapshots.

use event_store::{Delivered, DynamoEventStore, Position, ScanRequest, Scope, SnapshotAudit};
use futures_util::future::OptionFuture;
use order_aggregate::Orders;
use order_domain::Event;
use read_models::{CustomerTotals, Folded, Folding, OrderSummaryByCustomer, Projection};

use super::page::{Page, Reached};
use super::read_models::Audits;
use super::tally::Tally;
use crate::sweep::{Place, Segment};

/// A segment of the events. It holds a page, and the folds of the order under way.
pub(super) struct OrdersOf {
    store: DynamoEventStore,
    audits: Audits,
    number: u32,
    of: u32,
    summaries: Folding<OrderSummaryByCustomer>,
    totals: Folding<CustomerTotals>,
    snapshots: SnapshotAudit<Orders>,
    /// The place to read on; the order under way has been read this far.
    reading: Place<Position>,
    /// The place after the orders that are complete.
    settled: Place<Position>,
}

/// The segments, each from where it is.
pub(super) fn segments(store: &DynamoEventStore, audits: &Audits, places: &[Place<Position>]) -> Vec<OrdersOf> {
    let of = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let segment = |(number, place): (u32, &Place<Position>)| OrdersOf {
        store: store.clone(),
        audits: audits.clone(),
        number,
        of,
        summaries: Folding::default(),
        totals: Folding::default(),
        snapshots: SnapshotAudit::default(),
        reading: place.clone(),
        settled: place.clone(),
    };
    (0..).zip(places).map(segment).collect()
}

impl Segment for OrdersOf {
    type Page = Page;

    async fn page(&mut self) -> anyhow::Result<Option<Page>> {
        let Some(after) = self.reading.to_read() else { return Ok(None) };
        let after = after.cloned();
        let scope = Scope::Segment { number: self.number, of: self.of };
        let request = ScanRequest { scope, after, recorded: None, consistent: true };
        let (page, snapshots) = self.store.scan_with_snapshots::<Orders>(&request).await?;
        self.reading = Place::after(page.next);
        let at_end = self.reading == Place::End;
        let summaries = complete(&mut self.summaries, &page.delivered, at_end);
        let totals = complete(&mut self.totals, &page.delivered, at_end);
        let pairs = page.delivered.iter().zip(&snapshots);
        let mut checked: Vec<_> =
            pairs.filter_map(|(delivered, snapshot)| self.snapshots.push(delivered, snapshot.as_ref())).collect();
        if at_end {
            checked.extend(self.snapshots.finish());
            self.settled = Place::End;
        } else if let Some(last) = summaries.last() {
            // After whatever it may get: the order under way is to be read again from its first event.
            self.settled = Place::After(Position::new(&last.aggregate_id, u64::MAX));
        }
        let tally = Tally {
            commits: summaries.iter().map(|folded| folded.commits).sum(),
            orders: u64::try_from(summaries.len())?,
            ..Tally::default()
        };
        let reached = Reached::Orders { number: usize::try_from(self.number)?, place: self.settled.clone() };
        let mut page = Page::new(reached, tally);
        page.checked_snapshots(checked);
        let Audits { summaries: of_summaries, totals: of_totals, rule, repair, .. } = &self.audits;
        let of_totals = of_totals.as_ref().map(|audits| &audits.contributions);
        let check_totals = OptionFuture::from(of_totals.map(|audit| audit.check(totals)));
        let (summaries, totals) = tokio::join!(of_summaries.check(summaries), check_totals);
        let mut halts = page.checked(summaries?, of_summaries, rule, repair.as_deref()).await?;
        if let Some((totals, audit)) = totals.zip(of_totals) {
            halts.extend(page.checked(totals?, audit, rule, repair.as_deref()).await?);
        }
        page.left_out(halts.into_iter());
        Ok(Some(page))
    }
}

/// The orders that are complete with a page.
fn complete<P>(folding: &mut Folding<P>, delivered: &[Delivered<Event>], at_end: bool) -> Vec<Folded<P>>
where
    P: Projection<Aggregate = Orders>,
{
    let mut complete: Vec<_> = delivered.iter().filter_map(|delivered| folding.push(delivered)).collect();
    if at_end {
        complete.extend(folding.finish());
    }
    complete
}
