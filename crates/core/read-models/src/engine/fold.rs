//! The fold of one aggregate in a batch, and the result of writing its row.

use event_store::EventStore;
use event_store::store::chain;

use super::batch::Portion;
use super::outcome::{Outcome, Reason};
use super::progress::Progress;
use super::settle::{self, Halt, Settled};
use crate::projection::{EventOf, Projection, RowKey};
use crate::row_error::RowError;
use crate::row_store::{NewRow, Write};

/// The fold of one aggregate's commits in a batch.
pub(super) struct Fold<'a, P: Projection, S> {
    pub(super) portion: &'a Portion<EventOf<P>>,
    pub(super) settled: Settled,
    /// The row and its key, as long as a write may be needed.
    pub(super) open: Option<(RowKey, Progress<'a, P, S>)>,
}

impl<'a, P: Projection, S: EventStore<P::Aggregate>> Fold<'a, P, S> {
    /// Creates the fold of an aggregate whose row cannot be folded at all.
    pub(super) fn never(portion: &'a Portion<EventOf<P>>, reason: Reason) -> Self {
        Self { portion, settled: Settled::never(reason), open: None }
    }

    /// Returns the row to write; `None` if the stored row has the same version.
    pub(super) fn unwritten(&mut self) -> Option<(&mut Self, NewRow<P::Row>)> {
        let done = self.settled.done;
        let (key, progress) = self.open.as_ref().filter(|(_, progress)| progress.version > done)?;
        let row = progress.row.clone()?;
        let (version, position) = (progress.row_version, progress.version);
        let row = NewRow { key: key.clone(), version, position, row };
        Some((self, row))
    }

    /// Applies the result of a write. If a row of an older number is at a later version, folds on to that version.
    pub(super) async fn ended(&mut self, written: Result<Write, RowError>) {
        let Some((_, progress)) = &mut self.open else { return };
        let counters = &mut self.settled.counters;
        match written {
            Ok(Write::Written) => {
                counters.rows_written += 1;
                self.settled.done = progress.version;
            }
            // A row depends on its version alone, so the row with the higher version is correct.
            Ok(Write::Superseded { version }) => {
                counters.superseded += 1;
                self.settled.done = progress.version.max(version);
            }
            Ok(Write::Behind { version }) if version <= progress.version => {
                let cause = "the row of an older release cannot be replaced".to_owned();
                self.halt(Reason::Unavailable { cause });
            }
            Ok(Write::Behind { version }) => {
                if let Err(reason) = progress.repair(version).await {
                    self.halt(reason);
                }
            }
            Ok(Write::NewerProjection) => self.halt(Reason::NewerProjection),
            Err(error @ (RowError::Unavailable { .. } | RowError::Refused { .. } | RowError::OutOfTime)) => {
                self.halt(Reason::Unavailable { cause: chain(&error) });
            }
            // The row does not fit the stored data, and no retry changes that.
            Err(error @ (RowError::Unreadable { .. } | RowError::Unwritable { .. })) => {
                self.halt(Reason::Poison { version: Some(self.settled.done + 1), cause: chain(&error) });
            }
        }
    }

    /// Returns true if a write may be needed.
    pub(super) fn is_open(&self) -> bool {
        self.open.as_ref().is_some_and(|(_, progress)| progress.version > self.settled.done)
    }

    /// Abandons the row: the stored row stays as it is.
    pub(super) fn halt(&mut self, reason: Reason) {
        self.settled.halts.push(Halt { from: self.settled.done + 1, reason });
        self.close();
    }

    fn close(&mut self) {
        if let Some((_, progress)) = self.open.take() {
            self.settled.counters.gaps_repaired = progress.gaps_repaired;
        }
    }

    /// Returns the outcome for the aggregate's records.
    pub(super) fn outcome(&self) -> Outcome {
        let mut outcome = settle::settle(self.portion, &self.settled);
        if let Some((_, progress)) = &self.open {
            outcome.counters.gaps_repaired = progress.gaps_repaired;
        }
        outcome
    }
}
