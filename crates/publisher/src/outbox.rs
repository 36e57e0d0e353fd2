//! Which event belongs to which record, and which records are not done.

use event_store::{Delivered, Poison};
use order_domain::Event;
use published_events::{CloudEvent, cloud_events};

use crate::publication::{Publication, Reason};

/// A batch's events, and the records they came from.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// What is to be published, in the stream's order.
    pub(crate) events: Vec<CloudEvent>,
    /// For each event the place of its record.
    sources: Vec<usize>,
    records: Vec<Record>,
}

/// A record of the batch.
#[derive(Debug)]
struct Record {
    sequence_number: String,
    /// The order and the version, as far as they can be told.
    position: Option<(String, u64)>,
    /// Why it is not published; known from the start where there is nothing to publish.
    failed: Option<Reason>,
}

/// A record that is not done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// Its sequence number.
    pub(crate) id: String,
    /// The order and the version, as far as they can be told.
    pub(crate) position: Option<(String, u64)>,
    /// Why.
    pub(crate) reason: Reason,
}

impl Failed {
    /// Whether no attempt will ever publish it.
    pub(crate) const fn is_unpublishable(&self) -> bool {
        match self.reason {
            Reason::Unpublishable { .. } => true,
            Reason::Unavailable { .. } | Reason::Refused { .. } => false,
        }
    }
}

impl Outbox {
    /// The events of a batch's records.
    pub(crate) fn of(delivered: Vec<Delivered<Event>>) -> Self {
        let mut outbox = Self { events: Vec::new(), sources: Vec::new(), records: Vec::with_capacity(delivered.len()) };
        for Delivered { id, record } in delivered {
            let (position, events) = match record {
                Ok(commit) => {
                    let events = cloud_events(&commit).map_err(|error| event_store::store::chain(&error));
                    (Some((commit.aggregate_id, commit.version)), events)
                }
                Err(Poison { position, cause }) => (position, Err(cause)),
            };
            let (events, failed) = match events {
                Ok(events) => (events, None),
                Err(cause) => (Vec::new(), Some(Reason::Unpublishable { cause })),
            };
            outbox.sources.extend(events.iter().map(|_| outbox.records.len()));
            outbox.events.extend(events);
            outbox.records.push(Record { sequence_number: id, position, failed });
        }
        outbox
    }

    /// The records that are not done, in the stream's order: those with an event that is not published, each with what
    /// became of the first such event.
    pub(crate) fn settle(mut self, publication: Publication) -> Vec<Failed> {
        for failure in publication.failed {
            let record = self.sources.get(failure.index).and_then(|&source| self.records.get_mut(source));
            if let Some(record) = record {
                record.failed.get_or_insert(failure.reason);
            }
        }
        // Parking belongs here: an unpublishable record would become an entry among the parked orders, and be done. Until
        // then it fails, again and again until it is alone, and the failure destination keeps it.
        let failed = |record: Record| {
            let reason = record.failed?;
            Some(Failed { id: record.sequence_number, position: record.position, reason })
        };
        self.records.into_iter().filter_map(failed).collect()
    }
}
