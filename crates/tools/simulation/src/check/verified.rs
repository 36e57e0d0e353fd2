//! Verifications: they report no late row as lost, and find a snapshot that was replaced.

use super::findings::Findings;
use super::history::{History, ReplacedSnapshot};
use super::invariant::Invariant;
use crate::world::unexpected_errors::Work;

pub(super) fn check(history: &History, findings: &mut Findings) {
    let errors = history.unexpected_errors.iter().filter(|error| error.work == Work::Verification);
    let failed = errors.map(|error| error.error.clone());
    if let Some(lost) = &history.called_lost {
        let what: Vec<String> = lost.iter().cloned().chain(failed).collect();
        findings.must(Invariant::LateIsNotLost, "of every kind", what.is_empty(), || what.join("; "));
    }
    if let Some(ReplacedSnapshot { at, found }) = &history.replaced {
        let is_found = std::slice::from_ref(at) == found.as_slice();
        findings.must(Invariant::WrongSnapshotIsFound, &at.0, is_found, || {
            format!("the snapshot of version {} was replaced, and the verification found {found:?}", at.1)
        });
    }
}
