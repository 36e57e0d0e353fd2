//! Checks that no unexpected error was recorded.

use super::findings::Findings;
use super::history::History;
use super::invariant::Invariant;
use crate::world::unexpected_errors::Work;

/// The invariant that an error in each kind of work violates; `verified` checks verifications.
const CHECKED: [(Invariant, Work); 4] = [
    (Invariant::NoPanic, Work::Invocation),
    (Invariant::Readable, Work::Read),
    (Invariant::Redriven, Work::Redrive),
    (Invariant::Repaired, Work::Repair),
];

pub(super) fn check(history: &History, findings: &mut Findings) {
    for (invariant, work) in CHECKED {
        let errors = history.unexpected_errors.iter().filter(|error| error.work == work);
        findings.must(invariant, "of every kind", errors.clone().next().is_none(), || {
            errors.map(|error| format!("order {}: {}", error.order, error.error)).collect::<Vec<_>>().join("; ")
        });
    }
}
