//! The events' side: every order is folded from its first event, and compared with its row.

use event_store::{DynamoEventStore, Position, ScanRequest, Scope};
use order_store::Orders;
use read_model::{Folded, Folding, OrderSummaryByCustomer};

use super::SummaryAudit;
use super::state::{Page, Reached, Tally};
use crate::sweep::{Place, Segment};

/// A segment of the events. It holds a page, and the fold of the order under way.
pub(super) struct OrdersOf {
    store: DynamoEventStore,
    audit: SummaryAudit,
    repair: bool,
    number: u32,
    of: u32,
    folding: Folding<OrderSummaryByCustomer>,
    /// Where to read on; the order under way has been read this far.
    reading: Place<Position>,
    /// What is settled: the orders that are complete.
    settled: Place<Position>,
}

/// The segments, each from where it is.
pub(super) fn segments(
    store: &DynamoEventStore,
    audit: &SummaryAudit,
    repair: bool,
    places: &[Place<Position>],
) -> Vec<OrdersOf> {
    let of = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let segment = |(number, place): (u32, &Place<Position>)| OrdersOf {
        store: store.clone(),
        audit: audit.clone(),
        repair,
        number,
        of,
        folding: Folding::default(),
        reading: place.clone(),
        settled: place.clone(),
    };
    (0..).zip(places).map(segment).collect()
}

impl Segment for OrdersOf {
    type Page = Page;

    async fn page(&mut self) -> anyhow::Result<Option<Page>> {
        let after = match &self.reading {
            Place::Beginning => None,
            Place::After(position) => Some(position.clone()),
            Place::End => return Ok(None),
        };
        let scope = Scope::Segment { number: self.number, of: self.of };
        let request = ScanRequest { scope, after, recorded: None, consistent: true };
        let page = self.store.scan::<Orders>(&request).await?;
        let mut complete: Vec<Folded<_>> =
            page.delivered.iter().filter_map(|delivered| self.folding.push(delivered)).collect();
        self.reading = Place::after(page.next);
        if self.reading == Place::End {
            complete.extend(self.folding.finish());
            self.settled = Place::End;
        } else if let Some(last) = complete.last() {
            // After whatever it may get: the order under way is to be read again from its first event.
            self.settled = Place::After(Position::new(&last.aggregate_id, u64::MAX));
        }
        let tally = Tally {
            commits: complete.iter().map(|folded| folded.commits).sum(),
            orders: u64::try_from(complete.len())?,
            ..Tally::default()
        };
        let checked = self.audit.check(complete).await?;
        let reached = Reached::Orders { number: usize::try_from(self.number)?, place: self.settled.clone() };
        let mut page = Page::new(reached, tally);
        page.found(checked.findings, &self.audit, self.repair).await?;
        page.left_out(checked.halts);
        Ok(Some(page))
    }
}
