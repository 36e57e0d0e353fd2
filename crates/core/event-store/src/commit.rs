//! What one request appended: the unit that is written, read and delivered.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Aggregate, EventPosition, Tags, Timestamp};

/// The namespace of event ids. Stored ids depend on it: never change it.
const EVENT_IDS: Uuid = Uuid::from_u128(0x6f1e_91f6_0d3b_4c5e_9a57_2b9d_54c1_77a2);

/// A fingerprint of everything a request asks for, so that one request id cannot stand for two requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// The first 16 bytes of the SHA-256 of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let digest = Sha256::digest(content);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes)
    }
}

/// Who asks, and under which name: what makes a repeated request recognisable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The request's own id; a repeat of the request has the same.
    pub request_id: String,
    /// What the request asks for.
    pub fingerprint: Fingerprint,
    /// On whose behalf.
    pub actor: String,
    /// The id that runs through everything one outside cause set off, where the request named one. Its own id is no
    /// substitute: it is the client's secret to repeat the request by.
    pub correlation_id: Option<String>,
    /// The id of the message that made this request necessary; `None` where it came from outside.
    pub causation_id: Option<String>,
}

/// An event with the id it was recorded under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent<E> {
    /// UUIDv5 of aggregate, version, request and place in the commit: the same for every attempt to write the commit.
    pub event_id: Uuid,
    /// What happened.
    pub event: E,
}

/// The events that one request appended, together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit<E> {
    /// Whose events these are.
    pub aggregate_id: String,
    /// The version they made: gapless from 1.
    pub version: u64,
    /// When. Strictly increases with the version, whatever the clocks do.
    pub recorded_at: Timestamp,
    /// By which request.
    pub request: Request,
    /// What a consumer needs to route the commit; the same on every commit of the aggregate.
    pub tags: Tags,
    /// What happened, in order; never empty.
    pub events: Vec<RecordedEvent<E>>,
}

impl<E> Commit<E> {
    /// The state after this commit.
    #[must_use]
    pub fn apply_to<A: Aggregate<Event = E>>(&self, state: A::State) -> A::State {
        self.events.iter().fold(state, |state, recorded| {
            A::evolve(state, &recorded.event, EventPosition { event_id: recorded.event_id, version: self.version })
        })
    }
}

/// The id of an event: known before it is written, so that every attempt to write a commit writes the same. The version
/// is part of it because a request id may be used again once it is no longer remembered.
#[must_use]
pub fn event_id(aggregate_id: &str, version: u64, request_id: &str, index: usize) -> Uuid {
    Uuid::new_v5(&EVENT_IDS, format!("{aggregate_id}\n{version}\n{request_id}\n{index}").as_bytes())
}
