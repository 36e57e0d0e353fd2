//! The result of a check: counts and violations.

use std::collections::BTreeMap;

use super::invariant::{Invariant, Violation};

/// The result of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The violations.
    pub violations: Vec<Violation>,
    /// The number of checks of each invariant.
    pub checked: BTreeMap<Invariant, u64>,
    /// The count of each of the [`DEEDS`](super::deeds::DEEDS).
    pub deeds: BTreeMap<String, u64>,
}

impl Findings {
    /// Counts a check of an invariant, and records a violation with the description `what` if it fails.
    pub(super) fn must(&mut self, invariant: Invariant, order: &str, holds: bool, what: impl FnOnce() -> String) {
        *self.checked.entry(invariant).or_default() += 1;
        if !holds {
            self.violations.push(Violation { invariant, order: order.to_owned(), what: what() });
        }
    }

    /// Counts a deed if it was done.
    pub(super) fn did(&mut self, deed: &str, is_done: bool) {
        if is_done {
            *self.deeds.entry(deed.to_owned()).or_default() += 1;
        }
    }
}
