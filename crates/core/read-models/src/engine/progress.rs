//! The fold of one aggregate, from the row that is stored on.

use event_store::{EventStore, StoreError};

use super::batch::Portion;
use super::outcome::Reason;
use crate::projection::{self, CommitOf, EventOf, Projection};
use event_store::store::chain;

/// How many commits are read at once to fill a gap: an aggregate of any length is folded in bounded memory.
const REPAIR_PAGE: u64 = 500;

/// A row that is being folded.
pub(super) struct Progress<'a, P: Projection, S> {
    store: &'a S,
    aggregate_id: &'a str,
    /// The version up to which commits are folded into `row`; 0 where there is none.
    pub(super) version: u64,
    pub(super) row: Option<P::Row>,
    /// The version of the last commit that concerned `row`.
    pub(super) row_version: u64,
    /// How often commits had to be read from the event store.
    pub(super) gaps_repaired: u64,
}

impl<'a, P: Projection, S: EventStore<P::Aggregate>> Progress<'a, P, S> {
    pub(super) const fn new(store: &'a S, aggregate_id: &'a str, version: u64, row: Option<P::Row>) -> Self {
        Self { store, aggregate_id, version, row, row_version: version, gaps_repaired: 0 }
    }

    /// Folds what the portion has beyond the row, and what it lacks in between.
    ///
    /// # Errors
    /// Why it stopped; what came before is folded.
    pub(super) async fn fold_portion(&mut self, portion: &Portion<EventOf<P>>) -> Result<(), Reason> {
        let beyond = self.version.saturating_add(1)..;
        for (&version, slot) in portion.versions.range(beyond) {
            match &slot.record {
                Ok(commit) => {
                    self.repair(version - 1).await?;
                    self.fold(commit)?;
                }
                Err(cause) => {
                    self.repair(version.saturating_sub(1)).await?;
                    return Err(Reason::Poison { version: Some(version), cause: cause.clone() });
                }
            }
        }
        Ok(())
    }

    /// Folds from the event store up to a version; nothing where the row is as far.
    ///
    /// # Errors
    /// Why it stopped; what came before is folded.
    pub(super) async fn repair(&mut self, up_to: u64) -> Result<(), Reason> {
        if self.version < up_to {
            self.gaps_repaired += 1;
        }
        while self.version < up_to {
            let missing = usize::try_from((up_to - self.version).min(REPAIR_PAGE)).unwrap_or(usize::MAX);
            let commits = self.store.commits(self.aggregate_id, self.version, Some(missing)).await;
            let commits = commits.map_err(|error| stopped_by(&error))?;
            if commits.is_empty() {
                let cause = "it is not in the event store".to_owned();
                return Err(Reason::Poison { version: Some(self.version + 1), cause });
            }
            for commit in &commits {
                self.fold(commit)?;
            }
        }
        Ok(())
    }

    fn fold(&mut self, commit: &CommitOf<P>) -> Result<(), Reason> {
        // From a copy, so that a commit that cannot be folded leaves the row as it was before it.
        match projection::fold::<P>(self.row.clone(), self.version, commit) {
            Ok(row) => {
                if self.row.is_none() || projection::concerns::<P>(commit) {
                    self.row_version = commit.version;
                }
                self.row = row;
                self.version = commit.version;
                Ok(())
            }
            Err(error) => Err(Reason::Poison { version: Some(commit.version), cause: error.to_string() }),
        }
    }
}

fn stopped_by(error: &StoreError) -> Reason {
    match error {
        StoreError::Unreadable { version, source, .. } => {
            Reason::Poison { version: Some(*version), cause: chain(source.as_ref()) }
        }
        StoreError::Unavailable { .. } | StoreError::Refused { .. } | StoreError::Unwritable { .. } => {
            Reason::Unavailable { cause: chain(error) }
        }
    }
}
