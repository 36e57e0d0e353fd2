//! The `stale` flags of replies to queries.

use serde_json::Value;

use super::book::Book;
use super::findings::{Findings, Invariant};
use super::history::History;
use crate::workload::query::Page;
use crate::world::journal::Waiting;
use crate::world::names::SUMMARY_CONSUMER;

/// Checks the flag of an order that a query showed. The reply is incomplete if the order was parked at a later version.
pub(super) fn of_order(book: &Book<'_>, shown: &Value, page: &Page, findings: &mut Findings) {
    let note = (SUMMARY_CONSUMER, book.order.to_owned());
    let is_ahead = |notes: &Waiting| notes.get(&note).copied() > shown["version"].as_u64();
    check(book.order, shown, page, book.history, is_ahead, findings);
}

/// Checks the flag of a reply. It is set if the reply was incomplete at some time between request and reply, and it is not set if
/// the reply was complete at some time.
pub(super) fn check(
    subject: &str,
    shown: &Value,
    page: &Page,
    history: &History,
    is_incomplete: impl Fn(&Waiting) -> bool,
    findings: &mut Findings,
) {
    let is_stale = shown["stale"] == true;
    let mut notes = history.kept.notes.during(page.began, page.ended);
    let what =
        || format!("the reply at version {} is stale: {is_stale}, and the notes contradict that", shown["version"]);
    findings.must(Invariant::StaleIsSaid, subject, notes.any(|notes| is_incomplete(notes) == is_stale), what);
}
