//! Commits in the order of a scan to what each aggregate's row should be, one aggregate at a time.

use event_store::{Delivered, Timestamp};

use crate::projection::{self, CommitOf, EventOf, Projection, RowKey};

/// The fold of an aggregate's commits.
pub struct Folded<P: Projection> {
    /// Whose commits.
    pub aggregate_id: String,
    /// The number of commits, those that were left out included.
    pub commits: u64,
    /// The row they make, and where it stands; `None` where not even the first can be folded.
    pub row: Option<(RowKey, P::Row)>,
    /// The version up to which it is folded; 0 where there is none.
    pub version: u64,
    /// The version of the row: that of the last commit that concerns it.
    pub row_version: u64,
    /// The time of the last folded commit that concerns the row.
    pub newest: Option<Timestamp>,
    /// The commit that cannot be folded, and keeps all that follow out of the row.
    pub halt: Option<Halt>,
}

/// A commit that cannot be read or folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// Its aggregate.
    pub aggregate_id: String,
    /// The cause, with its version as far as that can be told.
    pub cause: String,
}

impl<P: Projection> Folded<P> {
    pub(super) fn nothing(aggregate_id: String) -> Self {
        Self { aggregate_id, commits: 0, row: None, version: 0, row_version: 0, newest: None, halt: None }
    }

    /// Folds the commit that follows; one that does not, or makes no sense, halts it.
    pub(super) fn fold(&mut self, commit: &CommitOf<P>) {
        if self.halt.is_some() {
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
            Err(error) => self.halt(format!("version {} is poison: {error}", commit.version)),
        }
    }

    /// Lets nothing further in.
    pub(super) fn halt(&mut self, cause: String) {
        self.halt.get_or_insert(Halt { aggregate_id: self.aggregate_id.clone(), cause });
    }
}

/// The aggregate under way. It holds one row, however many commits there are.
pub struct Folding<P: Projection>(Option<Folded<P>>);

impl<P: Projection> Default for Folding<P> {
    fn default() -> Self {
        Self(None)
    }
}

impl<P: Projection> Folding<P> {
    /// Takes the next commit of a scan, named `<aggregateId>@<version>`. Where another aggregate begins with it, the one before
    /// is complete.
    pub fn push(&mut self, delivered: &Delivered<EventOf<P>>) -> Option<Folded<P>> {
        let (id, version) = delivered.id.rsplit_once('@').unwrap_or((&delivered.id, "?"));
        let complete = self.0.take_if(|current| current.aggregate_id != id);
        let current = self.0.get_or_insert_with(|| Folded::nothing(id.to_owned()));
        current.commits += 1;
        match &delivered.record {
            Ok(commit) => current.fold(commit),
            Err(poison) => current.halt(format!("version {version} is poison: {}", poison.cause)),
        }
        complete
    }

    /// Ends the scan: the last aggregate is complete.
    pub fn finish(&mut self) -> Option<Folded<P>> {
        self.0.take()
    }
}
