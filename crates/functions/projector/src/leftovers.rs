//! What a batch leaves behind: orders to park, records that must come again, parked orders that have caught up.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use parked_orders::{Parked, Parking};
use read_models::{Failure, Reason};

/// An order that is to be parked, and the records of the batch that wait with it.
pub(crate) struct Poisoned {
    pub(crate) parking: Parking,
    /// True if an outage is the cause, and no commit of the order.
    pub(crate) is_deferred: bool,
    /// The version and the sequence number of the first record that waits.
    pub(crate) first: (u64, String),
    /// The sequence numbers of all of them.
    pub(crate) records: Vec<String>,
}

/// Failures by what becomes of them.
#[derive(Default)]
pub(crate) struct Leftovers {
    /// Orders to park.
    pub(crate) poisoned: Vec<Poisoned>,
    /// Failures that a retry may outlive. Poison that names no order is among it, so that it is not lost; `order_stream` hands
    /// none on.
    pub(crate) transient: Vec<Failure>,
}

impl Leftovers {
    /// Sorts the failures of a batch. Where `defers`, an outage parks its orders too, and no record is retried for it.
    pub(crate) fn of(failed: Vec<Failure>, customers: &HashMap<String, String>, defers: bool) -> Self {
        let mut leftovers = Self::default();
        let mut poisoned: BTreeMap<String, Poisoned> = BTreeMap::new();
        for failure in failed {
            let Failure { id, aggregate_id, version: own, reason } = &failure;
            let (cause, is_deferred) = match reason {
                Reason::Poison { version, cause } => ((*version, cause.clone()), false),
                Reason::Unavailable { .. } | Reason::NewerProjection => ((None, reason.to_string()), true),
            };
            match (aggregate_id, own) {
                (Some(order), Some(own)) if defers || !is_deferred => {
                    let cause = (cause.0.unwrap_or(*own), cause.1);
                    let record = (*own, id.clone());
                    match poisoned.entry(order.clone()) {
                        Entry::Occupied(mut known) => known.get_mut().add(cause, record, is_deferred),
                        Entry::Vacant(new) => {
                            let customer_id = customers.get(order).cloned();
                            new.insert(Poisoned::new(order.clone(), customer_id, cause, record, is_deferred));
                        }
                    }
                }
                (Some(_) | None, Some(_) | None) => leftovers.transient.push(failure),
            }
        }
        leftovers.poisoned = poisoned.into_values().collect();
        leftovers
    }
}

impl Poisoned {
    /// An order, the version that it cannot pass with the reason, and a record of it that waits.
    fn new(
        order: String,
        customer_id: Option<String>,
        (version, reason): (u64, String),
        first: (u64, String),
        is_deferred: bool,
    ) -> Self {
        let parking = Parking { aggregate_id: order, customer_id, version, held_up_to: first.0, reason };
        Self { parking, is_deferred, records: vec![first.1.clone()], first }
    }

    /// A further record that waits: the lowest version that cannot be passed is what holds the order back.
    fn add(&mut self, (version, reason): (u64, String), record: (u64, String), is_deferred: bool) {
        let parking = &mut self.parking;
        if (version, &reason) < (parking.version, &parking.reason) {
            (parking.version, parking.reason) = (version, reason);
            self.is_deferred = is_deferred;
        }
        parking.held_up_to = parking.held_up_to.max(record.0);
        self.records.push(record.1.clone());
        if record < self.first {
            self.first = record;
        }
    }
}

/// The parked orders whose rows now hold all that is known to have waited.
///
/// To have passed the poison is not enough: as far as the stream goes, what waited behind it is done. Only the note says
/// that the row lacks it.
pub(crate) fn caught_up<'a>(reached: &BTreeMap<String, u64>, parked: &'a HashMap<String, Parked>) -> Vec<&'a Parked> {
    let of_order = |(order, version): (&String, &u64)| parked.get(order).filter(|note| note.held_up_to <= *version);
    reached.iter().filter_map(of_order).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poison(id: &str, version: Option<u64>, cannot_pass: Option<u64>) -> Failure {
        let reason = Reason::Poison { version: cannot_pass, cause: format!("why {id}") };
        Failure { id: id.to_owned(), aggregate_id: Some("o-1".to_owned()), version, reason }
    }

    #[test]
    fn a_record_without_a_version_is_retried_and_its_order_is_parked() {
        let failed = vec![poison("c", None, None), poison("b", Some(4), Some(3)), poison("a", Some(3), None)];
        let leftovers = Leftovers::of(failed, &HashMap::new(), false);
        assert_eq!(leftovers.transient, [poison("c", None, None)]);
        let [order] = &leftovers.poisoned[..] else { unreachable!("one order") };
        assert_eq!((order.parking.version, order.parking.held_up_to, order.parking.reason.as_str()), (3, 4, "why a"));
        assert_eq!((&order.first, &order.records[..]), (&(3, "a".to_owned()), &["b".to_owned(), "a".to_owned()][..]));
    }

    #[test]
    fn an_outage_parks_an_order_where_totals_are_deferred_and_poison_before_it_counts() {
        let outage = |id: &str, version| {
            let reason = Reason::Unavailable { cause: "the table is unavailable".to_owned() };
            Failure { id: id.to_owned(), aggregate_id: Some("o-1".to_owned()), version: Some(version), reason }
        };
        let retried = Leftovers::of(vec![outage("a", 2)], &HashMap::new(), false);
        assert_eq!((retried.poisoned.len(), retried.transient.len()), (0, 1));
        for (failed, is_deferred, version) in [
            (vec![outage("b", 3), outage("a", 2)], true, 2),
            (vec![outage("b", 3), poison("a", Some(2), None)], false, 2),
            (vec![poison("b", Some(3), None), outage("a", 2)], true, 2),
        ] {
            let leftovers = Leftovers::of(failed, &HashMap::new(), true);
            let [order] = &leftovers.poisoned[..] else { unreachable!("one order") };
            let parking = &order.parking;
            assert_eq!((order.is_deferred, parking.version, parking.held_up_to), (is_deferred, version, 3));
            assert!(leftovers.transient.is_empty());
        }
    }

    #[test]
    fn an_order_of_which_no_version_can_be_told_is_not_parked_and_not_forgotten() {
        let leftovers = Leftovers::of(vec![poison("a", None, Some(3))], &HashMap::new(), true);
        assert_eq!((leftovers.poisoned.len(), leftovers.transient.len()), (0, 1));
    }
}
