//! The operator's work: no unexpected error was recorded, verifications report no late row as lost and find a snapshot that was
//! replaced, and unaddressable records are noted.

use super::findings::{Findings, Invariant};
use super::history::{History, ReplacedSnapshot};
use crate::world::unexpected_errors::Work;

/// The invariant that an error in each kind of work violates. Verifications are checked only if there was one.
const CHECKED: [(Invariant, Work); 4] = [
    (Invariant::NoPanic, Work::Invocation),
    (Invariant::Readable, Work::Read),
    (Invariant::Redriven, Work::Redrive),
    (Invariant::Repaired, Work::Repair),
];

pub(super) fn check(history: &History, findings: &mut Findings) {
    unaddressable(history, findings);
    let mut none = |invariant, errors: Vec<String>| {
        findings.must(invariant, "of every kind", errors.is_empty(), || errors.join("; "));
    };
    let errors = |work| {
        let of_work = history.unexpected_errors.iter().filter(move |error| error.work == work);
        of_work.map(|error| format!("order {}: {}", error.order, error.error))
    };
    for (invariant, work) in CHECKED {
        none(invariant, errors(work).collect());
    }
    if let Some(lost) = &history.called_lost {
        none(Invariant::LateIsNotLost, lost.iter().cloned().chain(errors(Work::Verification)).collect());
    }
    if let Some(ReplacedSnapshot { at, found }) = &history.replaced {
        let is_found = std::slice::from_ref(at) == found.as_slice();
        findings.must(Invariant::WrongSnapshotIsFound, &at.0, is_found, || {
            format!("the snapshot of version {} was replaced, and the verification found {found:?}", at.1)
        });
    }
}

/// Each unaddressable record is noted for the operator, and stops no shard.
fn unaddressable(history: &History, findings: &mut Findings) {
    let unaddressable = &history.unaddressable;
    for (name, function) in &unaddressable.delivered {
        let what = || format!("the {function} still retries the record {name}");
        findings.must(Invariant::PassedBy, name, !unaddressable.left.contains(name), what);
        let noted_by = unaddressable.notes.get(name);
        let is_noted = noted_by.is_some_and(|functions| functions.iter().eq([function]));
        findings.must(Invariant::Noted, name, is_noted, || {
            format!("it is noted by {noted_by:?} and not by the {function}")
        });
    }
}
