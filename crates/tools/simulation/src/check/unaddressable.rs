//! Unaddressable records: each is noted for the operator, and stops no shard.

use super::findings::{Findings, Invariant};
use super::history::History;

pub(super) fn check(history: &History, findings: &mut Findings) {
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
