//! The fold of one aggregate in a batch, and the result of writing its row.

use event_store::EventStore;
use event_store::store::chain;

use super::aggregate_outcome::{self, AggregateOutcome, Stop};
use super::batch::AggregateCommits;
use super::outcome::{Outcome, Reason};
use super::progress::Progress;
use crate::projection::{EventOf, Projection, RowKey};
use crate::row_error::RowError;
use crate::row_store::{NewRow, Write};

/// The fold of one aggregate's commits in a batch.
pub(super) struct Fold<'a, P: Projection, S> {
    pub(super) commits: &'a AggregateCommits<EventOf<P>>,
    pub(super) outcome_so_far: AggregateOutcome,
    /// The row and its key, as long as a write may be needed.
    pub(super) open: Option<(RowKey, Progress<'a, P, S>)>,
}

impl<'a, P: Projection, S: EventStore<P::Aggregate>> Fold<'a, P, S> {
    /// Creates the fold of an aggregate whose row cannot be folded at all.
    pub(super) fn never(commits: &'a AggregateCommits<EventOf<P>>, reason: Reason) -> Self {
        Self { commits, outcome_so_far: AggregateOutcome::never(reason), open: None }
    }

    /// Returns the row to write; `None` if the stored row has the same version.
    pub(super) fn unwritten(&mut self) -> Option<(&mut Self, NewRow<P::Row>)> {
        let done = self.outcome_so_far.done;
        let (key, progress) = self.open.as_ref().filter(|(_, progress)| progress.version > done)?;
        let row = progress.row.clone()?;
        let (version, position) = (progress.row_version, progress.version);
        let row = NewRow { key: key.clone(), version, position, row };
        Some((self, row))
    }

    /// Applies the result of a write. If a row of an older number is at a later version, folds on to that version.
    pub(super) async fn ended(&mut self, written: Result<Write, RowError>) {
        let Some((_, progress)) = &mut self.open else { return };
        let counters = &mut self.outcome_so_far.counters;
        match written {
            Ok(Write::Written) => {
                counters.rows_written += 1;
                self.outcome_so_far.done = progress.version;
            }
            // A row depends on its version alone, so the row with the higher version is correct.
            Ok(Write::Superseded { version }) => {
                counters.superseded += 1;
                self.outcome_so_far.done = progress.version.max(version);
            }
            Ok(Write::Behind { version }) if version <= progress.version => {
                let cause = "the row of an older release cannot be replaced".to_owned();
                self.stop(Reason::Unavailable { cause });
            }
            Ok(Write::Behind { version }) => {
                if let Err(reason) = progress.repair(version).await {
                    self.stop(reason);
                }
            }
            Ok(Write::NewerProjection) => self.stop(Reason::NewerProjection),
            Err(error @ (RowError::Table(_) | RowError::OutOfTime)) => {
                self.stop(Reason::Unavailable { cause: chain(&error) });
            }
            // The row does not fit the stored data, and no retry changes that.
            Err(error @ (RowError::Unreadable { .. } | RowError::Unwritable { .. })) => {
                self.stop(Reason::Poison { version: Some(self.outcome_so_far.done + 1), cause: chain(&error) });
            }
        }
    }

    /// Returns the key of the row, if it was one version behind the batch and poison stopped the fold.
    pub(super) fn stopped_by_poison(&self) -> Option<&RowKey> {
        let is_poison = |stop: &Stop| matches!(stop.reason, Reason::Poison { .. });
        let is_stopped = self.outcome_so_far.follows(self.commits) && self.outcome_so_far.stops.iter().any(is_poison);
        self.open.as_ref().filter(|_| is_stopped).map(|(key, _)| key)
    }

    /// Returns true if a write may be needed.
    pub(super) fn is_open(&self) -> bool {
        self.open.as_ref().is_some_and(|(_, progress)| progress.version > self.outcome_so_far.done)
    }

    /// Abandons the row: the stored row stays as it is.
    pub(super) fn stop(&mut self, reason: Reason) {
        self.outcome_so_far.stops.push(Stop { from: self.outcome_so_far.done + 1, reason });
        self.close();
    }

    fn close(&mut self) {
        if let Some((_, progress)) = self.open.take() {
            self.outcome_so_far.counters.gaps_repaired = progress.gaps_repaired;
        }
    }

    /// Returns the outcome for the aggregate's records.
    pub(super) fn outcome(&self) -> Outcome {
        let mut outcome = aggregate_outcome::settle(self.commits, &self.outcome_so_far);
        if let Some((_, progress)) = &self.open {
            outcome.counters.gaps_repaired = progress.gaps_repaired;
        }
        outcome
    }
}
