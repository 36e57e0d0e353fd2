//! What a reply does not show, because the consumer of the stream that makes it has parked the order.

use http_api::replies::{Stale, SummaryView};
use parked_orders::Parked;

/// The order, marked where it is parked at a version that it has not reached. A note on one that it has is about to be
/// taken away.
pub(crate) fn marked(summary: SummaryView, parked: &[Parked]) -> SummaryView {
    let note = parked.iter().find(|note| note.aggregate_id == summary.order_id && summary.version < note.version);
    SummaryView { stale: note.map(|note| Stale::order(note.version)), ..summary }
}

/// Whether a customer's list lacks anything, seen from one page of it. An order that is not on the page counts: it may
/// be on another, under a status that it has left, or without a row.
pub(crate) fn of_list(items: &[SummaryView], parked: &[Parked]) -> Option<Stale> {
    let shown =
        |note: &Parked| items.iter().any(|order| order.order_id == note.aggregate_id && order.version >= note.version);
    let waiting = parked.iter().filter(|note| !shown(note)).count();
    (waiting > 0).then(|| Stale::list(waiting))
}
