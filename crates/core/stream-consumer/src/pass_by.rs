//! Records that name no order. They are noted, and then skipped.
//!
//! No retry can process such a record, and there is no order to park for it. So the shard continues once the record is
//! noted for an operator. A record that cannot be noted is retried, until the stream deletes it after a day.

use std::time::Instant;

use event_store::store::chain;
use futures_util::stream::{self, StreamExt as _};
use parked_orders::{ParkedOrderTable, UnaddressableRecord};

use crate::order_parking::{AT_ONCE, begin_before};

/// Notes the records that name no order on behalf of `function`, which skips them. Returns the names of those that
/// could not be noted and must be retried. No write of a note begins after `until`.
pub async fn pass_by(
    records: &[UnaddressableRecord],
    function: &str,
    notes: &ParkedOrderTable,
    until: Option<Instant>,
) -> Vec<String> {
    let notes: Vec<_> = records.iter().map(|record| note(record, function, notes, until)).collect();
    stream::iter(notes).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

/// Notes a record, or returns its name if that fails.
async fn note(
    record: &UnaddressableRecord,
    function: &str,
    notes: &ParkedOrderTable,
    until: Option<Instant>,
) -> Option<String> {
    let noted = begin_before(until, notes.note_unaddressable(function, record)).await;
    tracing::error!(
        poison = true,
        parked = false,
        unaddressable = true,
        noted = noted.is_ok(),
        consumer = function,
        sequence_number = record.sequence_number,
        event_id = record.event_id,
        key = record.key,
        reason = record.reason,
        not_noted = noted.as_ref().err().map(|error| chain(error)),
        "a record names no order: it is skipped once it is noted"
    );
    noted.is_err().then(|| record.sequence_number.clone().unwrap_or_default())
}
