//! Poison parks its order and no other; once it is mended, nothing is parked.

use std::collections::BTreeSet;

use parked_orders::Consumer;

use super::findings::{Findings, Invariant};
use crate::history::History;

pub(super) fn check(history: &History, findings: &mut Findings) {
    let poisoned: BTreeSet<&String> = history.foreign.iter().map(|(order, _)| order).collect();
    for (consumer, order) in history.parked.keys() {
        let what = || format!("{consumer} has parked it, and nothing is wrong with it");
        findings.must(Invariant::Parked, order, poisoned.contains(order), what);
    }
    // A projector may have lost the record, or be of the release that reads it.
    for order in poisoned.into_iter().filter(|order| !history.given_up.contains(*order)) {
        let is_parked = history.parked.contains_key(&(Consumer::Publisher, order.clone()));
        findings.must(Invariant::Parked, order, is_parked, || "the publisher has not parked it".to_owned());
    }
    for (order, _) in &history.recorded {
        for consumer in Consumer::ALL {
            let is_left = history.left_parked.contains_key(&(consumer, order.clone()));
            findings.must(Invariant::Unparked, order, !is_left, || format!("{consumer} still has it parked"));
        }
    }
}
