//! The invariants, and violations of them.

/// Something that must hold of every history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// The log of an order is one line without gaps.
    Gapless,
    /// Time rises along that line.
    TimeRises,
    /// Nothing is recorded twice, or that nobody asked for.
    RecordedOnce,
    /// Replies say what is recorded.
    TruthfulReply,
    /// A refusal, or that nothing need change, is what the rules say.
    Decided,
    /// The same request has the same reply; its key with another body has none.
    SameReply,
    /// What was acknowledged is answered as before.
    Acknowledged,
    /// No client is told of an error of ours.
    NoServerError,
    /// An order answers, whatever it has been through.
    Answers,
    /// An order as it was is what was recorded by then.
    TimeTravel,
    /// A query has an answer.
    QueryAnswered,
    /// A client is shown what it knows of.
    KnownIsShown,
    /// What a query shows is the fold of events.
    Shown,
    /// An order's trail is what was recorded.
    Trail,
    /// A list has its customer's orders, and no others.
    Listed,
    /// Totals that are shown are those of rows that stood together.
    TotalsShown,
    /// What is not shown as far as it has come is called stale.
    StaleIsSaid,
    /// A row is the fold of a prefix of its order's events.
    RowIsPrefix,
    /// A row never goes back, neither by version nor by release.
    RowAdvances,
    /// Once the stream is drained, a row that lost nothing is complete.
    RowIsDrained,
    /// In the end a row is the fold of all events.
    RowIsComplete,
    /// In the end the totals are the sums over all orders.
    Totals,
    /// Poison parks its order, and no other is parked.
    Parked,
    /// Nothing panics.
    NoPanic,
    /// What is stored can be read.
    Readable,
    /// Once it is mended, poison can be redriven.
    Redriven,
    /// A repair mends all.
    Repaired,
    /// In the end nothing is parked.
    Unparked,
    /// Every event is on the bus.
    Published,
    /// What is on the bus is recorded, word for word.
    PublishedTruly,
    /// What follows poison is published after it.
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
    /// A quote makes one order.
    OneOrderPerQuote,
    /// A quote is answered with its order, or with what is wrong with it.
    QuoteIsAnswered,
    /// In the end a quote is answered with its order.
    QuoteIsKept,
    /// A late row is not called lost.
    LateIsNotLost,
    /// A snapshot that is not the fold of the events is found.
    WrongSnapshotIsFound,
    /// A record that names no order stops no shard.
    PassedBy,
    /// A record that names no order is noted.
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

    /// What must hold, in a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Gapless => "versions are gapless from 1",
            Self::TimeRises => "recordedAt rises with the version",
            Self::RecordedOnce => "a commit was asked for, and is recorded once",
            Self::TruthfulReply => "a client was told what is recorded",
            Self::Decided => {
                "a refusal, or that nothing need change, is what the rules say of the order as it was meanwhile"
            }
            Self::SameReply => "one key has one reply and one body",
            Self::Acknowledged => "what was acknowledged is answered as before, and its key refused to another body",
            Self::NoServerError => "a command is answered by 200, 201, 4xx or 503",
            Self::Answers => "when all is well again, an order is known and answers, without any usable snapshot",
            Self::TimeTravel => "an order as of a version, and as of its time, is the fold up to there",
            Self::QueryAnswered => {
                "a query is answered by 200, by 404 for an order, or by 503 after all tries of a call were struck"
            }
            Self::KnownIsShown => {
                "what a client was told of is there when it asks, and never older than its minVersion"
            }
            Self::Shown => "an order that a query shows is the fold of its events up to the version it shows",
            Self::Trail => "an order's trail is what was recorded, in sequence and page by page",
            Self::Listed => {
                "a list has its customer's orders and no other, newest first, each once, all whose rows stood"
            }
            Self::TotalsShown => "totals that a query shows are the sums over rows that stood together",
            Self::StaleIsSaid => {
                "what a query shows is called stale while a note says that it lacks something, and only then"
            }
            Self::RowIsPrefix => "a row is the fold of a prefix of the events",
            Self::RowAdvances => "a row goes back neither in version nor in release",
            Self::RowIsDrained => "once the stream is drained, a row that lost nothing is complete",
            Self::Totals => "in the end a customer's totals are the sums over all orders",
            Self::Parked => "poison parks its order, and no other",
            Self::NoPanic => "nothing panics",
            Self::Readable => "what is stored can be read back",
            Self::Redriven => "after the fix redriving brings a row up to all that waited, without an error",
            Self::Repaired => "after a repair every row is complete, and another finds nothing to mend",
            Self::Unparked => "after the fix nothing is parked",
            Self::RowIsComplete => "in the end a row is the fold of all events",
            Self::Published => "every event is on the bus at least once",
            Self::PublishedTruly => "what is on the bus is recorded, word for word",
            Self::PublishedInOrder => "what follows poison is published after it, in sequence",
            Self::DueIsStated => "each event that changes the amount due states it as its definition gives it",
            Self::ReductionIsRight => {
                "a refund or an item cancellation takes off what its command names, or else what the rules give"
            }
            Self::ShipsWhenPaid => "nothing ships of a cancelled order, or while less than the amount due is paid",
            Self::UnitsAreKept => {
                "of each line no more is returned than shipped, nor shipped and cancelled than ordered"
            }
            Self::RefundsAreCovered => "no payment is refunded beyond its amount in force",
            Self::IdIsRecordedOnce => "each id is recorded once in its order",
            Self::IdsAreLimited => "an order has at most 1,000 ids",
            Self::RowTellsTheEvents => "the figures, units and statuses of a row are those of the events",
            Self::Authorized => {
                "nothing is recorded for a caller whose scopes do not allow it, and such a caller is refused"
            }
            Self::PricesAreTrusted => {
                "an order's prices are those of a trusted caller, or of a quote that a key of the shop signed"
            }
            Self::OneOrderPerQuote => "one quote makes at most one order, with exactly the quote's content and price",
            Self::QuoteIsAnswered => {
                "a quote is answered with its order, or by what is wrong with its signature, expiry or id"
            }
            Self::LateIsNotLost => "while rows lag by minutes, a verification calls none lost and repairs none",
            Self::WrongSnapshotIsFound => {
                "a verification finds a snapshot that is not the fold of the events, and no other"
            }
            Self::QuoteIsKept => {
                "when all is well again, a good quote, and one that made its order, is answered with that order"
            }
            Self::PassedBy => "a record that names no order is passed by, and its shard goes on",
            Self::Noted => "a record that names no order is noted by the function that passed it by",
        }
    }
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What must hold.
    pub invariant: Invariant,
    /// Of which order.
    pub order: String,
    /// What is there instead.
    pub what: String,
}
