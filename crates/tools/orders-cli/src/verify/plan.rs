//! The plan of a repair, and the messages that reject it.

use operations::verify::repair::MOST_ORPHANS;
use operations::verify::{Decision, Refusal};

/// Describes a repair, given the number of orphans that the operator allows.
pub(super) fn of_repair(delete_orphans: Option<u64>) -> String {
    let most = delete_orphans.map_or_else(
        || format!("no more than 1 % of the rows and {MOST_ORPHANS}"),
        |allowed| format!("no more than {allowed}"),
    );
    format!(
        "First all rows are compared and counted, and nothing is written. Then rows that are lost or wrong are written.\n\
         Rows without commits in the events table are deleted or taken back: {most}, or nothing is changed."
    )
}

/// Describes the rest of a repair.
pub(super) fn of_rest(decision: &Decision) -> String {
    let at = decision.at().map(|at| at.to_string()).unwrap_or_default();
    format!(
        "The repair that was decided at {at} goes on: rows that are lost or wrong are written.\n\
         Rows without commits in the events table are deleted or taken back: no more than {} in all runs together.",
        decision.orphans
    )
}

/// Returns the one-line message that rejects a repair.
pub(super) fn refused(refusal: Refusal, events: &str) -> String {
    match refusal {
        Refusal::NoOrders { rows } => format!(
            "{events} has no orders, and the read models have {rows} rows: nothing was changed; name the events table that \
             these rows were folded from"
        ),
        Refusal::TooManyOrphans { orphans, rows } => format!(
            "{orphans} of {rows} rows have no commits in {events}, more than 1 % or {MOST_ORPHANS}: nothing was changed; if it is \
             not the table of another stack, nor half restored, delete these rows with --delete-orphans {orphans}"
        ),
    }
}

/// Returns the one-line message that rejects the continuation of a repair.
pub(super) fn refused_to_go_on(refusal: Refusal) -> String {
    let (Refusal::NoOrders { rows } | Refusal::TooManyOrphans { rows, .. }) = refusal;
    let orphans = match refusal {
        Refusal::NoOrders { rows } => rows,
        Refusal::TooManyOrphans { orphans, .. } => orphans,
    };
    format!(
        "the repair that is under way deletes or takes back {orphans} of {rows} rows, more than this call allows: nothing was \
         changed; go on with --delete-orphans {orphans}, or delete the state file to count anew"
    )
}
