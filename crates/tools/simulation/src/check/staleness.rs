//! The `stale` flag of an order that a query shows.

use serde_json::Value;

use super::findings::Findings;
use super::history::History;
use super::invariant::Invariant;
use crate::workload::inquiry::Page;
use crate::world::journal::Waiting;
use crate::world::names::SUMMARY_CONSUMER;

/// Checks the flag of an order. It is set if the order was parked at a later version than the shown one at some time between request
/// and reply, and it is not set if the order was not parked so at some time.
pub(super) fn stale(order: &str, shown: &Value, page: &Page, history: &History, findings: &mut Findings) {
    let version = shown["version"].as_u64().unwrap_or_default();
    let note = (SUMMARY_CONSUMER, order.to_owned());
    let is_ahead = |notes: &Waiting| notes.get(&note).is_some_and(|held_up_to| *held_up_to > version);
    let mut notes = history.kept.notes.during(page.began, page.ended);
    let is_stale = shown["stale"] == true;
    let what = || format!("it is shown at version {version}, stale: {is_stale}, and its note contradicts that");
    findings.must(Invariant::StaleIsSaid, order, notes.any(|notes| is_ahead(notes) == is_stale), what);
}
