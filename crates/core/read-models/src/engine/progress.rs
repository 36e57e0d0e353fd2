//! The fold of one aggregate, starting from the stored row.

use event_store::{EventStore, StoreError};

use super::batch::AggregateCommits;
use super::outcome::Reason;
use crate::projection::{self, CommitOf, EventOf, Projection};
use event_store::store::chain;

/// The number of commits read at once to fill a gap. It bounds the memory for aggregates of any length.
const REPAIR_PAGE: u64 = 500;

/// A row that is being folded.
pub(super) struct Progress<'a, P: Projection, S> {
    store: &'a S,
    aggregate_id: &'a str,
    /// The version up to which commits are folded into `row`; 0 if there is no row.
    pub(super) version: u64,
    pub(super) row: Option<P::Row>,
    /// The version of the last commit that concerned `row`.
    pub(super) row_version: u64,
    /// The number of times that commits had to be read from the event store.
    pub(super) gaps_repaired: u64,
}

impl<'a, P: Projection, S: EventStore<P::Aggregate>> Progress<'a, P, S> {
    pub(super) const fn new(store: &'a S, aggregate_id: &'a str, version: u64, row: Option<P::Row>) -> Self {
        Self { store, aggregate_id, version, row, row_version: version, gaps_repaired: 0 }
    }

    /// Folds the commits of the batch after the row, and the missing ones in between.
    ///
    /// # Errors
    /// Returns the reason why the fold stopped. Earlier commits are folded.
    pub(super) async fn fold_commits(&mut self, commits: &AggregateCommits<EventOf<P>>) -> Result<(), Reason> {
        let beyond = self.version.saturating_add(1)..;
        for (&version, slot) in commits.versions.range(beyond) {
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

    /// Folds from the event store up to a version. Does nothing if the row is at that version or later.
    ///
    /// # Errors
    /// Returns the reason why the fold stopped. Earlier commits are folded.
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
        // Folds a copy, so that a commit that cannot be folded leaves the row unchanged.
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
        StoreError::Table(_) | StoreError::Unwritable { .. } => Reason::Unavailable { cause: chain(error) },
    }
}
