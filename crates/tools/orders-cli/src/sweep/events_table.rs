//! The messages that reject tables that do not belong together.

use operations::events_table::{Mismatch, Remembered, Stranger};
use read_models::EventsTable;

use super::state::Tables;

/// The remedy at the end of each message.
const REMEDY: &str = "or, after a restore, adopt this one with `orders rebuild --adopt-events`";

/// Returns a one-line error if a read model was folded from another table of events.
pub(crate) fn mismatch(remembered: &Remembered, events: &str, events_id: Option<&str>) -> Option<String> {
    let Mismatch { target, remembered: EventsTable { id, name } } = remembered.mismatches(events_id).next()?;
    Some(match events_id {
        Some(own) => format!(
            "{target} was folded from the events table {name} ({id}), and not from {events} ({own}): nothing was changed; use \
             the events table that it was folded from, {REMEDY}"
        ),
        None => format!(
            "{target} was folded from the events table {name} ({id}), and the id of {events} cannot be read: nothing was \
             changed; grant dynamodb:DescribeTable"
        ),
    })
}

/// Returns a one-line error if a read model was folded from another table of events, or if it remembers none and its rows do
/// not match.
pub(crate) async fn refusal(remembered: &Remembered, tables: &Tables) -> anyhow::Result<Option<String>> {
    if let Some(mismatch) = mismatch(remembered, &tables.events, tables.events_id.as_deref()) {
        return Ok(Some(mismatch));
    }
    let stranger = remembered.stranger().await?.map(|Stranger { target, looked_up, without_commits }| {
        format!(
            "{without_commits} of the first {looked_up} rows of {target} have no commits in {}: nothing was changed; use the \
             events table that they were folded from, {REMEDY}",
            tables.events
        )
    });
    Ok(stranger)
}

/// Returns the lines of a plan that list the tables which the adoption replaces; empty if none changes.
pub(crate) fn adoption(remembered: &Remembered, tables: &Tables) -> String {
    let line = |Mismatch { target, remembered: EventsTable { id, name } }: Mismatch| {
        format!("{target} was folded from {name} ({id}), and adopts {}.\n", tables.events)
    };
    remembered.mismatches(tables.events_id.as_deref()).map(line).collect()
}
