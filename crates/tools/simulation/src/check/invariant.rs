//! The invariants, and violations of them.

/// A property of every history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// The versions of an order have no gaps.
    Gapless,
    /// Time rises with the versions.
    TimeRises,
    /// A commit was requested, and is recorded once.
    RecordedOnce,
    /// Replies equal the recorded commits.
    TruthfulReply,
    /// Rejections and no-op replies match the domain rules.
    Decided,
    /// Equal requests have equal replies, and a key has one body.
    SameReply,
    /// A repeat of an acknowledged command has the same reply.
    Acknowledged,
    /// No command is answered by an internal error.
    NoServerError,
    /// Every order answers commands after the recovery.
    Answers,
    /// An order at an earlier version or time is the fold up to it.
    TimeTravel,
    /// A query is answered.
    QueryAnswered,
    /// A query shows the versions that its client knows.
    KnownIsShown,
    /// A query shows the fold of events.
    Shown,
    /// A trail has the recorded events.
    Trail,
    /// A list has the orders of its customer, and no others.
    Listed,
    /// A query shows the totals over rows of one moment.
    TotalsShown,
    /// An incomplete reply is marked stale.
    StaleIsSaid,
    /// A row is the fold of a prefix of its order's events.
    RowIsPrefix,
    /// The version and the release of a row only rise.
    RowAdvances,
    /// A row without lost records is complete once the stream is drained.
    RowIsDrained,
    /// A row is the fold of all events at the end.
    RowIsComplete,
    /// Totals are the sums over all orders at the end.
    Totals,
    /// Poison parks its order, and no other is parked.
    Parked,
    /// Nothing panics.
    NoPanic,
    /// Stored data can be read.
    Readable,
    /// Poison can be redriven after the fix.
    Redriven,
    /// A repair leaves no difference.
    Repaired,
    /// No order is parked after the fix.
    Unparked,
    /// Every event is on the bus.
    Published,
    /// Every event on the bus equals its recorded event.
    PublishedTruly,
    /// Events after poison are published after it.
    PublishedInOrder,
    /// An event states the amount due.
    DueIsStated,
    /// A refund or an item cancellation lowers the amount due by the right amount.
    ReductionIsRight,
    /// Units ship only of a paid order that is not cancelled.
    ShipsWhenPaid,
    /// Units ship once, and not after they were cancelled.
    UnitsAreKept,
    /// Refunds are covered by their payment.
    RefundsAreCovered,
    /// An id is recorded once.
    IdIsRecordedOnce,
    /// An order has a limited number of ids.
    IdsAreLimited,
    /// A row's figures and statuses are those of the events.
    RowTellsTheEvents,
    /// A caller gets what its scopes allow.
    Authorized,
    /// An order's prices come from a trusted caller or a signed quote.
    PricesAreTrusted,
    /// A quote creates one order.
    OneOrderPerQuote,
    /// A quote is answered with its order, or with its error.
    QuoteIsAnswered,
    /// A quote is answered with its order after the recovery.
    QuoteIsKept,
    /// A late row is not reported as lost.
    LateIsNotLost,
    /// A snapshot that is not the fold of the events is found.
    WrongSnapshotIsFound,
    /// An unaddressable record stops no shard.
    PassedBy,
    /// An unaddressable record is noted.
    Noted,
}

impl Invariant {
    /// Every invariant there is.
    pub const ALL: [Self; 48] = [
        Self::Gapless,
        Self::TimeRises,
        Self::RecordedOnce,
        Self::TruthfulReply,
        Self::Decided,
        Self::SameReply,
        Self::Acknowledged,
        Self::NoServerError,
        Self::Answers,
        Self::TimeTravel,
        Self::QueryAnswered,
        Self::KnownIsShown,
        Self::Shown,
        Self::Trail,
        Self::Listed,
        Self::TotalsShown,
        Self::StaleIsSaid,
        Self::RowIsPrefix,
        Self::RowAdvances,
        Self::RowIsDrained,
        Self::RowIsComplete,
        Self::Totals,
        Self::Parked,
        Self::NoPanic,
        Self::Readable,
        Self::Redriven,
        Self::Repaired,
        Self::Unparked,
        Self::Published,
        Self::PublishedTruly,
        Self::PublishedInOrder,
        Self::DueIsStated,
        Self::ReductionIsRight,
        Self::ShipsWhenPaid,
        Self::UnitsAreKept,
        Self::RefundsAreCovered,
        Self::IdIsRecordedOnce,
        Self::IdsAreLimited,
        Self::RowTellsTheEvents,
        Self::Authorized,
        Self::PricesAreTrusted,
        Self::OneOrderPerQuote,
        Self::QuoteIsAnswered,
        Self::QuoteIsKept,
        Self::LateIsNotLost,
        Self::WrongSnapshotIsFound,
        Self::PassedBy,
        Self::Noted,
    ];

    /// The invariant in a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Gapless => "versions are gapless from 1",
            Self::TimeRises => "recordedAt rises with the version",
            Self::RecordedOnce => "a client requested every commit, and each is recorded once",
            Self::TruthfulReply => "a reply to a command equals the recorded commit",
            Self::Decided => {
                "each rejection and each no-op reply matches the domain rules at some version between request and reply"
            }
            Self::SameReply => "one key has one reply and one body",
            Self::Acknowledged => {
                "a repeat of an acknowledged command has the same reply, and its key with another body is rejected"
            }
            Self::NoServerError => "a command is answered by 200, 201, 4xx or 503",
            Self::Answers => "after the recovery every order answers commands, without a usable snapshot",
            Self::TimeTravel => "an order at a version, and at the time of that version, is the fold up to it",
            Self::QueryAnswered => {
                "a query is answered by 200, by 404 for an order, or by 503 after every attempt of a call was struck"
            }
            Self::KnownIsShown => {
                "a query shows a version that its client knows, and never an older one than its minVersion"
            }
            Self::Shown => "an order that a query shows is the fold of its events up to the version it shows",
            Self::Trail => "an order's trail is what was recorded, in sequence and page by page",
            Self::Listed => {
                "a list has each order of its customer whose row existed, once, newest first, and no other order"
            }
            Self::TotalsShown => "totals that a query shows are the sums over rows that existed at one moment",
            Self::StaleIsSaid => "a reply is marked stale while a note says that it is incomplete, and only then",
            Self::RowIsPrefix => "a row is the fold of a prefix of the events",
            Self::RowAdvances => "the version and the release of a row only rise",
            Self::RowIsDrained => "once the stream is drained, a row without lost records is complete",
            Self::Totals => "at the end a customer's totals are the sums over all orders",
            Self::Parked => "poison parks its order, and no other",
            Self::NoPanic => "nothing panics",
            Self::Readable => "stored data can be read",
            Self::Redriven => {
                "after the fix a redrive completes a row up to the last waiting version, without an error"
            }
            Self::Repaired => "after a repair every row is complete, and a second repair finds no difference",
            Self::Unparked => "after the fix no order is parked",
            Self::RowIsComplete => "at the end a row is the fold of all events",
            Self::Published => "every event is on the bus at least once",
            Self::PublishedTruly => "every event on the bus equals its recorded event",
            Self::PublishedInOrder => "events after poison are published after it, in sequence",
            Self::DueIsStated => "each event that changes the amount due states the correct amount",
            Self::ReductionIsRight => {
                "a refund or an item cancellation has the reduction that its command names, or else the one of the rules"
            }
            Self::ShipsWhenPaid => "no unit ships of a cancelled order, or while less than the amount due is paid",
            Self::UnitsAreKept => {
                "no line has more units returned than shipped, or more shipped and cancelled than ordered"
            }
            Self::RefundsAreCovered => "no payment is refunded beyond its amount in force",
            Self::IdIsRecordedOnce => "each id is recorded once in its order",
            Self::IdsAreLimited => "an order has at most 1,000 ids",
            Self::RowTellsTheEvents => "the figures, units and statuses of a row are those of the events",
            Self::Authorized => "a caller without the scopes for a command is rejected, and nothing is recorded for it",
            Self::PricesAreTrusted => {
                "an order's prices are those of a trusted caller, or of a quote that a key of the shop signed"
            }
            Self::OneOrderPerQuote => "one quote creates at most one order, with exactly the quote's content and price",
            Self::QuoteIsAnswered => {
                "a quote is answered with its order, or with the error of its signature, expiry or id"
            }
            Self::LateIsNotLost => "while rows lag by minutes, a verification reports none as lost and repairs none",
            Self::WrongSnapshotIsFound => {
                "a verification finds a snapshot that is not the fold of the events, and no other"
            }
            Self::QuoteIsKept => {
                "after the recovery a valid quote, and one that created its order, is answered with that order"
            }
            Self::PassedBy => "an unaddressable record does not stop its shard",
            Self::Noted => "an unaddressable record is noted by the function that received it",
        }
    }
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
