//! The events' side: folds every order from its first event, and compares the fold with the order's row in each read model
//! and with its snapshots.

use event_store::{DynamoEventStore, Position, ScanRequest, Scope, SnapshotAudit};
use futures_util::future::try_join_all;
use order_aggregate::Orders;
use read_models::OrderAudit;

use super::Verify;
use super::counts::VerifyCounts;
use super::page::{Reached, VerifyPage};
use super::progress::Verification;
use crate::error::OperationError;
use crate::order_count::OrderCount;
use crate::sweep::{Place, SegmentPages};

/// A segment of the events: a page, and the folds of the current order.
pub(super) struct OrderSegment {
    verify: Verify,
    store: DynamoEventStore,
    number: u32,
    of: u32,
    /// A fold for each read model, in the order of the list.
    audits: Vec<Box<dyn OrderAudit>>,
    snapshots: SnapshotAudit<Orders>,
    orders: OrderCount,
    /// The position from which to read on. The current order has been read up to this position.
    reading: Place<Position>,
    /// The position after the complete orders.
    settled: Place<Position>,
}

/// Creates the segments, each from its saved position.
pub(super) fn segments(verify: &Verify, known: &Verification) -> Vec<OrderSegment> {
    let places = known.places_of_orders();
    let of = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let segment = |(number, place): (u32, &Place<Position>)| OrderSegment {
        verify: verify.clone(),
        store: verify.store.clone(),
        number,
        of,
        audits: verify.models.iter().map(|model| model.begin_audit()).collect(),
        snapshots: SnapshotAudit::default(),
        orders: OrderCount::default(),
        reading: place.clone(),
        settled: place.clone(),
    };
    (0..).zip(places).map(segment).collect()
}

impl SegmentPages for OrderSegment {
    type Page = VerifyPage;

    async fn next_page(&mut self) -> Result<Option<VerifyPage>, OperationError> {
        let Some(after) = self.reading.to_read() else { return Ok(None) };
        let after = after.cloned();
        let scope = Scope::Segment { number: self.number, of: self.of };
        let request = ScanRequest { scope, after, recorded: None, consistent: true };
        let (page, snapshots) = self.store.scan_with_snapshots::<Orders>(&request).await?;
        self.reading = Place::after(page.next);
        let mut checked_snapshots = Vec::new();
        for (delivered, snapshot) in page.delivered.iter().zip(&snapshots) {
            self.orders.push(&delivered.id);
            self.audits.iter_mut().for_each(|audit| audit.push(delivered));
            checked_snapshots.extend(self.snapshots.push(delivered, snapshot.as_ref()));
        }
        let is_at_end = self.reading == Place::End;
        if is_at_end {
            self.orders.finish();
            self.audits.iter_mut().for_each(|audit| audit.finish());
            checked_snapshots.extend(self.snapshots.finish());
        }
        let complete = self.orders.take();
        if is_at_end {
            self.settled = Place::End;
        } else if let Some(last) = &complete.last {
            // After every possible version of the last complete order. The current order must be read again from its first
            // event.
            self.settled = Place::After(Position::new(last, u64::MAX));
        }
        let counts = VerifyCounts { commits: complete.commits, orders: complete.orders, ..VerifyCounts::default() };
        let mut page = VerifyPage::new(Reached::Orders { number: self.number, place: self.settled.clone() }, counts);
        page.add_snapshots(checked_snapshots);
        let checked = try_join_all(self.audits.iter_mut().map(|audit| audit.check())).await?;
        let mut unfoldable = Vec::new();
        for (model, checked) in self.verify.models.iter().zip(checked) {
            unfoldable.extend(page.add_checked(checked, model.as_ref(), &self.verify).await?);
        }
        page.add_left_out(unfoldable.into_iter());
        Ok(Some(page))
    }
}
