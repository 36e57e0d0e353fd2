//! The staleness of a reply: the consumer that makes its rows has parked an order, so the reply may lack events.

use http_api::replies::{Stale, SummaryView};
use parked_orders::{Consumer, ParkedError, ParkedOrder};
use read_models::{CustomerTotals, OrderSummaryByCustomer, OrdersByStatus, Projection};

/// The summaries as a consumer of the stream.
pub(crate) static SUMMARY_CONSUMER: Consumer = Consumer::new(OrderSummaryByCustomer::NAME);
/// The totals as a consumer of the stream.
pub(crate) static TOTALS_CONSUMER: Consumer = Consumer::new(CustomerTotals::NAME);
/// The open orders as a consumer of the stream.
pub(crate) static OPEN_ORDERS_CONSUMER: Consumer = Consumer::new(OrdersByStatus::NAME);

/// The content of a note on a parked order.
#[derive(Debug)]
pub(crate) enum Note {
    /// The version that could not be processed, the last version that is known to wait, and the order of both.
    At { order_id: String, version: u64, held_up_to: u64 },
    /// The note cannot be read. Its content is unknown, so its order counts as stale.
    Unreadable { order_id: String },
}

/// Converts a note on a parked order, which may be unreadable.
///
/// # Errors
/// When the table of notes cannot be read.
pub(crate) fn note(parked: Result<ParkedOrder, ParkedError>) -> Result<Note, ParkedError> {
    match parked {
        Ok(parked) => {
            Ok(Note::At { order_id: parked.aggregate_id, version: parked.version, held_up_to: parked.held_up_to })
        }
        Err(ParkedError::Unreadable { consumer, aggregate_id: order_id, problem }) => {
            tracing::error!(order_id, consumer, problem, "counts as stale: the note on the order cannot be read");
            Ok(Note::Unreadable { order_id })
        }
        Err(error @ ParkedError::Table(_)) => Err(error),
    }
}

/// Marks the order as stale if it is parked and has not reached every waiting version. Passing the version that could not
/// be processed is not enough, because the records that waited behind it have left the stream. A note on an order that has
/// caught up will be deleted soon.
pub(crate) fn marked(summary: SummaryView, parked: &[Note]) -> SummaryView {
    let stale = parked.iter().find(|note| note.is_of(&summary) && note.is_ahead_of(&summary)).map(|note| match note {
        Note::At { version, .. } if summary.version < *version => Stale::order(*version),
        Note::At { .. } => Stale::order_behind(summary.version.saturating_add(1)),
        Note::Unreadable { .. } => Stale::list(1),
    });
    SummaryView { stale, ..summary }
}

/// Returns the staleness of a customer's list, computed for one of its pages. Parked orders that are not on the page count
/// too: they may be on another page, have a status that is no longer current, or have no row.
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

    /// Returns true if the note has a version that the order in the reply lacks.
    fn is_ahead_of(&self, order: &SummaryView) -> bool {
        match self {
            Self::At { held_up_to, .. } => order.version < *held_up_to,
            Self::Unreadable { .. } => true,
        }
    }
}
