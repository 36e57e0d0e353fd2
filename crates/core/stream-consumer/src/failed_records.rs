//! Failed records of a batch: orders to park, and records to retry.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use event_store::TableError;
use event_store::store::chain;
use parked_orders::{ParkRequest, ParkedError};

use crate::order_parking::NoteError;

/// A record that a consumer could not process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRecord {
    /// The record's name: its sequence number.
    pub id: String,
    /// The order, as far as it is known.
    pub order_id: Option<String>,
    /// The version, as far as it is known.
    pub version: Option<u64>,
    /// The cause.
    pub cause: FailureCause,
}

/// The reason why a record could not be processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureCause {
    /// A commit that no retry can process: the record's own, or an earlier one of its order.
    Poison {
        /// The commit's version; `None` if it is the record's own.
        version: Option<u64>,
        /// The defect. It quotes nothing of an event's content.
        reason: String,
    },
    /// An outage. A later attempt may succeed.
    Unavailable {
        /// The error.
        reason: String,
    },
    /// A missing permission or resource. No attempt succeeds until an operator repairs it.
    Refused {
        /// The error.
        reason: String,
    },
}

impl fmt::Display for FailureCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Poison { reason, .. } => write!(f, "poison: {reason}"),
            Self::Unavailable { reason } => write!(f, "unavailable: {reason}"),
            Self::Refused { reason } => write!(f, "refused: {reason}"),
        }
    }
}

/// The rule that decides which failed records park their orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParkingPolicy {
    /// Poison parks its order. All other failures are retried.
    ParkPoison,
    /// Poison parks its order, and an outage parks its orders as deferred. No record that names an order is retried.
    DeferOutages,
    /// Poison parks its order once all earlier versions are processed. Until then it is retried together with them,
    /// because a redrive of a parked order would process the poison before them.
    InSequence,
}

/// An order to park, and the records of the batch that wait with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoisonedOrder {
    /// The note to write.
    pub request: ParkRequest,
    /// True if the cause is an outage and not a commit of the order.
    pub is_deferred: bool,
    /// The records that wait, each with version and name. There is at least one.
    pub records: Vec<(u64, String)>,
}

/// The failed records of a batch, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FailedRecords {
    /// Orders to park.
    pub to_park: Vec<PoisonedOrder>,
    /// Records to retry. They include poison that names no order, so that it is not lost; [`read`](crate::read)
    /// delivers none.
    pub to_retry: Vec<FailedRecord>,
}

impl FailedRecords {
    /// Sorts the failed records of a batch. `customers` contains the customers of its orders, as far as they are known.
    #[must_use]
    pub fn sort(failed: Vec<FailedRecord>, customers: &HashMap<String, String>, policy: ParkingPolicy) -> Self {
        let mut to_retry = Vec::new();
        let mut poisoned: BTreeMap<String, PoisonedOrder> = BTreeMap::new();
        for record in failed {
            let (version, reason, is_deferred) = match &record.cause {
                FailureCause::Poison { version, reason } => (*version, reason, false),
                FailureCause::Unavailable { reason } | FailureCause::Refused { reason } => (None, reason, true),
            };
            match (&record.order_id, record.version) {
                (Some(order_id), Some(own)) if !is_deferred || policy == ParkingPolicy::DeferOutages => {
                    let request = ParkRequest {
                        aggregate_id: order_id.clone(),
                        customer_id: customers.get(order_id).cloned(),
                        version: version.unwrap_or(own),
                        held_up_to: own,
                        reason: reason.clone(),
                    };
                    let order = PoisonedOrder { request, is_deferred, records: vec![(own, record.id)] };
                    match poisoned.entry(order_id.clone()) {
                        Entry::Occupied(mut known) => known.get_mut().merge(order),
                        Entry::Vacant(new) => drop(new.insert(order)),
                    }
                }
                (Some(_) | None, Some(_) | None) => to_retry.push(record),
            }
        }
        let mut sorted = Self { to_park: poisoned.into_values().collect(), to_retry };
        if policy == ParkingPolicy::InSequence {
            sorted.retry_behind_earlier_versions();
        }
        sorted
    }

    /// Retries the orders that have an earlier version to retry.
    fn retry_behind_earlier_versions(&mut self) {
        let mut first: HashMap<&str, u64> = HashMap::new();
        for record in &self.to_retry {
            if let (Some(order_id), Some(version)) = (&record.order_id, record.version) {
                first.entry(order_id).and_modify(|it| *it = version.min(*it)).or_insert(version);
            }
        }
        let is_behind = |order: &PoisonedOrder| {
            first.get(&*order.request.aggregate_id).is_some_and(|it| *it < order.request.version)
        };
        let (behind, to_park) = std::mem::take(&mut self.to_park).into_iter().partition(is_behind);
        self.to_park = to_park;
        for order in behind {
            let reason = "an earlier version of its order is not processed".to_owned();
            self.to_retry.extend(order.into_failed(&FailureCause::Unavailable { reason }));
        }
    }
}

impl PoisonedOrder {
    /// Returns the first waiting record: its version and its name.
    #[must_use]
    pub fn first(&self) -> Option<&(u64, String)> {
        self.records.iter().min()
    }

    /// Adds another record of the order. The order waits for the lowest version that no retry can process.
    fn merge(&mut self, other: Self) {
        let (known, new) = (&mut self.request, other.request);
        if (new.version, &new.reason) < (known.version, &known.reason) {
            (known.version, known.reason) = (new.version, new.reason);
            self.is_deferred = other.is_deferred;
        }
        known.held_up_to = known.held_up_to.max(new.held_up_to);
        self.records.extend(other.records);
    }

    /// Returns the records of an order that could not be parked.
    pub(crate) fn not_parked(&self, error: &NoteError) -> Vec<FailedRecord> {
        self.clone().into_failed(&match error {
            NoteError::OutOfTime => {
                FailureCause::Unavailable { reason: "the time was over before its order was parked".to_owned() }
            }
            NoteError::Table(error @ ParkedError::Table(TableError::Unavailable { .. })) => {
                FailureCause::Unavailable { reason: chain(error) }
            }
            NoteError::Table(
                error @ (ParkedError::Table(TableError::Refused { .. }) | ParkedError::Unreadable { .. }),
            ) => FailureCause::Refused { reason: chain(error) },
        })
    }

    fn into_failed(self, cause: &FailureCause) -> Vec<FailedRecord> {
        let order_id = self.request.aggregate_id;
        let failed = |(version, id)| FailedRecord {
            id,
            order_id: Some(order_id.clone()),
            version: Some(version),
            cause: cause.clone(),
        };
        self.records.into_iter().map(failed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(id: &str, version: Option<u64>, cause: FailureCause) -> FailedRecord {
        FailedRecord { id: id.to_owned(), order_id: Some("o-1".to_owned()), version, cause }
    }

    fn poison(id: &str, version: Option<u64>, cannot_pass: Option<u64>) -> FailedRecord {
        failed(id, version, FailureCause::Poison { version: cannot_pass, reason: format!("why {id}") })
    }

    fn outage(id: &str, version: u64) -> FailedRecord {
        let reason = "the table is unavailable".to_owned();
        failed(id, Some(version), FailureCause::Unavailable { reason })
    }

    fn sort(failed: Vec<FailedRecord>, policy: ParkingPolicy) -> FailedRecords {
        FailedRecords::sort(failed, &HashMap::new(), policy)
    }

    #[test]
    fn a_record_without_a_version_is_retried_and_its_order_is_parked() {
        let failed = vec![poison("c", None, None), poison("b", Some(4), Some(3)), poison("a", Some(3), None)];
        let sorted = sort(failed, ParkingPolicy::ParkPoison);
        assert_eq!(sorted.to_retry, [poison("c", None, None)]);
        let [order] = &sorted.to_park[..] else { unreachable!("one order") };
        assert_eq!((order.request.version, order.request.held_up_to, order.request.reason.as_str()), (3, 4, "why a"));
        assert_eq!(order.first(), Some(&(3, "a".to_owned())));
        assert_eq!(order.records, [(4, "b".to_owned()), (3, "a".to_owned())]);
    }

    #[test]
    fn an_outage_is_deferred_or_retried_and_poison_before_it_counts() {
        for policy in [ParkingPolicy::ParkPoison, ParkingPolicy::InSequence] {
            let retried = sort(vec![outage("a", 2)], policy);
            assert_eq!((retried.to_park.len(), retried.to_retry.len()), (0, 1));
        }
        for (failed, is_deferred, version) in [
            (vec![outage("b", 3), outage("a", 2)], true, 2),
            (vec![outage("b", 3), poison("a", Some(2), None)], false, 2),
            (vec![poison("b", Some(3), None), outage("a", 2)], true, 2),
        ] {
            let sorted = sort(failed, ParkingPolicy::DeferOutages);
            let [order] = &sorted.to_park[..] else { unreachable!("one order") };
            let request = &order.request;
            assert_eq!((order.is_deferred, request.version, request.held_up_to), (is_deferred, version, 3));
            assert!(sorted.to_retry.is_empty());
        }
    }

    #[test]
    fn an_order_whose_version_is_unknown_is_not_parked_and_not_forgotten() {
        let sorted = sort(vec![poison("a", None, Some(3))], ParkingPolicy::DeferOutages);
        assert_eq!((sorted.to_park.len(), sorted.to_retry.len()), (0, 1));
    }

    #[test]
    fn poison_is_retried_together_with_an_earlier_failed_version() {
        let failed = || vec![poison("c", Some(4), Some(3)), poison("b", Some(3), None), outage("a", 2)];
        let sorted = sort(failed(), ParkingPolicy::InSequence);
        let retried: Vec<_> = sorted.to_retry.iter().map(|record| record.id.as_str()).collect();
        assert_eq!((sorted.to_park.len(), &retried[..]), (0, &["a", "c", "b"][..]));
        let sorted = sort(failed(), ParkingPolicy::ParkPoison);
        assert_eq!((sorted.to_park.len(), sorted.to_retry.len()), (1, 1), "a row is folded from its events");
    }

    #[test]
    fn poison_ahead_of_a_later_failed_version_parks_its_order() {
        let sorted = sort(vec![poison("a", Some(2), None), outage("b", 3)], ParkingPolicy::InSequence);
        assert_eq!((sorted.to_park.len(), sorted.to_retry.len()), (1, 1));
    }

    #[test]
    fn the_records_of_an_order_that_could_not_be_parked_fail_with_the_cause() {
        let sorted = sort(vec![poison("a", Some(3), None), poison("b", Some(4), Some(3))], ParkingPolicy::ParkPoison);
        let retried = sorted.to_park[0].not_parked(&NoteError::OutOfTime);
        let cause = FailureCause::Unavailable { reason: "the time was over before its order was parked".to_owned() };
        assert_eq!(retried, [failed("a", Some(3), cause.clone()), failed("b", Some(4), cause)]);
    }
}
