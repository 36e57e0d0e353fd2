//! One aggregate of a batch: its fold, and how the write of its row ended.

use event_store::EventStore;
use event_store::store::chain;

use super::batch::Portion;
use super::outcome::{Outcome, Reason};
use super::progress::Progress;
use super::settle::{self, Halt, Settled};
use crate::projection::{EventOf, Projection, RowKey};
use crate::row_error::RowError;
use crate::row_store::{NewRow, Write};

/// One aggregate's part of a batch, folded.
pub(super) struct Fold<'a, P: Projection, S> {
    pub(super) portion: &'a Portion<EventOf<P>>,
    pub(super) settled: Settled,
    /// The row and its key, as long as there may be something to write.
    pub(super) open: Option<(RowKey, Progress<'a, P, S>)>,
}

impl<'a, P: Projection, S: EventStore<P::Aggregate>> Fold<'a, P, S> {
    /// An aggregate whose row cannot be folded at all.
    pub(super) fn never(portion: &'a Portion<EventOf<P>>, reason: Reason) -> Self {
        Self { portion, settled: Settled::never(reason), open: None }
    }

    /// The row that is to be written; nothing where the one that is stored is as far.
    pub(super) fn unwritten(&mut self) -> Option<(&mut Self, NewRow<P::Row>)> {
        let done = self.settled.done;
        let (key, progress) = self.open.as_ref().filter(|(_, progress)| progress.version > done)?;
        let row = progress.row.clone()?;
        let (version, position) = (progress.row_version, progress.version);
        let row = NewRow { key: key.clone(), version, position, row };
        Some((self, row))
    }

    /// Takes in how a write ended. Where a row of an older number is further, folds on to its version.
    pub(super) async fn ended(&mut self, written: Result<Write, RowError>) {
        let Some((_, progress)) = &mut self.open else { return };
        let counters = &mut self.settled.counters;
        match written {
            Ok(Write::Written) => {
                counters.rows_written += 1;
                self.settled.done = progress.version;
            }
            // A row depends on its version alone, so the row with the higher version is right.
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
            // The row and what is stored do not go together, and no attempt changes that.
            Err(error @ (RowError::Unreadable { .. } | RowError::Unwritable { .. })) => {
                self.halt(Reason::Poison { version: Some(self.settled.done + 1), cause: chain(&error) });
            }
        }
    }

    /// True if there is something to write.
    pub(super) fn is_open(&self) -> bool {
        self.open.as_ref().is_some_and(|(_, progress)| progress.version > self.settled.done)
    }

    /// Gives the row up: it stays as it is stored.
    pub(super) fn halt(&mut self, reason: Reason) {
        self.settled.halts.push(Halt { from: self.settled.done + 1, reason });
        self.close();
    }

    fn close(&mut self) {
        if let Some((_, progress)) = self.open.take() {
            self.settled.counters.gaps_repaired = progress.gaps_repaired;
        }
    }

    /// The outcome for the aggregate's records.
    pub(super) fn outcome(&self) -> Outcome {
        let mut outcome = settle::settle(self.portion, &self.settled);
        if let Some((_, progress)) = &self.open {
            outcome.counters.gaps_repaired = progress.gaps_repaired;
        }
        outcome
    }
}
