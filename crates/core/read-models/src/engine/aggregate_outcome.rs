//! Determines which records of an aggregate are done, and the reasons why the others are not.

use event_store::Poison;

use super::batch::AggregateCommits;
use super::outcome::{Counters, Failure, Outcome, Reason, count};

/// The progress of an aggregate's row.
pub(super) struct AggregateOutcome {
    /// The version of the row when it was read; 0 if it was not read.
    begun: u64,
    /// The version up to which the stored row is known to be folded.
    pub(super) done: u64,
    /// The reasons why the row did not advance further.
    pub(super) stops: Vec<Stop>,
    pub(super) counters: Counters,
}

/// The reason why a version and all later ones are not in the row.
pub(super) struct Stop {
    pub(super) from: u64,
    pub(super) reason: Reason,
}

impl AggregateOutcome {
    /// Creates the progress of a row that is read but not advanced yet.
    pub(super) fn at(version: u64) -> Self {
        Self { begun: version, done: version, stops: Vec::new(), counters: Counters::default() }
    }

    /// Creates the progress of a row that cannot be advanced at all.
    pub(super) fn never(reason: Reason) -> Self {
        Self { stops: vec![Stop { from: 0, reason }], ..Self::at(0) }
    }

    /// Returns true if the stored row was one version behind the first of these commits, and no other writer changed it.
    pub(super) fn follows<E>(&self, commits: &AggregateCommits<E>) -> bool {
        self.begun > 0 && self.begun + 1 == *commits.span().start() && self.counters.superseded == 0
    }

    /// Returns the reason why a version is not in the row.
    fn reason(&self, version: u64) -> Option<&Reason> {
        if version <= self.done {
            return None;
        }
        let stops = self.stops.iter().filter(|stop| stop.from <= version);
        stops.max_by_key(|stop| stop.from).map(|stop| &stop.reason)
    }
}

/// Returns the outcome of the aggregate's records.
pub(super) fn settle<E>(commits: &AggregateCommits<E>, outcome_so_far: &AggregateOutcome) -> Outcome {
    let reached =
        (outcome_so_far.done > 0).then(|| (commits.aggregate_id.clone(), outcome_so_far.done)).into_iter().collect();
    let counters = outcome_so_far.counters;
    let out_of_sequence =
        (!outcome_so_far.follows(commits)).then(|| commits.aggregate_id.clone()).into_iter().collect();
    let mut outcome = Outcome { failed: Vec::new(), reached, out_of_sequence, counters };
    for (&version, slot) in &commits.versions {
        match outcome_so_far.reason(version) {
            Some(reason) => outcome.failed.extend(slot.ids.iter().map(|id| Failure {
                id: id.clone(),
                aggregate_id: Some(commits.aggregate_id.clone()),
                version: Some(version),
                reason: reason.clone(),
            })),
            None => {
                let new = usize::from(version > outcome_so_far.begun);
                outcome.counters.repeats += count(slot.ids.len() - new);
            }
        }
    }
    outcome
}

/// Fails each record that names no aggregate.
pub(super) fn unaddressable(records: Vec<(String, Poison)>) -> Outcome {
    let failed = records.into_iter().map(|(id, Poison { cause, .. })| Failure {
        id,
        aggregate_id: None,
        version: None,
        reason: Reason::Poison { version: None, cause },
    });
    Outcome { failed: failed.collect(), ..Outcome::default() }
}

/// Returns the outcome of commits that do not concern the row. Nothing is read or written for them.
pub(super) fn of_no_concern<E>(commits: &AggregateCommits<E>) -> Outcome {
    let records = commits.versions.values().map(|slot| slot.ids.len()).sum();
    Outcome { counters: Counters { repeats: count(records), ..Counters::default() }, ..Outcome::default() }
}
