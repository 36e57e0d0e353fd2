//! What must hold, how often it was looked at, and what does not.

use std::collections::BTreeMap;

use super::invariant::{Invariant, Violation};

/// What a check came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What does not hold.
    pub violations: Vec<Violation>,
    /// How often each invariant was looked at.
    pub checked: BTreeMap<Invariant, u64>,
    /// The times that each of [`DEEDS`](super::DEEDS) was done.
    pub deeds: BTreeMap<&'static str, u64>,
}

impl Findings {
    /// Looks at one thing: where it does not hold, `what` says what is there instead.
    pub(super) fn must(&mut self, invariant: Invariant, order: &str, holds: bool, what: impl FnOnce() -> String) {
        *self.checked.entry(invariant).or_default() += 1;
        if !holds {
            self.violations.push(Violation { invariant, order: order.to_owned(), what: what() });
        }
    }

    /// Counts a deed that was done.
    pub(super) fn did(&mut self, deed: &'static str, is_done: bool) {
        if is_done {
            *self.deeds.entry(deed).or_default() += 1;
        }
    }
}
