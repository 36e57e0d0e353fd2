//! A segment of the events table, and its projection into rows.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use event_store::{DynamoEventStore, Position, ScanRequest, Scope};
use futures_util::future::join_all;
use order_aggregate::Orders;
use read_models::{Failure, ReadModel, ReadModels, Reason, Segment};
use tokio::sync::Mutex;

use super::{RebuildCounts, SegmentProgress};
use crate::error::OperationError;
use crate::sweep::{self, Place, SegmentPages};

/// A segment of the events table.
pub struct RebuildSegment {
    store: DynamoEventStore,
    models: ReadModels,
    segment: Segment,
    progress: SegmentProgress,
    /// Held while a read model with sums is projected. The segments change the sums of the same customers, and a segment whose
    /// sums were changed meanwhile would have to read and write them again.
    sums: Arc<Mutex<()>>,
}

/// The result of a page.
pub struct RebuildPage {
    pub(super) number: u32,
    pub(super) progress: SegmentProgress,
    pub(super) counts: RebuildCounts,
    /// The orders that were left out, with the reasons.
    pub left_out: Vec<String>,
}

/// Creates the segments of the events table, each from its saved position.
pub fn segments(store: &DynamoEventStore, models: &ReadModels, progress: &[SegmentProgress]) -> Vec<RebuildSegment> {
    let sums = Arc::default();
    let segment = |segment, progress| {
        let (store, models, sums) = (store.clone(), models.clone(), Arc::clone(&sums));
        RebuildSegment { store, models, segment, progress, sums }
    };
    sweep::segments(progress, segment)
}

impl SegmentPages for RebuildSegment {
    type Page = RebuildPage;

    async fn next_page(&mut self) -> Result<Option<RebuildPage>, OperationError> {
        let Some(after) = self.progress.place.to_read() else { return Ok(None) };
        let after = after.cloned();
        let begun_before = after.as_ref().map(order_of);
        let Segment { number, of } = self.segment;
        let request = ScanRequest {
            scope: Scope::Segment { number, of },
            after,
            recorded: None,
            // A commit that was acknowledged before the rebuild started must not be missed.
            consistent: true,
        };
        let page = self.store.scan::<Orders>(&request).await?;
        let orders: HashSet<&str> = page.delivered.iter().map(|delivered| order_in(&delivered.id)).collect();
        let is_continued = begun_before.as_ref().is_some_and(|order| orders.contains(order.as_str()));
        let mut counts = RebuildCounts {
            commits: count(page.delivered.len()),
            orders: count(orders.len()).saturating_sub(u64::from(is_continued)),
            ..RebuildCounts::default()
        };

        let project = async |model: &Arc<dyn ReadModel>| {
            let _alone = if model.sums().is_some() { Some(self.sums.lock().await) } else { None };
            model.project(page.delivered.clone(), None).await
        };
        let outcomes = join_all(self.models.iter().map(project)).await;
        let mut failed = Vec::new();
        for (model, outcome) in self.models.iter().zip(outcomes) {
            counts.rows_written.insert(model.name().to_owned(), outcome.counters.rows_written);
            failed.extend(outcome.failed);
        }
        let (left_out, newer) = held_back(failed)?;
        counts.newer = newer;
        let known = begun_before.filter(|_| self.progress.left_out);
        let new = left_out.iter().filter(|(order, _)| Some(*order) != known.as_ref());
        let new: Vec<String> = new.map(|(order, reason)| format!("order {order} is left out: {reason}")).collect();
        counts.left_out = count(new.len());
        self.progress.left_out = page.next.as_ref().is_some_and(|last| left_out.contains_key(&order_of(last)));
        self.progress.place = Place::after(page.next);
        Ok(Some(RebuildPage { number, progress: self.progress.clone(), counts, left_out: new }))
    }
}

/// Returns the orders whose rows could not be updated: those with poison, and the number of those whose rows belong to a
/// newer release.
///
/// # Errors
/// Returns an error if a row could not be written and a retry can help.
fn held_back(failed: Vec<Failure>) -> Result<(BTreeMap<String, Reason>, u64), OperationError> {
    let (mut left_out, mut newer) = (BTreeMap::new(), BTreeSet::new());
    for failure in failed {
        let order = failure.aggregate_id.unwrap_or(failure.id);
        match failure.reason {
            Reason::Unavailable { cause } => return Err(OperationError::RowNotWritten { order, cause }),
            Reason::NewerProjection => _ = newer.insert(order),
            reason @ Reason::Poison { .. } => _ = left_out.entry(order).or_insert(reason),
        }
    }
    Ok((left_out, count(newer.len())))
}

/// Returns the order of a position.
fn order_of(position: &Position) -> String {
    order_in(&position.to_string()).to_owned()
}

/// Returns the order in `<orderId>@<version>`.
fn order_in(id: &str) -> &str {
    id.rsplit_once('@').map_or(id, |(order, _)| order)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
