//! Folds the commits of a scan, one aggregate at a time, into the row that each aggregate should have.

use event_store::{Delivered, Timestamp};

use crate::projection::{self, CommitOf, EventOf, Projection, RowKey};

/// The fold of an aggregate's commits.
pub struct Folded<P: Projection> {
    /// The aggregate.
    pub aggregate_id: String,
    /// The number of commits, including those that were not folded.
    pub commits: u64,
    /// The row and its key; `None` if the first commit cannot be folded.
    pub row: Option<(RowKey, P::Row)>,
    /// The version up to which it is folded; 0 if nothing is folded.
    pub version: u64,
    /// The version of the row, which is that of the last commit that concerns it.
    pub row_version: u64,
    /// The time of the last folded commit that concerns the row.
    pub newest: Option<Timestamp>,
    /// The first commit that cannot be folded. It and all later commits are not in the row.
    pub unfoldable: Option<Unfoldable>,
}

/// An aggregate with a commit that cannot be read or folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfoldable {
    /// The aggregate.
    pub aggregate_id: String,
    /// The cause, with its version as far as it can be read.
    pub cause: String,
}

impl<P: Projection> Folded<P> {
    pub(super) fn nothing(aggregate_id: String) -> Self {
        Self { aggregate_id, commits: 0, row: None, version: 0, row_version: 0, newest: None, unfoldable: None }
    }

    /// Folds the next commit. The fold stops at a commit that does not follow or cannot be folded.
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

    /// Stops the fold. No later commit changes it.
    pub(super) fn stop(&mut self, cause: String) {
        self.unfoldable.get_or_insert(Unfoldable { aggregate_id: self.aggregate_id.clone(), cause });
    }
}

/// The fold of the current aggregate. It keeps one row, however many commits there are.
pub struct Folding<P: Projection>(Option<Folded<P>>);

impl<P: Projection> Default for Folding<P> {
    fn default() -> Self {
        Self(None)
    }
}

impl<P: Projection> Folding<P> {
    /// Takes the next commit of a scan, named `<aggregateId>@<version>`. If it belongs to another aggregate, returns
    /// the previous one, which is complete.
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
