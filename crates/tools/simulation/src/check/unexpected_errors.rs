//! What must not happen while a history is told.

use super::findings::Findings;
use super::history::History;
use super::invariant::Invariant;

pub(super) fn check(history: &History, findings: &mut Findings) {
    for invariant in [Invariant::NoPanic, Invariant::Readable, Invariant::Redriven, Invariant::Repaired] {
        let mishaps = history.mishaps.iter().filter(|mishap| mishap.invariant == invariant);
        findings.must(invariant, "of every kind", mishaps.clone().next().is_none(), || {
            mishaps.map(|mishap| format!("order {}: {}", mishap.order, mishap.what)).collect::<Vec<_>>().join("; ")
        });
    }
}
