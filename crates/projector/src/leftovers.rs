//! What a batch leaves behind: orders to park, records that must come again, parked orders that have caught up.

use std::collections::{BTreeMap, HashMap, HashSet};

use event_store::Delivered;
use order_stream::Batch;
use parked_orders::{Parked, Parking};
use read_model::{Failure, Reason};

/// An order that a commit holds back, and what of the batch waits with it.
pub(crate) struct Poisoned {
    pub(crate) parking: Parking,
    /// The first record that waits.
    pub(crate) first: Failure,
    /// The sequence numbers of all of them.
    pub(crate) records: Vec<String>,
}

/// Failures by what becomes of them.
#[derive(Default)]
pub(crate) struct Leftovers {
    /// Orders to park.
    pub(crate) poisoned: Vec<Poisoned>,
    /// Poison that names no order, so that nothing can be parked: it comes again until it goes where failed batches go.
    pub(crate) strays: Vec<Failure>,
    /// What may pass when it comes again.
    pub(crate) transient: Vec<Failure>,
}

impl Leftovers {
    /// Sorts the failures of a batch.
    pub(crate) fn of(failed: Vec<Failure>, customers: &HashMap<String, String>) -> Self {
        let mut leftovers = Self::default();
        let mut poisoned: BTreeMap<String, Vec<Failure>> = BTreeMap::new();
        for failure in failed {
            match (&failure.reason, &failure.aggregate_id) {
                (Reason::Poison { .. }, Some(order)) => poisoned.entry(order.clone()).or_default().push(failure),
                (Reason::Poison { .. }, None) => leftovers.strays.push(failure),
                (Reason::Unavailable { .. } | Reason::NewerProjection, _) => leftovers.transient.push(failure),
            }
        }
        let poisoned = poisoned.into_iter().filter_map(|(order, failures)| Poisoned::of(order, failures, customers));
        leftovers.poisoned = poisoned.collect();
        leftovers
    }
}

impl Poisoned {
    fn of(order: String, mut failures: Vec<Failure>, customers: &HashMap<String, String>) -> Option<Self> {
        failures.sort_unstable_by_key(|failure| failure.version);
        let held_up_to = failures.last()?.version?;
        let (version, reason) = failures.iter().filter_map(cause).min()?;
        let customer_id = customers.get(&order).cloned();
        let records = failures.iter().map(|failure| failure.id.clone()).collect();
        let first = failures.into_iter().next()?;
        Some(Self {
            parking: Parking { aggregate_id: order, customer_id, version, held_up_to, reason },
            first,
            records,
        })
    }
}

/// The version that a poisoned record's order cannot pass, and why not.
fn cause(failure: &Failure) -> Option<(u64, String)> {
    match &failure.reason {
        Reason::Poison { version, cause } => Some((version.or(failure.version)?, cause.clone())),
        Reason::Unavailable { .. } | Reason::NewerProjection => None,
    }
}

/// The parked orders whose rows now hold all that is known to have waited.
///
/// To have passed the poison is not enough: as far as the stream goes, what waited behind it is done. Only the note says
/// that the row lacks it.
pub(crate) fn caught_up<'a>(batch: &Batch, failed: &[Failure], parked: &'a HashMap<String, Parked>) -> Vec<&'a Parked> {
    if parked.is_empty() {
        return Vec::new();
    }
    let failed: HashSet<&str> = failed.iter().map(|failure| failure.id.as_str()).collect();
    let in_rows = batch.delivered.iter().filter(|delivered| !failed.contains(delivered.id.as_str()));
    let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
    for (order, version) in in_rows.filter_map(Delivered::position) {
        let furthest = reached.entry(order).or_default();
        *furthest = version.max(*furthest);
    }
    let waits_for_nothing = |(order, version)| parked.get(order).filter(|note| note.held_up_to <= version);
    reached.into_iter().filter_map(waits_for_nothing).collect()
}
