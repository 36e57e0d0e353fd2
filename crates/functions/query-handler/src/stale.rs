//! What a reply does not show, because the consumer of the stream that makes it has parked the order.

use http_api::replies::{Stale, SummaryView};
use parked_orders::{Consumer, ParkedError, ParkedOrder};
use read_models::{CustomerTotals, OrderSummaryByCustomer, Projection};

/// The summaries as a consumer of the stream.
pub(crate) static SUMMARY_CONSUMER: Consumer = Consumer::new(OrderSummaryByCustomer::NAME);
/// The totals as a consumer of the stream.
pub(crate) static TOTALS_CONSUMER: Consumer = Consumer::new(CustomerTotals::NAME);

/// What is known of a parked order.
#[derive(Debug)]
pub(crate) enum Note {
    /// The version that could not be processed, the last one that is known to wait, and whose they are.
    At { order_id: String, version: u64, held_up_to: u64 },
    /// The note cannot be read. It may say anything, so its order counts as stale.
    Unreadable { order_id: String },
}

/// A note, be it readable or not.
///
/// # Errors
/// When the notes themselves cannot be had.
pub(crate) fn note(parked: Result<ParkedOrder, ParkedError>) -> Result<Note, ParkedError> {
    match parked {
        Ok(parked) => {
            Ok(Note::At { order_id: parked.aggregate_id, version: parked.version, held_up_to: parked.held_up_to })
        }
        Err(ParkedError::Unreadable { consumer, aggregate_id: order_id, problem }) => {
            tracing::error!(order_id, consumer, problem, "counts as stale: the note on the order cannot be read");
            Ok(Note::Unreadable { order_id })
        }
        Err(error @ (ParkedError::Unavailable { .. } | ParkedError::Refused { .. })) => Err(error),
    }
}

/// The order, marked where it is parked and has not reached all that waits. To have passed what could not be processed is
/// not enough: what waited behind it has left the stream. A note on an order that has caught up is about to be taken away.
pub(crate) fn marked(summary: SummaryView, parked: &[Note]) -> SummaryView {
    let stale = parked.iter().find(|note| note.is_of(&summary) && note.is_ahead_of(&summary)).map(|note| match note {
        Note::At { version, .. } if summary.version < *version => Stale::order(*version),
        Note::At { .. } => Stale::order_behind(summary.version.saturating_add(1)),
        Note::Unreadable { .. } => Stale::list(1),
    });
    SummaryView { stale, ..summary }
}

/// Whether a customer's list lacks anything, seen from one page of it. An order that is not on the page counts: it may
/// be on another, under a status that it has left, or without a row.
pub(crate) fn of_list(items: &[SummaryView], parked: &[Note]) -> Option<Stale> {
    let shown = |note: &Note| items.iter().any(|order| note.is_of(order) && !note.is_ahead_of(order));
    let waiting = parked.iter().filter(|note| !shown(note)).count();
    (waiting > 0).then(|| Stale::list(waiting))
}

impl Note {
    fn is_of(&self, order: &SummaryView) -> bool {
        match self {
            Self::At { order_id, .. } | Self::Unreadable { order_id } => *order_id == order.order_id,
        }
    }

    /// Whether an order that is shown lacks what is noted.
    fn is_ahead_of(&self, order: &SummaryView) -> bool {
        match self {
            Self::At { held_up_to, .. } => order.version < *held_up_to,
            Self::Unreadable { .. } => true,
        }
    }
}
