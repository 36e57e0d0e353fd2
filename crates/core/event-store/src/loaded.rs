//! An aggregate as it was read: the state for decisions, and the data that the next commit needs.

use crate::commit::event_id;
use crate::ring::RequestRing;
use crate::{Aggregate, Commit, RecordedEvent, Request, Timestamp};

/// An aggregate at one version.
pub struct Loaded<A: Aggregate> {
    /// The aggregate's id.
    pub aggregate_id: String,
    /// The fold of the events of versions 1 to `version`.
    pub state: A::State,
    /// The newest version read; 0 if nothing was ever appended.
    pub version: u64,
    /// The commits that the load read, newest first. It contains at least the newest commit, if there is one.
    pub(crate) recent: Vec<Commit<A::Event>>,
    pub(crate) requests: RequestRing,
    /// The version of the snapshot that the state is based on; 0 if there was none.
    pub(crate) snapshot_version: u64,
}

impl<A: Aggregate> Loaded<A> {
    /// Returns the aggregate without events. If the caller only assumes that it does not exist, the append checks this.
    #[must_use]
    pub fn absent(aggregate_id: &str) -> Self {
        Self {
            aggregate_id: aggregate_id.to_owned(),
            state: A::State::default(),
            version: 0,
            recent: Vec::new(),
            requests: RequestRing::default(),
            snapshot_version: 0,
        }
    }

    /// Returns true if at least one commit was appended.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.version > 0
    }

    /// Returns the newest commit.
    #[must_use]
    pub fn newest(&self) -> Option<&Commit<A::Event>> {
        self.recent.first()
    }

    /// Returns the version of the snapshot that the state is based on; 0 if every event was folded.
    #[must_use]
    pub const fn snapshot_version(&self) -> u64 {
        self.snapshot_version
    }

    /// Returns the versions whose request may have been `request_id`, newest first. The caller must confirm each one
    /// against its commit.
    pub fn candidates(&self, request_id: &str) -> impl Iterator<Item = u64> {
        self.requests.candidates(request_id, self.version)
    }

    /// Folds the next commit.
    pub(crate) fn advance(&mut self, commit: Commit<A::Event>) {
        self.state = commit.apply_to::<A>(std::mem::take(&mut self.state));
        self.version = commit.version;
        self.requests.push(&commit.request.request_id);
        self.recent.insert(0, commit);
    }

    /// Returns the commit that would append `events`. Its time is `now`, or a millisecond after the newest commit if
    /// the clock is not later than that commit.
    #[must_use]
    pub fn next(&self, request: &Request, events: Vec<A::Event>, now: Timestamp) -> NewCommit<A> {
        let version = self.version + 1;
        let events = (0..).zip(events).map(|(index, event)| RecordedEvent {
            event_id: event_id(&self.aggregate_id, version, &request.request_id, index),
            event,
        });
        let mut commit = Commit {
            aggregate_id: self.aggregate_id.clone(),
            version,
            recorded_at: self.newest().map_or(now, |newest| now.max(newest.recorded_at.next())),
            request: request.clone(),
            tags: self.newest().map(|newest| newest.tags.clone()).unwrap_or_default(),
            events: events.collect(),
        };
        let state = commit.apply_to::<A>(self.state.clone());
        if self.version == 0 {
            commit.tags = A::tags(&state, commit.recorded_at);
        }
        let mut requests = self.requests.clone();
        requests.push(&commit.request.request_id);
        NewCommit { since_snapshot: commit.version - self.snapshot_version, commit, state, requests }
    }
}

/// A commit that is not written yet, with the state after it, which a snapshot would contain.
#[derive(Clone)]
pub struct NewCommit<A: Aggregate> {
    /// The commit to write.
    pub commit: Commit<A::Event>,
    /// The state after the commit.
    pub state: A::State,
    pub(crate) requests: RequestRing,
    /// The number of versions since the newest snapshot, this one included.
    pub(crate) since_snapshot: u64,
}
