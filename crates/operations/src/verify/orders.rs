//! The events' side: folds every order from its first event, and compares the fold with the order's row in each read model
//! and with its snapshots.

use event_store::{Position, ScanRequest, Scope, SnapshotAudit};
use futures_util::future::try_join_all;
use order_aggregate::Orders;
use read_models::{OrderAudit, Segment};

use super::counts::VerifyCounts;
use super::page::{Reached, VerifyPage};
use super::pass::Verify;
use super::progress::Verification;
use crate::error::OperationError;
use crate::sweep::{self, Place, SegmentPages};

/// A segment of the events: a page, and the folds of the current order.
pub(super) struct OrderSegment {
    verify: Verify,
    segment: Segment,
    /// A fold for each read model, in the order of the list.
    audits: Vec<Box<dyn OrderAudit>>,
    snapshots: SnapshotAudit<Orders>,
    /// The number of commits of the current order that have been read.
    commits: u64,
    /// The position from which to read on. The current order has been read up to this position.
    reading: Place<Position>,
    /// The position after the complete orders.
    settled: Place<Position>,
}

/// Creates the segments, each from its saved position.
pub(super) fn segments(verify: &Verify, known: &Verification) -> Vec<OrderSegment> {
    let segment = |segment, place: Place<Position>| OrderSegment {
        verify: verify.clone(),
        segment,
        audits: verify.models.iter().map(|model| model.begin_audit()).collect(),
        snapshots: SnapshotAudit::default(),
        commits: 0,
        reading: place.clone(),
        settled: place,
    };
    sweep::segments(known.places_of_orders(), segment)
}

impl SegmentPages for OrderSegment {
    type Page = VerifyPage;

    async fn next_page(&mut self) -> Result<Option<VerifyPage>, OperationError> {
        let Some(after) = self.reading.to_read() else { return Ok(None) };
        let after = after.cloned();
        let Segment { number, of } = self.segment;
        let scope = Scope::Segment { number, of };
        let request = ScanRequest { scope, after, recorded: None, consistent: true };
        let (page, snapshots) = self.verify.store.scan_with_snapshots::<Orders>(&request).await?;
        self.reading = Place::after(page.next);
        let (mut complete, mut commits) = (Vec::new(), 0);
        for (delivered, snapshot) in page.delivered.iter().zip(&snapshots) {
            self.audits.iter_mut().for_each(|audit| audit.push(delivered));
            if let Some(order) = self.snapshots.push(delivered, snapshot.as_ref()) {
                complete.push(order);
                commits += std::mem::take(&mut self.commits);
            }
            self.commits += 1;
        }
        if self.reading == Place::End {
            self.audits.iter_mut().for_each(|audit| audit.finish());
            complete.extend(self.snapshots.finish());
            commits += std::mem::take(&mut self.commits);
            self.settled = Place::End;
        } else if let Some(last) = complete.last() {
            // After every possible version of the last complete order. The current order must be read again from its first
            // event.
            self.settled = Place::After(Position::new(&last.aggregate_id, u64::MAX));
        }
        let orders = u64::try_from(complete.len()).unwrap_or(u64::MAX);
        let counts = VerifyCounts { commits, orders, ..VerifyCounts::default() };
        let reached = Reached::Orders { number, place: self.settled.clone() };
        let mut page = VerifyPage::new(&self.verify.rules, reached, counts);
        page.add_snapshots(complete);
        let checked = try_join_all(self.audits.iter_mut().map(|audit| audit.check())).await?;
        let mut unfoldable = Vec::new();
        for (model, checked) in self.verify.models.iter().zip(checked) {
            unfoldable.extend(page.add_checked(checked, model.as_ref()).await?);
        }
        page.add_left_out(unfoldable.into_iter());
        Ok(Some(page))
    }
}
