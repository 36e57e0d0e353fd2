//! The invariants, and the result of a check: counts and violations.

use std::collections::BTreeMap;

macro_rules! invariants {
    ($($invariant:ident = $sentence:literal,)+) => {
        /// A property of every history.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Invariant { $(#[doc = $sentence] $invariant),+ }

        impl Invariant {
            /// Every invariant there is.
            pub const ALL: [Self; [$(Self::$invariant),+].len()] = [$(Self::$invariant),+];

            /// The invariant in a sentence.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$invariant => $sentence),+ }
            }
        }
    };
}

invariants! {
    Gapless = "versions are gapless from 1",
    TimeRises = "recordedAt rises with the version",
    RecordedOnce = "a client requested every commit, and each is recorded once",
    TruthfulReply = "a reply to a command equals the recorded commit",
    Decided = "each rejection and each no-op reply matches the domain rules at some version between request and reply",
    SameReply = "one key has one reply and one body",
    Acknowledged = "a repeat of an acknowledged command has the same reply, and its key with another body is rejected",
    NoServerError = "a command is answered by 200, 201, 4xx or 503",
    Answers = "after the recovery every order answers commands, without a usable snapshot",
    TimeTravel = "an order at a version, and at the time of that version, is the fold up to it",
    QueryAnswered = "a query is answered by 200, by 404 for an order, or by 503 after every attempt of a call was struck",
    KnownIsShown = "a query shows a version that its client knows, and never an older one than its minVersion",
    Shown = "an order that a query shows is the fold of its events up to the version it shows",
    Trail = "an order's trail is what was recorded, in sequence and page by page",
    Listed = "a list has each order of its customer whose row existed, once, newest first, and no other order",
    TotalsShown = "totals that a query shows are the sums over rows that existed at one moment",
    StaleIsSaid = "a reply is marked stale while a note says that it is incomplete, and only then",
    RowIsPrefix = "a row is the fold of a prefix of the events",
    RowAdvances = "the version and the release of a row only rise",
    RowIsDrained = "once the stream is drained, a row without lost records is complete",
    RowIsComplete = "at the end a row is the fold of all events",
    Totals = "at the end a customer's totals are the sums over all orders",
    OpenOrders = "at the end the list of open orders is the fold of all events",
    Parked = "poison parks its order, and no other",
    NoPanic = "nothing panics",
    Readable = "stored data can be read",
    Redriven = "after the fix a redrive completes a row up to the last waiting version, without an error",
    Repaired = "after a repair every row is complete, and a second repair finds no difference",
    Unparked = "after the fix no order is parked",
    Published = "every event is on the bus at least once",
    PublishedTruly = "every event on the bus equals its recorded event",
    PublishedInOrder = "events after poison are published after it, in sequence",
    DueIsStated = "each event that changes the amount due states the correct amount",
    ReductionIsRight = "a refund or an item cancellation has the reduction that its command names, or else the one of the rules",
    ShipsWhenPaid = "no unit ships of a cancelled order, or while less than the amount due is paid",
    UnitsAreKept = "no line has more units returned than shipped, or more shipped and cancelled than ordered",
    RefundsAreCovered = "no payment is refunded beyond its amount in force",
    IdIsRecordedOnce = "each id is recorded once in its order",
    IdsAreLimited = "an order has at most 1,000 ids",
    RowTellsTheEvents = "the figures, units and statuses of a row are those of the events",
    Authorized = "a caller without the scopes for a command is rejected, and nothing is recorded for it",
    PricesAreTrusted = "an order's prices are those of a trusted caller, or of a quote that a key of the shop signed",
    OneOrderPerQuote = "one quote creates at most one order, with exactly the quote's content and price",
    QuoteIsAnswered = "a quote is answered with its order, or with the error of its signature, expiry or id",
    QuoteIsKept = "after the recovery a valid quote, and one that created its order, is answered with that order",
    LateIsNotLost = "while rows lag by minutes, a verification reports none as lost and repairs none",
    WrongSnapshotIsFound = "a verification finds a snapshot that is not the fold of the events, and no other",
    PassedBy = "an unaddressable record does not stop its shard",
    Noted = "an unaddressable record is noted by the function that received it",
}

/// A violation of an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The violated invariant.
    pub invariant: Invariant,
    /// The order.
    pub order: String,
    /// A description of the violation.
    pub what: String,
}

/// The result of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The violations.
    pub violations: Vec<Violation>,
    /// The number of checks of each invariant.
    pub checked: BTreeMap<Invariant, u64>,
    /// The count of each kind of [deed](super::deeds).
    pub deeds: BTreeMap<String, u64>,
}

impl Findings {
    /// Counts a check of an invariant, and records a violation with the description `what` if it fails.
    pub(super) fn must(&mut self, invariant: Invariant, order: &str, holds: bool, what: impl FnOnce() -> String) {
        *self.checked.entry(invariant).or_default() += 1;
        if !holds {
            self.violations.push(Violation { invariant, order: order.to_owned(), what: what() });
        }
    }

    /// Counts a deed if it was done.
    pub(super) fn did(&mut self, deed: &str, is_done: bool) {
        if is_done {
            *self.deeds.entry(deed.to_owned()).or_default() += 1;
        }
    }
}
