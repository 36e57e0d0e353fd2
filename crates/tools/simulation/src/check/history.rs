//! A history: the traffic, the stored data, and every state of the read models.

use std::collections::{BTreeMap, BTreeSet};

use order_aggregate::OrderCommit;
use parked_orders::Consumer;
use read_models::{CurrencyTotals, OpenOrderRow};
use serde_json::Value;

use crate::faults::fault::Counts;
use crate::faults::strike::Fired;
use crate::faults::unaddressable::UnaddressableRecords;
use crate::workload::command::Exchange;
use crate::workload::query::Inquiry;
use crate::workload::shape::Shape;
use crate::world::journal::{Kept, Waiting};
use crate::world::unexpected_errors::UnexpectedError;

/// A history that has been run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Its shape.
    pub shape: Shape,
    /// The commands and their answers, client by client.
    pub exchanges: Vec<Exchange>,
    /// The last of them, one for each order, sent without faults and without a usable snapshot.
    pub last_words: Vec<Exchange>,
    /// The quotes that were sent again before them, without faults.
    pub last_quotes: Vec<Exchange>,
    /// Every order of the plan or in the table, with its stored commits.
    pub recorded: Vec<(String, Vec<OrderCommit>)>,
    /// The queries and their answers. They include every version once the stream is drained, and every order and customer after the
    /// recovery.
    pub inquiries: Vec<Inquiry>,
    /// Every state of the read models and of the notes on parked orders, up to the end of the recovery.
    pub kept: Kept,
    /// The details of the events on the bus, in sequence.
    pub published: Vec<Value>,
    /// The commits that only the newer release can process.
    pub foreign: BTreeSet<(String, u64)>,
    /// The orders with records whose retries for the publisher were used up before the end.
    pub exhausted: BTreeSet<String>,
    /// The parked orders of each consumer once the stream was drained, with the last version that waited.
    pub parked: Waiting,
    /// Those of them that an outage deferred.
    pub deferred: BTreeSet<(Consumer, String)>,
    /// The read models whose rows an outage may defer.
    pub deferring: Vec<Consumer>,
    /// The versions of the rows right after the first redrive, before another delivery.
    pub redriven: Waiting,
    /// The versions of the rows right after a repair, and of each order's newest commit. `None` without a repair.
    pub repaired: Option<(Waiting, BTreeMap<String, u64>)>,
    /// The rows that a verification reported as lost or wrong while rows lagged. `None` without a verification, or if it failed.
    pub called_lost: Option<Vec<String>>,
    /// The snapshot that was replaced after the repair.
    pub replaced: Option<ReplacedSnapshot>,
    /// The parked orders of each consumer at the end, with the last version that waited.
    pub left_parked: Waiting,
    /// The versions of each order's row and of its newest commit once the stream was drained, before the recovery.
    pub drained: BTreeMap<String, (u64, u64)>,
    /// The orders with a record that a projector never received, or only after the recovery.
    pub lost: BTreeSet<String>,
    /// The totals of each customer at the end, by currency.
    pub totals: BTreeMap<&'static str, Vec<CurrencyTotals>>,
    /// The list of open orders at the end.
    pub open_orders: Vec<OpenOrderRow>,
    /// The unaddressable records, and the notes on them.
    pub unaddressable: UnaddressableRecords,
    /// The errors and panics that no fault explains.
    pub unexpected_errors: Vec<UnexpectedError>,
    /// The count of each fault.
    pub faults: Counts,
    /// The count of each strike on the command handlers' network.
    pub fired: Fired,
}

/// A snapshot that was replaced for a while. A commit is an order and a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplacedSnapshot {
    /// The commit that carries it.
    pub at: (String, u64),
    /// The commits whose snapshots a verification reported at that time.
    pub found: Vec<(String, u64)>,
}
