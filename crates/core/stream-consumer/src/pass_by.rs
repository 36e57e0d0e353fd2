//! Records that name no order. They are noted, and then skipped.
//!
//! No retry can process such a record, and there is no order to park for it. So the shard continues once the record is
//! noted for an operator. A record that cannot be noted is retried, until the stream deletes it after a day.

use std::time::Instant;

use event_store::store::chain;
use futures_util::stream::{self, StreamExt as _};
use parked_orders::{ParkedError, ParkedOrderTable, UnaddressableRecord};

/// The number of notes written at once.
const AT_ONCE: usize = 16;

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
    let noted = match until {
        Some(until) if Instant::now() >= until => None,
        Some(_) | None => Some(notes.note_unaddressable(function, record).await),
    };
    log(function, record, noted.as_ref());
    if matches!(noted, Some(Ok(()))) { None } else { Some(record.sequence_number.clone().unwrap_or_default()) }
}

/// Writes a record to the log. `noted` is `None` if no time was left to note it.
fn log(function: &str, record: &UnaddressableRecord, noted: Option<&Result<(), ParkedError>>) {
    let not_noted = match noted {
        Some(Ok(())) => None,
        Some(Err(error)) => Some(chain(error)),
        None => Some("out of time".to_owned()),
    };
    tracing::error!(
        poison = true,
        parked = false,
        unaddressable = true,
        noted = not_noted.is_none(),
        consumer = function,
        sequence_number = record.sequence_number,
        event_id = record.event_id,
        key = record.key,
        reason = record.reason,
        not_noted,
        "a record names no order: it is passed by once it is noted"
    );
}
