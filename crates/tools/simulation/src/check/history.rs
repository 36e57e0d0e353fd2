//! A history: what happened, and what is recorded of it.

use std::collections::{BTreeMap, BTreeSet};

use order_aggregate::OrderCommit;
use parked_orders::Consumer;
use read_models::CurrencyTotals;
use serde_json::Value;

use crate::faults::fault::Counts;
use crate::faults::strike::Fired;
use crate::faults::unaddressable::UnaddressableRecords;
use crate::workload::exchange::Exchange;
use crate::workload::inquiry::Inquiry;
use crate::workload::shape::Shape;
use crate::world::journal::{Kept, Waiting};
use crate::world::unexpected_errors::UnexpectedError;

/// What happened, and what is recorded of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What the plan made of it.
    pub shape: Shape,
    /// What each client sent and was told, client by client.
    pub exchanges: Vec<Exchange>,
    /// Those of them that came last, one an order, when all was well again and no snapshot could be used.
    pub last_words: Vec<Exchange>,
    /// The quotes that were sent once more before them, when all was well again.
    pub last_quotes: Vec<Exchange>,
    /// Every order that clients asked for or that is stored, with its commits as they are stored.
    pub recorded: Vec<(String, Vec<OrderCommit>)>,
    /// What clients asked, and were told: among them every version there was once the stream was drained, and everything once
    /// all was mended.
    pub inquiries: Vec<Inquiry>,
    /// Every state of the read models and of the notes on parked orders; the last ones after all is mended.
    pub kept: Kept,
    /// The details of the events on the bus, in the order in which it took them.
    pub published: Vec<Value>,
    /// The commits that held an event which only the newer release knew.
    pub foreign: BTreeSet<(String, u64)>,
    /// The orders with records that the publisher's deliveries had given up before the end.
    pub given_up: BTreeSet<String>,
    /// Who had parked which orders once the stream was drained, and the last version of each that was known to wait.
    pub parked: Waiting,
    /// Those of them that an outage had parked.
    pub deferred: BTreeSet<(Consumer, String)>,
    /// The versions of the rows of summaries and totals right after the first redriving, before anything else was delivered.
    pub redriven: Waiting,
    /// The versions of the rows right after a repair, and of each order's newest commit; nothing where there was none.
    pub repaired: Option<(Waiting, BTreeMap<String, u64>)>,
    /// The rows that a verification called lost or wrong while rows lagged; nothing where there was none, or it failed.
    pub called_lost: Option<Vec<String>>,
    /// The snapshot that was replaced once all was repaired.
    pub replaced: Option<ReplacedSnapshot>,
    /// Who has parked which orders in the end, and up to which version.
    pub left_parked: Waiting,
    /// The versions of each order's row and of its newest commit once the stream was drained, before anything was mended.
    pub drained: BTreeMap<String, (u64, u64)>,
    /// The orders with a record that the projector never got, or not until all was mended.
    pub lost: BTreeSet<String>,
    /// What each customer's orders came to in the end, by currency.
    pub totals: BTreeMap<&'static str, Vec<CurrencyTotals>>,
    /// The records that name no order, and the notes on them.
    pub unaddressable: UnaddressableRecords,
    /// What must not happen and did, before anything was checked.
    pub unexpected_errors: Vec<UnexpectedError>,
    /// How often each fault struck.
    pub faults: Counts,
    /// What struck on the command handlers' network, in detail.
    pub fired: Fired,
}

/// A snapshot that was replaced for a while. A commit is an order and a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplacedSnapshot {
    /// The commit that carries it.
    pub at: (String, u64),
    /// The commits whose snapshots a verification called wrong meanwhile.
    pub found: Vec<(String, u64)>,
}
