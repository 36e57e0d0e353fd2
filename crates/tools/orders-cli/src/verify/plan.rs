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
        "First compares and counts all rows, and writes nothing. Then writes rows that are lost or wrong, and deletes or reduces\n\
         rows without commits in the events table: {most}. If there are more, nothing is changed."
    )
}

/// Describes the rest of a repair.
pub(super) fn of_rest(decision: &Decision) -> String {
    let at = decision.at().map(|at| at.to_string()).unwrap_or_default();
    format!(
        "Continues the repair that was decided at {at}: writes rows that are lost or wrong, and deletes or reduces\n\
         rows without commits in the events table: no more than {} in all runs together.",
        decision.orphans
    )
}

/// Returns the one-line message that rejects a repair.
pub(super) fn refused(refusal: Refusal, events: &str) -> String {
    match refusal {
        Refusal::NoOrders { rows } => format!(
            "{events} has no orders, and the read models have {rows} rows: nothing was changed; use the events table that \
             these rows were folded from"
        ),
        Refusal::TooManyOrphans { orphans, rows } => format!(
            "{orphans} of {rows} rows have no commits in {events}, more than 1 % or {MOST_ORPHANS}: nothing was changed; if \
             {events} is the table of this stack and is restored completely, delete these rows with --delete-orphans {orphans}"
        ),
    }
}

/// Returns the one-line message that rejects the continuation of a repair.
pub(super) fn refused_to_continue(decision: &Decision) -> String {
    let Decision { orphans, rows, .. } = decision;
    format!(
        "the started repair deletes or reduces {orphans} of {rows} rows, more than this call allows: nothing was changed; \
         continue with --delete-orphans {orphans}, or delete the state file to count again"
    )
}
