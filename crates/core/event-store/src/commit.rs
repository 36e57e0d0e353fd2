//! The commit: the events that one request appended. It is the unit of writing, reading and delivery.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Aggregate, EventPosition, Tags, Timestamp};

/// The namespace of event ids. Stored ids depend on it: never change it.
const EVENT_IDS: Uuid = Uuid::from_u128(0x6f1e_91f6_0d3b_4c5e_9a57_2b9d_54c1_77a2);

/// A fingerprint of the whole content of a request. It detects a request id that is reused for another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// Returns the first 16 bytes of the SHA-256 of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let digest = Sha256::digest(content);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes)
    }
}

/// The identity of a request: the caller, the ids and the fingerprint that make a repeated request recognisable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The request's own id. A retry of the request has the same id.
    pub request_id: String,
    /// The fingerprint of the request's content.
    pub fingerprint: Fingerprint,
    /// The caller on whose behalf the request was made.
    pub actor: String,
    /// The correlation id, shared by everything that one outside cause set off; `None` if the request had none. The
    /// request id is no substitute: it is the client's secret for retrying the request.
    pub correlation_id: Option<String>,
    /// The id of the message that caused this request; `None` if the cause came from outside.
    pub causation_id: Option<String>,
}

/// A recorded event with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent<E> {
    /// The UUIDv5 of aggregate, version, request and place in the commit. It is the same for every attempt to write the
    /// commit.
    pub event_id: Uuid,
    /// The event itself.
    pub event: E,
}

/// The events that one request appended, together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit<E> {
    /// The aggregate that the events belong to.
    pub aggregate_id: String,
    /// The version of the aggregate after this commit. Versions are gapless from 1.
    pub version: u64,
    /// The time of the commit. It increases strictly with the version, even if a clock runs backwards.
    pub recorded_at: Timestamp,
    /// The request that made the commit.
    pub request: Request,
    /// The data that a consumer needs to route the commit. It is the same on every commit of the aggregate.
    pub tags: Tags,
    /// The events, in order; never empty.
    pub events: Vec<RecordedEvent<E>>,
}

impl<E> Commit<E> {
    /// Returns the state after this commit.
    #[must_use]
    pub fn apply_to<A: Aggregate<Event = E>>(&self, state: A::State) -> A::State {
        self.events.iter().fold(state, |state, recorded| {
            A::evolve(state, &recorded.event, EventPosition { event_id: recorded.event_id, version: self.version })
        })
    }
}

/// Returns the id of an event. The id is known before the event is written, so every attempt to write a commit writes
/// the same ids. The version is part of the id, because a request id can be used again once the ring has forgotten it.
#[must_use]
pub fn event_id(aggregate_id: &str, version: u64, request_id: &str, index: usize) -> Uuid {
    Uuid::new_v5(&EVENT_IDS, format!("{aggregate_id}\n{version}\n{request_id}\n{index}").as_bytes())
}
