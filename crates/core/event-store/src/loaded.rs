//! An aggregate as it was read: what to decide on, and what the next commit needs to know.

use crate::commit::event_id;
use crate::ring::RequestRing;
use crate::{Aggregate, Commit, RecordedEvent, Request, Timestamp};

/// An aggregate at one version.
pub struct Loaded<A: Aggregate> {
    /// Whose state this is.
    pub aggregate_id: String,
    /// The fold of the events of versions 1 to `version`.
    pub state: A::State,
    /// The newest version read; 0 where nothing was ever appended.
    pub version: u64,
    /// The commits that were read on the way, newest first: at least the newest, where there is one.
    pub(crate) recent: Vec<Commit<A::Event>>,
    pub(crate) requests: RequestRing,
    /// The version of the snapshot that the state rests on; 0 where there was none.
    pub(crate) snapshot_version: u64,
}

impl<A: Aggregate> Loaded<A> {
    /// The aggregate to which nothing has happened; where that is only assumed, the append finds out.
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

    /// Whether anything was ever appended.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.version > 0
    }

    /// The newest commit.
    #[must_use]
    pub fn newest(&self) -> Option<&Commit<A::Event>> {
        self.recent.first()
    }

    /// The version of the snapshot that the state rests on; 0 where every event was folded.
    #[must_use]
    pub const fn snapshot_version(&self) -> u64 {
        self.snapshot_version
    }

    /// The versions whose request may have been `request_id`, newest first; each is to be confirmed by its commit.
    pub fn candidates(&self, request_id: &str) -> impl Iterator<Item = u64> {
        self.requests.candidates(request_id, self.version)
    }

    /// Folds the commit that follows.
    pub(crate) fn advance(&mut self, commit: Commit<A::Event>) {
        self.state = commit.apply_to::<A>(std::mem::take(&mut self.state));
        self.version = commit.version;
        self.requests.push(&commit.request.request_id);
        self.recent.insert(0, commit);
    }

    /// The commit that would append `events` here. Its time is `now`, or a millisecond after the newest commit
    /// where the clock has not moved past that.
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

/// A commit that is yet to be written, with the state after it: what a snapshot would hold.
#[derive(Clone)]
pub struct NewCommit<A: Aggregate> {
    /// What is to be written.
    pub commit: Commit<A::Event>,
    /// The state after it.
    pub state: A::State,
    pub(crate) requests: RequestRing,
    /// How many versions back the newest snapshot stands, this one included.
    pub(crate) since_snapshot: u64,
}
