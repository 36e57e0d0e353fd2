//! Releases with a bug each, for the checker to find.
//!
//! - `store`: bugs of the event store, as the command handlers and the projector see it
//! - `rules`: bugs of the rules, as the command handlers see an order
//! - `commands`: bugs of the command handler around its store
//! - `calls`: bugs in calls of DynamoDB and EventBridge, and in how their answers are read
//! - `functions`: bugs of the stream's consumers, and of redriving
//! - `queries`: bugs of the query handler
//! - `quotes`: bugs of how callers and quotes are trusted
//! - `swallow`: writes that never leave

mod calls;
pub(crate) mod commands;
mod functions;
mod queries;
mod quotes;
mod rules;
mod store;
mod swallow;

use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use http_api::QuoteVerifier;
use operations::OperationError;
use parked_orders::ParkedOrderTable;
use projector::Projector;
use read_models::{DynamoRows, DynamoSummaries, DynamoTotals, LagBound, SummedRows, registry};
use simulation::world::function::{Instance, Invocation, Redriving, StreamFunction};
use simulation::world::release;
use simulation::world::repair::Repaired;
use simulation::{Beginning, Invariant, Release, Shape};

use calls::Meddler;
use commands::{Appeases, Overlooks, Remembers};
use functions::{Acknowledges, LeavesOut, Panics, Retries, Unparks};
use queries::{Events, Forgetful, Summaries, Sums};
use quotes::{Signs, Unmixes};
use store::{Hollow, Store};
use swallow::without_notes;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Nothing: what plants the bugs is no bug itself. Not among [`Bug::ALL`].
    Nothing,
    /// A failed condition is taken for a write.
    TakesALostRaceForAWin,
    /// A failed condition is always another's doing.
    DoesNotKnowItsOwnCommit,
    /// A commit is recorded at whatever time the clock shows.
    BelievesTheClock,
    /// The third version is called the fourth.
    LeavesOutAVersion,
    /// A write that failed is taken for one that did not.
    TakesAnOutageForSuccess,
    /// A key stands for whatever body comes with it.
    IgnoresTheFingerprint,
    /// What was refused once is refused for ever.
    RemembersRefusals,
    /// Of a command that is refused it says that nothing need change.
    CallsARefusalNoChange,
    /// `If-Match` is not looked at.
    IgnoresIfMatch,
    /// Commits are written without a condition.
    DropsTheCondition,
    /// Only the first page of an order's commits is read.
    StopsPaging,
    /// A snapshot of an older schema is believed.
    TrustsAnOldSnapshot,
    /// Snapshots do not say which requests they have seen.
    ForgetsRequests,
    /// Rows are written without a condition.
    DropsTheRowGuard,
    /// Sums are written without a condition.
    DropsTheSumGuard,
    /// Sums do not say which rows they are ahead of.
    ForgetsPendingRows,
    /// Orders that are parked are not looked for.
    PublishesPastPoison,
    /// Missing commits are counted, and their events are not folded.
    SkipsGaps,
    /// The projector says that all is done, whatever failed.
    ProjectorAcknowledgesAll,
    /// The publisher says that all is done, whatever failed.
    PublisherAcknowledgesAll,
    /// An entry that the bus refused is taken for published.
    IgnoresARefusedEntry,
    /// What the projector cannot fold it leaves out, and notes nothing.
    LeavesPoisonOutWithoutANote,
    /// Redriving takes the note of a row away, and does not fold what waited.
    UnparksWithoutProjecting,
    /// A repair is made with the tools of the other release.
    RepairsAsTheOtherRelease,
    /// The publisher panics on what it cannot read.
    PanicsOnPoison,
    /// Later commits are written without an attribute that every reader wants.
    WritesWhatNobodyCanRead,
    /// A query answers with the row, whatever version was asked for at least.
    IgnoresMinVersion,
    /// Of a row the payments are not shown.
    ShowsNoPayments,
    /// An order is shown as it is, and not as it was.
    TravelsToTheHead,
    /// The second page of a trail begins an event too late.
    SkipsAnEventBetweenPages,
    /// The last order of a page that another follows is left out.
    SkipsAnOrderBetweenPages,
    /// A list goes on with the orders of another customer.
    ListsSomebodyElse,
    /// Of a customer's totals only the first currency is shown.
    TotalsOfOneCurrency,
    /// The query handler does not see the notes on parked orders.
    HidesWhatIsParked,
    /// Of an outage of the rows a query says that it is an error of ours.
    TakesAnOutageForARefusal,
    /// A late repeat of a correction is recorded again.
    ForgetsCorrections,
    /// Units ship that were cancelled.
    ShipsCancelledUnits,
    /// Units ship that are not paid.
    ShipsUnpaid,
    /// A payment is refunded more than once.
    RefundsBeyondThePayment,
    /// A refund that gives a payment back in full keeps what earlier refunds forgave.
    KeepsWhatWasForgiven,
    /// An order may have any number of ids.
    ForgetsTheLimit,
    /// A refund states the amount due as it was before.
    StatesTheOldDue,
    /// A refund takes nothing off, whatever its command names.
    IgnoresTheNamedReduction,
    /// A row shows the total as the amount due.
    ShowsTheTotalAsDue,
    /// A row shows no cancelled units.
    ShowsNoCancelledUnits,
    /// The signature of a quote is not checked.
    BelievesAnyQuote,
    /// A token with scopes of a customer and of a service is taken for a service's.
    LetsMixedTokensIn,
    /// The order that a quote makes depends on the `Idempotency-Key` too.
    MakesASecondOrderOfAQuote,
    /// A verification repairs rows that are only late.
    RepairsWhatIsLate,
    /// A verification does not look at snapshots.
    OverlooksAWrongSnapshot,
    /// The projector reports a record that names no order as failed, whenever it is delivered.
    AStrayRecordStopsItsShard,
    /// The publisher leaves out records that name no order, and notes nothing.
    PassesStrayRecordsWithoutANote,
}

impl Bug {
    pub(crate) const ALL: [Self; 52] = [
        Self::TakesALostRaceForAWin,
        Self::DoesNotKnowItsOwnCommit,
        Self::BelievesTheClock,
        Self::LeavesOutAVersion,
        Self::TakesAnOutageForSuccess,
        Self::IgnoresTheFingerprint,
        Self::RemembersRefusals,
        Self::CallsARefusalNoChange,
        Self::IgnoresIfMatch,
        Self::DropsTheCondition,
        Self::StopsPaging,
        Self::TrustsAnOldSnapshot,
        Self::ForgetsRequests,
        Self::DropsTheRowGuard,
        Self::DropsTheSumGuard,
        Self::ForgetsPendingRows,
        Self::PublishesPastPoison,
        Self::SkipsGaps,
        Self::ProjectorAcknowledgesAll,
        Self::PublisherAcknowledgesAll,
        Self::IgnoresARefusedEntry,
        Self::LeavesPoisonOutWithoutANote,
        Self::UnparksWithoutProjecting,
        Self::RepairsAsTheOtherRelease,
        Self::PanicsOnPoison,
        Self::WritesWhatNobodyCanRead,
        Self::IgnoresMinVersion,
        Self::ShowsNoPayments,
        Self::TravelsToTheHead,
        Self::SkipsAnEventBetweenPages,
        Self::SkipsAnOrderBetweenPages,
        Self::ListsSomebodyElse,
        Self::TotalsOfOneCurrency,
        Self::HidesWhatIsParked,
        Self::TakesAnOutageForARefusal,
        Self::ForgetsCorrections,
        Self::ShipsCancelledUnits,
        Self::ShipsUnpaid,
        Self::RefundsBeyondThePayment,
        Self::KeepsWhatWasForgiven,
        Self::ForgetsTheLimit,
        Self::StatesTheOldDue,
        Self::IgnoresTheNamedReduction,
        Self::ShowsTheTotalAsDue,
        Self::ShowsNoCancelledUnits,
        Self::BelievesAnyQuote,
        Self::LetsMixedTokensIn,
        Self::MakesASecondOrderOfAQuote,
        Self::RepairsWhatIsLate,
        Self::OverlooksAWrongSnapshot,
        Self::AStrayRecordStopsItsShard,
        Self::PassesStrayRecordsWithoutANote,
    ];

    /// The invariant that it breaks, and by which it is caught.
    pub(crate) const fn expected(self) -> Option<Invariant> {
        use Invariant::{
            Acknowledged, Answers, Authorized, Decided, DueIsStated, Gapless, IdIsRecordedOnce, IdsAreLimited,
            KnownIsShown, LateIsNotLost, Listed, NoPanic, Noted, OneOrderPerQuote, Parked, PassedBy, PricesAreTrusted,
            Published, PublishedInOrder, QueryAnswered, Readable, Redriven, ReductionIsRight, RefundsAreCovered,
            Repaired, RowAdvances, RowIsDrained, RowIsPrefix, RowTellsTheEvents, SameReply, ShipsWhenPaid, Shown,
            StaleIsSaid, TimeRises, TimeTravel, Totals, TotalsShown, Trail, TruthfulReply, UnitsAreKept,
            WrongSnapshotIsFound,
        };
        let invariant = match self {
            Self::Nothing => return None,
            Self::TakesALostRaceForAWin | Self::TakesAnOutageForSuccess | Self::DropsTheCondition => TruthfulReply,
            Self::DoesNotKnowItsOwnCommit => Acknowledged,
            Self::RemembersRefusals | Self::CallsARefusalNoChange | Self::IgnoresIfMatch => Decided,
            Self::BelievesTheClock => TimeRises,
            Self::LeavesOutAVersion => Gapless,
            Self::IgnoresTheFingerprint => SameReply,
            Self::StopsPaging => Answers,
            Self::TrustsAnOldSnapshot => Answers,
            Self::ForgetsRequests => Acknowledged,
            Self::DropsTheRowGuard => RowAdvances,
            Self::DropsTheSumGuard | Self::ForgetsPendingRows => Totals,
            Self::PublishesPastPoison => PublishedInOrder,
            Self::SkipsGaps => RowIsPrefix,
            Self::ProjectorAcknowledgesAll => RowIsDrained,
            Self::PublisherAcknowledgesAll | Self::IgnoresARefusedEntry => Published,
            Self::LeavesPoisonOutWithoutANote => Parked,
            Self::UnparksWithoutProjecting => Redriven,
            Self::RepairsAsTheOtherRelease => Repaired,
            Self::PanicsOnPoison => NoPanic,
            Self::WritesWhatNobodyCanRead => Readable,
            Self::IgnoresMinVersion => KnownIsShown,
            Self::ShowsNoPayments => Shown,
            Self::TravelsToTheHead => TimeTravel,
            Self::SkipsAnEventBetweenPages => Trail,
            Self::SkipsAnOrderBetweenPages | Self::ListsSomebodyElse => Listed,
            Self::TotalsOfOneCurrency => TotalsShown,
            Self::HidesWhatIsParked => StaleIsSaid,
            Self::TakesAnOutageForARefusal => QueryAnswered,
            Self::ForgetsCorrections => IdIsRecordedOnce,
            Self::ShipsCancelledUnits => UnitsAreKept,
            Self::ShipsUnpaid => ShipsWhenPaid,
            Self::RefundsBeyondThePayment => RefundsAreCovered,
            Self::KeepsWhatWasForgiven | Self::StatesTheOldDue => DueIsStated,
            Self::ForgetsTheLimit => IdsAreLimited,
            Self::IgnoresTheNamedReduction => ReductionIsRight,
            Self::ShowsTheTotalAsDue | Self::ShowsNoCancelledUnits => RowTellsTheEvents,
            Self::BelievesAnyQuote => PricesAreTrusted,
            Self::LetsMixedTokensIn => Authorized,
            Self::MakesASecondOrderOfAQuote => OneOrderPerQuote,
            Self::RepairsWhatIsLate => LateIsNotLost,
            Self::OverlooksAWrongSnapshot => WrongSnapshotIsFound,
            Self::AStrayRecordStopsItsShard => PassedBy,
            Self::PassesStrayRecordsWithoutANote => Noted,
        };
        Some(invariant)
    }

    /// Whether it could show in a history of that shape at all: poison, or a repair of a newer release, is not in every one.
    pub(crate) const fn may_show(self, shape: &Shape) -> bool {
        match self {
            Self::PublishesPastPoison
            | Self::LeavesPoisonOutWithoutANote
            | Self::UnparksWithoutProjecting
            | Self::PanicsOnPoison
            | Self::HidesWhatIsParked => shape.foreign_percent > 0,
            Self::AStrayRecordStopsItsShard | Self::PassesStrayRecordsWithoutANote => shape.unaddressable_percent > 0,
            Self::RepairsAsTheOtherRelease => shape.is_repaired && shape.is_deployed,
            Self::RepairsWhatIsLate | Self::OverlooksAWrongSnapshot => shape.is_verified,
            Self::ForgetsTheLimit => matches!(shape.beginning, Beginning::Full),
            // Two projectors do it, without a rebuild.
            Self::DropsTheSumGuard => !shape.is_rebuilt,
            _ => true,
        }
    }

    fn on_dynamodb(self, client: &Client) -> Client {
        Client::from_conf(client.config().to_builder().interceptor(Meddler(self)).build())
    }
}

impl Release for Bug {
    fn command_handler(&self, client: Client, quotes: QuoteVerifier) -> Instance {
        let store = DynamoEventStore::new(self.on_dynamodb(&client), "OrderEvents");
        let handler = release::command_handler(Store { store, bug: *self }, quotes);
        match self {
            Self::RemembersRefusals => Box::new(Remembers { handler, refused: Mutex::default() }),
            Self::CallsARefusalNoChange => Box::new(Appeases(handler)),
            Self::IgnoresIfMatch => Box::new(Overlooks(handler)),
            Self::BelievesAnyQuote => Box::new(Signs::anything(handler)),
            Self::MakesASecondOrderOfAQuote => Box::new(Signs::by_key(handler)),
            Self::LetsMixedTokensIn => Box::new(Unmixes(handler)),
            _ => handler,
        }
    }

    fn query_handler(&self, client: Client) -> Instance {
        let client = self.on_dynamodb(&client);
        let events = Events { store: DynamoEventStore::new(client.clone(), "OrderEvents"), bug: *self };
        let rows = DynamoSummaries::new(client.clone(), "OrderSummaryByCustomer");
        let totals = Sums { rows: DynamoTotals::new(client.clone(), "CustomerTotals"), bug: *self };
        let notes = ParkedOrderTable::new(client, "ParkedOrders");
        let handler = release::query_handler(events, Summaries { rows, bug: *self }, totals, notes);
        if *self == Self::IgnoresMinVersion { Box::new(Forgetful(handler)) } else { handler }
    }

    fn projector(&self, client: Client) -> Box<dyn StreamFunction> {
        let client = self.on_dynamodb(&client);
        match self {
            Self::SkipsGaps => {
                let store = Hollow(DynamoEventStore::new(client.clone(), "OrderEvents"));
                let rows = DynamoRows::new(client.clone(), "OrderSummaryByCustomer");
                let totals = SummedRows::new(client.clone(), "CustomerTotals");
                let models = registry::of_core(store.clone(), rows, Some(totals));
                Box::new(Projector::new(store, &models, ParkedOrderTable::new(client, "ParkedOrders")))
            }
            Self::LeavesPoisonOutWithoutANote => release::projector(without_notes(&client)),
            Self::ProjectorAcknowledgesAll => Box::new(Acknowledges(release::projector(client))),
            Self::AStrayRecordStopsItsShard => Box::new(Retries(release::projector(client))),
            _ => release::projector(client),
        }
    }

    fn redrive(&self, bus: aws_sdk_eventbridge::Client, client: Client) -> Box<dyn Redriving> {
        let real = release::redrive(bus, client.clone());
        if *self == Self::UnparksWithoutProjecting {
            return Box::new(Unparks { real, notes: ParkedOrderTable::new(client, "ParkedOrders") });
        }
        real
    }

    fn repair(
        &self,
        client: Client,
        is_newer: bool,
        bound: LagBound,
    ) -> Invocation<'_, Result<Repaired, OperationError>> {
        let is_other = *self == Self::RepairsAsTheOtherRelease;
        let bound = if *self == Self::RepairsWhatIsLate { LagBound::Named(Duration::ZERO) } else { bound };
        release::AsDeployed.repair(client, is_newer != is_other, bound)
    }

    fn wrong_snapshots(&self, client: Client) -> Invocation<'_, Result<Vec<(String, u64)>, OperationError>> {
        if *self == Self::OverlooksAWrongSnapshot {
            return Box::pin(std::future::ready(Ok(Vec::new())));
        }
        release::AsDeployed.wrong_snapshots(client)
    }

    fn publisher(&self, bus: aws_sdk_eventbridge::Client, client: Client) -> Box<dyn StreamFunction> {
        let config = bus.config().to_builder().interceptor(Meddler(*self)).build();
        let bus = aws_sdk_eventbridge::Client::from_conf(config);
        let publisher = release::publisher(bus, self.on_dynamodb(&client));
        match self {
            Self::PublisherAcknowledgesAll => Box::new(Acknowledges(publisher)),
            Self::PanicsOnPoison => Box::new(Panics(publisher)),
            Self::PassesStrayRecordsWithoutANote => Box::new(LeavesOut(publisher)),
            _ => publisher,
        }
    }
}
