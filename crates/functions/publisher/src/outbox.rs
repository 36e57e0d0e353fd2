//! A batch's records, the events they become, and what becomes of each record.

use std::collections::{BTreeMap, HashMap};

use event_store::{Delivered, Poison};
use order_domain::Event;
use parked_orders::Parking;
use publication::{CloudEvent, Publication, UnpublishedReason, events_of};

/// A batch on its way.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// In the stream's order.
    records: Vec<Record>,
    /// Each order's records, by their places.
    orders: BTreeMap<String, Vec<usize>>,
    /// Whose the orders are, as far as it can be told.
    customers: HashMap<String, String>,
}

/// A record of the batch.
#[derive(Debug)]
struct Record {
    sequence_number: String,
    /// The order and the version, as far as they can be told.
    position: Option<(String, u64)>,
    state: State,
}

/// What is known of a record.
#[derive(Debug)]
enum State {
    /// Its events are to be published, or are; nothing else is to be done with it.
    Open(Vec<CloudEvent>),
    /// It can never be published.
    Poison(String),
    /// It is done: its order's note says that it waits.
    Held,
    /// It must come again.
    Failed(UnpublishedReason),
}

/// Events to be published, in the stream's order, and the place of each one's record.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    pub(crate) events: Vec<CloudEvent>,
    sources: Vec<usize>,
}

/// A record that is not done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// Its sequence number.
    pub(crate) id: String,
    /// The order and the version, as far as they can be told.
    pub(crate) position: Option<(String, u64)>,
    /// Why.
    pub(crate) reason: UnpublishedReason,
}

/// The first record of an order that can never be published, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Halt {
    /// Its sequence number.
    pub(crate) id: String,
    /// What is to be noted.
    pub(crate) parking: Parking,
}

impl Outbox {
    /// The records of a batch, and whose its orders are.
    pub(crate) fn of(delivered: Vec<Delivered<Event>>, customers: HashMap<String, String>) -> Self {
        let mut outbox = Self { records: Vec::with_capacity(delivered.len()), orders: BTreeMap::new(), customers };
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
            let state = events.map_or_else(State::Poison, State::Open);
            outbox.records.push(Record { sequence_number: id, position, state });
        }
        outbox
    }

    /// The batch's orders.
    pub(crate) fn orders(&self) -> Vec<&str> {
        self.orders.keys().map(String::as_str).collect()
    }

    /// The last of an order's versions from `from` on; `None` where it has none there.
    pub(crate) fn last_version(&self, order: &str, from: u64) -> Option<u64> {
        self.of_order(order).filter_map(Record::version).filter(|&version| version >= from).max()
    }

    /// The sequence number of an order's version; `None` where the batch does not have it.
    pub(crate) fn id(&self, order: &str, version: u64) -> Option<String> {
        let record = self.of_order(order).find(|record| record.version() == Some(version));
        record.map(|record| record.sequence_number.clone())
    }

    /// The order's records from `from` on wait, and are done.
    pub(crate) fn hold(&mut self, order: &str, from: u64) {
        self.set(order, from, |state| *state = State::Held);
    }

    /// The order's records from `from` on must come again, but those that wait.
    pub(crate) fn fail(&mut self, order: &str, from: u64, reason: &UnpublishedReason) {
        self.set(order, from, |state| match state {
            State::Open(_) | State::Poison(_) | State::Failed(_) => *state = State::Failed(reason.clone()),
            State::Held => {}
        });
    }

    /// Whatever names an order must come again.
    pub(crate) fn fail_every_order(&mut self, reason: &UnpublishedReason) {
        for record in self.records.iter_mut().filter(|record| record.position.is_some()) {
            record.state = State::Failed(reason.clone());
        }
    }

    /// What is to be published: of each order what comes before the first version that can never be.
    pub(crate) fn mail(&mut self) -> Mail {
        let ends: BTreeMap<String, u64> = self.halts().into_iter().map(Halt::order_and_version).collect();
        let mut mail = Mail::default();
        for (place, record) in self.records.iter_mut().enumerate() {
            let ended = |(order, version): &(String, u64)| ends.get(order).is_some_and(|end| version >= end);
            if let State::Open(events) = &mut record.state
                && !record.position.as_ref().is_some_and(ended)
            {
                mail.sources.extend(events.iter().map(|_| place));
                mail.events.append(events);
            }
        }
        mail
    }

    /// Takes in what became of the events: of each record the first failure, unless a later one makes it poison.
    pub(crate) fn settle(&mut self, mail: &Mail, publication: Publication) {
        for failure in publication.failed {
            let record = mail.sources.get(failure.index).and_then(|&place| self.records.get_mut(place));
            let Some(record) = record else { continue };
            record.state = match (&record.state, failure.reason) {
                (State::Open(_) | State::Failed(_), UnpublishedReason::Unpublishable { cause }) => State::Poison(cause),
                (
                    State::Open(_),
                    reason @ (UnpublishedReason::Unavailable { .. } | UnpublishedReason::Refused { .. }),
                ) => State::Failed(reason),
                (State::Failed(_) | State::Poison(_) | State::Held, _) => continue,
            };
        }
    }

    /// Of each order the first version that can never be published, where there is one.
    pub(crate) fn halts(&self) -> Vec<Halt> {
        let halt = |order: &String| {
            let poison = self.of_order(order).filter_map(|record| match &record.state {
                State::Poison(cause) => Some((record.version()?, record, cause)),
                State::Open(_) | State::Held | State::Failed(_) => None,
            });
            let (version, record, cause) = poison.min_by_key(|(version, ..)| *version)?;
            let parking = Parking {
                aggregate_id: order.clone(),
                customer_id: self.customers.get(order).cloned(),
                version,
                held_up_to: self.last_version(order, version).unwrap_or(version),
                reason: cause.clone(),
            };
            Some(Halt { id: record.sequence_number.clone(), parking })
        };
        self.orders.keys().filter_map(halt).collect()
    }

    /// Whether something of the order before a version must come again.
    pub(crate) fn fails_before(&self, order: &str, version: u64) -> bool {
        let before = |record: &&Record| record.version().is_some_and(|it| it < version);
        self.of_order(order).filter(before).any(|record| matches!(record.state, State::Failed(_)))
    }

    /// How many records wait with their orders.
    pub(crate) fn held(&self) -> usize {
        self.records.iter().filter(|record| matches!(record.state, State::Held)).count()
    }

    /// The records that are not done, in the stream's order.
    pub(crate) fn failed(self) -> Vec<Failed> {
        let failed = |record: Record| {
            let reason = match record.state {
                State::Open(_) | State::Held => return None,
                State::Failed(reason) => reason,
                // It names no order that could be parked; `order_stream` hands none on.
                State::Poison(cause) => UnpublishedReason::Unpublishable { cause },
            };
            Some(Failed { id: record.sequence_number, position: record.position, reason })
        };
        self.records.into_iter().filter_map(failed).collect()
    }

    fn of_order(&self, order: &str) -> impl Iterator<Item = &Record> {
        self.orders.get(order).into_iter().flatten().filter_map(|&place| self.records.get(place))
    }

    fn set(&mut self, order: &str, from: u64, change: impl Fn(&mut State)) {
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

impl Halt {
    fn order_and_version(self) -> (String, u64) {
        (self.parking.aggregate_id, self.parking.version)
    }
}
