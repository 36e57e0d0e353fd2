//! A batch's records, their events, and the result for each record.

use std::collections::{BTreeMap, BTreeSet};

use event_store::{Delivered, Poison};
use order_domain::Event;

use crate::cloud_event::{CloudEvent, events_of};
use crate::outcome::{Publication, UnpublishedReason};

/// A batch that is being published.
#[derive(Debug)]
pub struct Outbox {
    /// The records, in the stream's order.
    records: Vec<Record>,
    /// Each order's records, by their positions.
    orders: BTreeMap<String, Vec<usize>>,
}

/// A record of the batch.
#[derive(Debug)]
struct Record {
    id: String,
    /// The order and the version, as far as they are known.
    position: Option<(String, u64)>,
    state: RecordState,
}

/// The progress of a record.
#[derive(Debug)]
enum RecordState {
    /// The record's events are to be published, or are published.
    Open(Vec<CloudEvent>),
    /// The record can never be published.
    Poison(String),
    /// The record is done: its order's note keeps it for a redrive.
    Held,
    /// The record must be retried.
    Failed(UnpublishedReason),
}

/// Events to publish, in the stream's order.
#[derive(Debug, Default)]
pub struct PendingEvents {
    /// The events.
    pub events: Vec<CloudEvent>,
    /// The position of each event's record.
    sources: Vec<usize>,
}

/// A record whose events are not published and that no note keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpublishedRecord {
    /// The record's name.
    pub id: String,
    /// The order and the version, as far as they are known.
    pub position: Option<(String, u64)>,
    /// The reason.
    pub reason: UnpublishedReason,
    /// The first version of the order that can never be published. It stops all later versions too. `None` if there is
    /// no such version.
    pub stopped_at: Option<u64>,
}

impl Outbox {
    /// Builds the records of a batch.
    #[must_use]
    pub fn of(delivered: Vec<Delivered<Event>>) -> Self {
        let mut outbox = Self { records: Vec::with_capacity(delivered.len()), orders: BTreeMap::new() };
        for Delivered { id, record } in delivered {
            let (position, events) = match record {
                Ok(commit) => {
                    let events = events_of(&commit);
                    (Some((commit.aggregate_id, commit.version)), events)
                }
                Err(Poison { position, cause }) => (position, Err(cause)),
            };
            if let Some((order, _)) = &position {
                outbox.orders.entry(order.clone()).or_default().push(outbox.records.len());
            }
            let state = events.map_or_else(RecordState::Poison, RecordState::Open);
            outbox.records.push(Record { id, position, state });
        }
        outbox
    }

    /// Returns the orders of the batch that may be parked so that a record of the batch must wait.
    ///
    /// An order is left out if the batch has all its versions from 1 on without a gap, and each can be read: no event before
    /// them is missing on the bus, so none of them must wait.
    #[must_use]
    pub fn orders_that_may_wait(&self) -> Vec<&str> {
        self.orders.keys().map(String::as_str).filter(|order| !self.begins_order(order)).collect()
    }

    /// Returns true if the batch has the order's versions from 1 on without a gap, and each can be read.
    fn begins_order(&self, order: &str) -> bool {
        let versions: BTreeSet<u64> = self.of_order(order).filter_map(Record::version).collect();
        let is_readable = |record: &Record| !matches!(record.state, RecordState::Poison(_));
        versions.iter().copied().eq((1..).take(versions.len())) && self.of_order(order).all(is_readable)
    }

    /// Returns the order's last version at or after `from`; `None` if there is none.
    #[must_use]
    pub fn last_version(&self, order: &str, from: u64) -> Option<u64> {
        self.of_order(order).filter_map(Record::version).filter(|&version| version >= from).max()
    }

    /// Returns the record id of an order's version; `None` if it is not in the batch.
    #[must_use]
    pub fn id(&self, order: &str, version: u64) -> Option<String> {
        let record = self.of_order(order).find(|record| record.version() == Some(version));
        record.map(|record| record.id.clone())
    }

    /// Marks the order's records from `from` on as done, because a note keeps them.
    pub fn hold(&mut self, order: &str, from: u64) {
        self.set(order, from, |state| *state = RecordState::Held);
    }

    /// Marks the order's records from `from` on as failed, except those that a note keeps.
    pub fn fail(&mut self, order: &str, from: u64, reason: &UnpublishedReason) {
        self.set(order, from, |state| match state {
            RecordState::Open(_) | RecordState::Poison(_) | RecordState::Failed(_) => {
                *state = RecordState::Failed(reason.clone());
            }
            RecordState::Held => {}
        });
    }

    /// Marks every record that names an order as failed.
    pub fn fail_every_order(&mut self, reason: &UnpublishedReason) {
        for record in self.records.iter_mut().filter(|record| record.position.is_some()) {
            record.state = RecordState::Failed(reason.clone());
        }
    }

    /// Takes the events to publish: for each order, those before the first version that can never be published.
    pub fn pending(&mut self) -> PendingEvents {
        let stops: BTreeMap<String, u64> =
            self.stops().into_iter().map(|(order, (version, _))| (order.to_owned(), version)).collect();
        let mut pending = PendingEvents::default();
        for (place, record) in self.records.iter_mut().enumerate() {
            let is_stopped = |(order, version): &(String, u64)| stops.get(order).is_some_and(|stop| version >= stop);
            if let RecordState::Open(events) = &mut record.state
                && !record.position.as_ref().is_some_and(is_stopped)
            {
                pending.sources.extend(events.iter().map(|_| place));
                pending.events.append(events);
            }
        }
        pending
    }

    /// Applies the result of publishing: each record gets its first failure, unless a later failure makes it poison.
    pub fn settle(&mut self, pending: &PendingEvents, publication: Publication) {
        for failure in publication.failed {
            let record = pending.sources.get(failure.index).and_then(|&place| self.records.get_mut(place));
            let Some(record) = record else { continue };
            record.state = match (&record.state, failure.reason) {
                (RecordState::Open(_) | RecordState::Failed(_), UnpublishedReason::Unpublishable { cause }) => {
                    RecordState::Poison(cause)
                }
                (
                    RecordState::Open(_),
                    reason @ (UnpublishedReason::Unavailable { .. } | UnpublishedReason::Refused { .. }),
                ) => RecordState::Failed(reason),
                (RecordState::Failed(_) | RecordState::Poison(_) | RecordState::Held, _) => continue,
            };
        }
    }

    /// Returns the number of records that a note keeps.
    #[must_use]
    pub fn held(&self) -> usize {
        self.records.iter().filter(|record| matches!(record.state, RecordState::Held)).count()
    }

    /// Returns the records that are not done, in the stream's order, including those after a version that can never be
    /// published.
    #[must_use]
    pub fn unpublished(&self) -> Vec<UnpublishedRecord> {
        let stops = self.stops();
        let unpublished = |record: &Record| {
            let stop = record
                .position
                .as_ref()
                .and_then(|(order, version)| stops.get(order.as_str()).filter(|(stop, _)| version >= stop).copied());
            let (reason, stopped_at) = match (&record.state, stop) {
                (RecordState::Held, _) | (RecordState::Open(_), None) => return None,
                (RecordState::Open(_) | RecordState::Poison(_) | RecordState::Failed(_), Some((version, cause))) => {
                    (UnpublishedReason::Unpublishable { cause: cause.to_owned() }, Some(version))
                }
                // The record names no order.
                (RecordState::Poison(cause), None) => (UnpublishedReason::Unpublishable { cause: cause.clone() }, None),
                (RecordState::Failed(reason), None) => (reason.clone(), None),
            };
            Some(UnpublishedRecord { id: record.id.clone(), position: record.position.clone(), reason, stopped_at })
        };
        self.records.iter().filter_map(unpublished).collect()
    }

    /// Returns the first version of each order that can never be published, with the cause.
    fn stops(&self) -> BTreeMap<&str, (u64, &str)> {
        let stop = |order: &String| {
            let poison = self.of_order(order).filter_map(|record| match &record.state {
                RecordState::Poison(cause) => Some((record.version()?, cause.as_str())),
                RecordState::Open(_) | RecordState::Held | RecordState::Failed(_) => None,
            });
            poison.min_by_key(|(version, _)| *version)
        };
        self.orders.keys().filter_map(|order| Some((order.as_str(), stop(order)?))).collect()
    }

    fn of_order(&self, order: &str) -> impl Iterator<Item = &Record> {
        self.orders.get(order).into_iter().flatten().filter_map(|&place| self.records.get(place))
    }

    fn set(&mut self, order: &str, from: u64, change: impl Fn(&mut RecordState)) {
        for &place in self.orders.get(order).into_iter().flatten() {
            if let Some(record) = self.records.get_mut(place)
                && record.version().is_some_and(|version| version >= from)
            {
                change(&mut record.state);
            }
        }
    }
}

impl Record {
    fn version(&self) -> Option<u64> {
        self.position.as_ref().map(|(_, version)| *version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poison(id: &str, version: u64) -> Delivered<Event> {
        let position = Some(("o-1".to_owned(), version));
        Delivered { id: id.to_owned(), record: Err(Poison { position, cause: format!("why {id}") }) }
    }

    #[test]
    fn a_record_behind_poison_is_unpublished_for_the_reason_of_the_first_poison() {
        let outbox = Outbox::of(vec![poison("8", 4), poison("7", 3)]);
        let cause = "why 7".to_owned();
        for (record, id) in outbox.unpublished().into_iter().zip(["8", "7"]) {
            let reason = UnpublishedReason::Unpublishable { cause: cause.clone() };
            assert_eq!((&*record.id, record.reason, record.stopped_at), (id, reason, Some(3)));
        }
    }

    fn readable(versions: &[u64]) -> Outbox {
        let mut outbox = Outbox::of(versions.iter().map(|version| poison("7", *version)).collect());
        outbox.records.iter_mut().for_each(|record| record.state = RecordState::Open(Vec::new()));
        outbox
    }

    #[test]
    fn an_order_that_begins_in_the_batch_and_has_no_gap_cannot_wait() {
        for versions in [&[1][..], &[1, 2, 3], &[2, 1], &[1, 1, 2]] {
            assert!(readable(versions).orders_that_may_wait().is_empty(), "{versions:?}");
        }
        for versions in [&[2][..], &[2, 3], &[1, 3], &[1, 2, 4]] {
            assert_eq!(readable(versions).orders_that_may_wait(), ["o-1"], "{versions:?}");
        }
        let mut outbox = readable(&[1, 2]);
        outbox.records[1].state = RecordState::Poison("no release knows it".to_owned());
        assert_eq!(outbox.orders_that_may_wait(), ["o-1"]);
    }

    #[test]
    fn a_record_that_waits_by_a_note_is_done() {
        let mut outbox = Outbox::of(vec![poison("7", 3), poison("8", 4)]);
        outbox.hold("o-1", 4);
        assert_eq!(outbox.held(), 1);
        let unpublished: Vec<_> = outbox.unpublished().into_iter().map(|record| record.id).collect();
        assert_eq!(unpublished, ["7"]);
        let reason = UnpublishedReason::Refused { cause: "no table".to_owned() };
        outbox.fail("o-1", 0, &reason);
        let unpublished = outbox.unpublished();
        let [record] = &unpublished[..] else { unreachable!("{unpublished:?}") };
        assert_eq!((&*record.id, &record.reason, record.stopped_at), ("7", &reason, None));
    }
}
