//! Folds commits in the order of a scan to the row that each aggregate should have, one aggregate at a time.

use event_store::{Delivered, Timestamp};

use crate::projection::{self, CommitOf, EventOf, Projection, RowKey};

/// The fold of an aggregate's commits.
pub struct Folded<P: Projection> {
    /// The aggregate.
    pub aggregate_id: String,
    /// The number of commits, those that were left out included.
    pub commits: u64,
    /// The row and its key; `None` where not even the first commit can be folded.
    pub row: Option<(RowKey, P::Row)>,
    /// The version up to which it is folded; 0 where there is none.
    pub version: u64,
    /// The version of the row: that of the last commit that concerns it.
    pub row_version: u64,
    /// The time of the last folded commit that concerns the row.
    pub newest: Option<Timestamp>,
    /// The commit that cannot be folded, and keeps all later ones out of the row.
    pub unfoldable: Option<Unfoldable>,
}

/// An aggregate with a commit that cannot be read or folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfoldable {
    /// The aggregate.
    pub aggregate_id: String,
    /// The cause, with its version as far as that can be told.
    pub cause: String,
}

impl<P: Projection> Folded<P> {
    pub(super) fn nothing(aggregate_id: String) -> Self {
        Self { aggregate_id, commits: 0, row: None, version: 0, row_version: 0, newest: None, unfoldable: None }
    }

    /// Folds the next commit. A commit that does not follow, or cannot be folded, stops the fold.
    pub(super) fn fold(&mut self, commit: &CommitOf<P>) {
        if self.unfoldable.is_some() {
            return;
        }
        let row = self.row.as_ref().map(|(_, row)| row.clone());
        let folded =
            projection::key::<P>(commit).and_then(|key| Ok((key, projection::fold::<P>(row, self.version, commit)?)));
        match folded {
            Ok((key, row)) => {
                if self.row.is_none() || projection::concerns::<P>(commit) {
                    self.row_version = commit.version;
                    self.newest = Some(commit.recorded_at);
                }
                self.row = row.map(|row| (key, row));
                self.version = commit.version;
            }
            Err(error) => self.stop(format!("version {} is poison: {error}", commit.version)),
        }
    }

    /// Stops the fold: no further commit changes it.
    pub(super) fn stop(&mut self, cause: String) {
        self.unfoldable.get_or_insert(Unfoldable { aggregate_id: self.aggregate_id.clone(), cause });
    }
}

/// The fold of the aggregate under way: one row, however many commits there are.
pub struct Folding<P: Projection>(Option<Folded<P>>);

impl<P: Projection> Default for Folding<P> {
    fn default() -> Self {
        Self(None)
    }
}

impl<P: Projection> Folding<P> {
    /// Takes the next commit of a scan, named `<aggregateId>@<version>`. Where another aggregate begins with it, returns the
    /// one before, which is complete.
    pub fn push(&mut self, delivered: &Delivered<EventOf<P>>) -> Option<Folded<P>> {
        let (id, version) = delivered.id.rsplit_once('@').unwrap_or((&delivered.id, "?"));
        let complete = self.0.take_if(|current| current.aggregate_id != id);
        let current = self.0.get_or_insert_with(|| Folded::nothing(id.to_owned()));
        current.commits += 1;
        match &delivered.record {
            Ok(commit) => current.fold(commit),
            Err(poison) => current.stop(format!("version {version} is poison: {}", poison.cause)),
        }
        complete
    }

    /// Ends the scan, and returns the last aggregate.
    pub fn finish(&mut self) -> Option<Folded<P>> {
        self.0.take()
    }
}
