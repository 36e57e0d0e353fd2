//! Releases with one bug each, which the checks must find. The file is long because it has the list of all bugs.
//!
//! - `store`: bugs of the event store, as the command handlers and the projector see it
//! - `rules`: bugs in the state on which the command handlers decide
//! - `commands`: bugs of the command handler around its store
//! - `calls`: bugs in requests to DynamoDB and EventBridge, and in reading their replies
//! - `functions`: bugs of the stream's consumers, and of the redrive
//! - `queries`: bugs of the query handler
//! - `quotes`: bugs in the verification of callers and quotes
//! - `swallow`: writes that are not sent

mod calls;
pub(crate) mod commands;
mod functions;
mod queries;
mod quotes;
mod rules;
mod store;
mod swallow;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use http_api::QuoteVerifier;
use operations::OperationError;
use operations::redrive::{RedriveError, Redriven};
use parked_orders::{Consumer, ParkedOrderTable};
use projector::Projector;
use query_handler::Readers;
use read_models::{
    CustomerTotals, DynamoRows, DynamoSummaries, DynamoTotals, LagBound, OnOutage, OrderSummaryByCustomer,
    ProjectedRows, ReadModels, SummedRows,
};
use simulation::world::function::{Instance, Invocation, StreamFunction};
use simulation::world::release;
use simulation::world::repair::Repaired;
use simulation::{AsDeployed, Beginning, Invariant, Release, Shape};

use calls::Meddler;
use commands::{Appeases, Overlooks, Remembers};
use functions::{Acknowledges, LeavesOut, Panics, Retries, unpark};
use queries::{Events, Forgetful, Summaries, Sums};
use quotes::{Signs, Unmixes};
use store::{Hollow, Store};
use swallow::without_notes;

/// A planted bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// No bug, to show that the planting itself changes nothing. Not among [`Bug::ALL`].
    Nothing,
    /// A failed condition counts as a write.
    TakesALostRaceForAWin,
    /// A failed condition always counts as a lost race, even after a write of the same request.
    DoesNotKnowItsOwnCommit,
    /// A commit is recorded at the time of the clock, even if the clock is wrong.
    BelievesTheClock,
    /// The third version is recorded as the fourth.
    LeavesOutAVersion,
    /// A failed write counts as done.
    TakesAnOutageForSuccess,
    /// A repeated key is accepted with another body.
    IgnoresTheFingerprint,
    /// A rejection is repeated for ever.
    RemembersRefusals,
    /// A rejected command is answered as one that changes nothing.
    CallsARefusalNoChange,
    /// `If-Match` is ignored.
    IgnoresIfMatch,
    /// A rejection after an eventually consistent load is not confirmed.
    BelievesALateLoad,
    /// Commits are written without a condition.
    DropsTheCondition,
    /// Only the first page of an order's commits is read.
    StopsPaging,
    /// A snapshot of an older schema is used.
    TrustsAnOldSnapshot,
    /// Snapshots lack the remembered requests.
    ForgetsRequests,
    /// Rows are written without a condition.
    DropsTheRowGuard,
    /// Sums are written without a condition.
    DropsTheSumGuard,
    /// Sums lack their pending rows.
    ForgetsPendingRows,
    /// A closed order stays in the list of open orders.
    KeepsClosedOrdersListed,
    /// The publisher does not read the notes on parked orders.
    PublishesPastPoison,
    /// The projector takes each row as one that a commit follows directly, and does not read the notes on parked orders.
    OverlooksParkedOrders,
    /// Missing commits are counted, and their events are not folded.
    SkipsGaps,
    /// The projector acknowledges every record, even a failed one.
    ProjectorAcknowledgesAll,
    /// The publisher acknowledges every record, even a failed one.
    PublisherAcknowledgesAll,
    /// A rejected entry counts as published.
    IgnoresARefusedEntry,
    /// The projector skips poison without a note.
    LeavesPoisonOutWithoutANote,
    /// A redrive removes the note of a row, and does not fold the waiting commits.
    UnparksWithoutProjecting,
    /// A repair uses the projection of the other release.
    RepairsAsTheOtherRelease,
    /// The publisher panics on a record that it cannot read.
    PanicsOnPoison,
    /// Later commits are written without an attribute that every reader needs.
    WritesUnreadableCommits,
    /// A query ignores `minVersion`, and shows the row.
    IgnoresMinVersion,
    /// A query does not show the payments of a row.
    ShowsNoPayments,
    /// A query for an earlier version shows the current order.
    TravelsToTheHead,
    /// The second page of a trail skips an event.
    SkipsAnEventBetweenPages,
    /// The last order of each page but the last is skipped.
    SkipsAnOrderBetweenPages,
    /// A list continues with the orders of another customer.
    ListsAnotherCustomer,
    /// The totals of a customer show the first currency only.
    TotalsOfOneCurrency,
    /// The query handler does not read the notes on parked orders.
    HidesParkedOrders,
    /// A query answers an outage of the rows as an internal error.
    TakesAnOutageForARefusal,
    /// A late repeat of a correction is recorded again.
    ForgetsCorrections,
    /// Cancelled units ship.
    ShipsCancelledUnits,
    /// Unpaid units ship.
    ShipsUnpaid,
    /// A payment is refunded more than once.
    RefundsBeyondThePayment,
    /// A refund of a payment in full keeps the forgiven amounts of earlier refunds.
    KeepsForgivenAmounts,
    /// An order may have any number of ids.
    ForgetsTheLimit,
    /// A refund states the amount due before it.
    StatesTheOldDue,
    /// A refund ignores the reduction that its command names.
    IgnoresTheNamedReduction,
    /// A row shows the total as the amount due.
    ShowsTheTotalAsDue,
    /// A row shows no cancelled units.
    ShowsNoCancelledUnits,
    /// The signature of a quote is not checked.
    BelievesAnyQuote,
    /// A token with scopes of a customer and of a service counts as a service's.
    LetsMixedTokensIn,
    /// The order of a quote depends on the `Idempotency-Key` too.
    MakesASecondOrderOfAQuote,
    /// A verification repairs late rows.
    RepairsLateRows,
    /// A verification does not compare snapshots.
    OverlooksAWrongSnapshot,
    /// The projector reports an unaddressable record as failed at each delivery.
    UnaddressableRecordStopsItsShard,
    /// The publisher skips unaddressable records without a note.
    SkipsUnaddressableRecordsWithoutANote,
}

impl Bug {
    pub(crate) const ALL: [Self; 55] = [
        Self::TakesALostRaceForAWin,
        Self::DoesNotKnowItsOwnCommit,
        Self::BelievesTheClock,
        Self::LeavesOutAVersion,
        Self::TakesAnOutageForSuccess,
        Self::IgnoresTheFingerprint,
        Self::RemembersRefusals,
        Self::CallsARefusalNoChange,
        Self::IgnoresIfMatch,
        Self::BelievesALateLoad,
        Self::DropsTheCondition,
        Self::StopsPaging,
        Self::TrustsAnOldSnapshot,
        Self::ForgetsRequests,
        Self::DropsTheRowGuard,
        Self::DropsTheSumGuard,
        Self::ForgetsPendingRows,
        Self::KeepsClosedOrdersListed,
        Self::PublishesPastPoison,
        Self::OverlooksParkedOrders,
        Self::SkipsGaps,
        Self::ProjectorAcknowledgesAll,
        Self::PublisherAcknowledgesAll,
        Self::IgnoresARefusedEntry,
        Self::LeavesPoisonOutWithoutANote,
        Self::UnparksWithoutProjecting,
        Self::RepairsAsTheOtherRelease,
        Self::PanicsOnPoison,
        Self::WritesUnreadableCommits,
        Self::IgnoresMinVersion,
        Self::ShowsNoPayments,
        Self::TravelsToTheHead,
        Self::SkipsAnEventBetweenPages,
        Self::SkipsAnOrderBetweenPages,
        Self::ListsAnotherCustomer,
        Self::TotalsOfOneCurrency,
        Self::HidesParkedOrders,
        Self::TakesAnOutageForARefusal,
        Self::ForgetsCorrections,
        Self::ShipsCancelledUnits,
        Self::ShipsUnpaid,
        Self::RefundsBeyondThePayment,
        Self::KeepsForgivenAmounts,
        Self::ForgetsTheLimit,
        Self::StatesTheOldDue,
        Self::IgnoresTheNamedReduction,
        Self::ShowsTheTotalAsDue,
        Self::ShowsNoCancelledUnits,
        Self::BelievesAnyQuote,
        Self::LetsMixedTokensIn,
        Self::MakesASecondOrderOfAQuote,
        Self::RepairsLateRows,
        Self::OverlooksAWrongSnapshot,
        Self::UnaddressableRecordStopsItsShard,
        Self::SkipsUnaddressableRecordsWithoutANote,
    ];

    /// The invariant by which it must be caught.
    pub(crate) const fn expected(self) -> Option<Invariant> {
        use Invariant::{
            Acknowledged, Answers, Authorized, Decided, DueIsStated, Gapless, IdIsRecordedOnce, IdsAreLimited,
            KnownIsShown, LateIsNotLost, Listed, NoPanic, Noted, OneOrderPerQuote, OpenOrders, Parked, PassedBy,
            PricesAreTrusted, Published, PublishedInOrder, QueryAnswered, Readable, Redriven, ReductionIsRight,
            RefundsAreCovered, Repaired, RowAdvances, RowIsDrained, RowIsPrefix, RowTellsTheEvents, SameReply,
            ShipsWhenPaid, Shown, StaleIsSaid, TimeRises, TimeTravel, Totals, TotalsShown, Trail, TruthfulReply,
            UnitsAreKept, Unparked, WrongSnapshotIsFound,
        };
        let invariant = match self {
            Self::Nothing => return None,
            Self::TakesALostRaceForAWin | Self::TakesAnOutageForSuccess | Self::DropsTheCondition => TruthfulReply,
            Self::DoesNotKnowItsOwnCommit => Acknowledged,
            Self::RemembersRefusals | Self::CallsARefusalNoChange | Self::IgnoresIfMatch | Self::BelievesALateLoad => {
                Decided
            }
            Self::BelievesTheClock => TimeRises,
            Self::LeavesOutAVersion => Gapless,
            Self::IgnoresTheFingerprint => SameReply,
            Self::StopsPaging => Answers,
            Self::TrustsAnOldSnapshot => Answers,
            Self::ForgetsRequests => Acknowledged,
            Self::DropsTheRowGuard => RowAdvances,
            Self::DropsTheSumGuard | Self::ForgetsPendingRows => Totals,
            Self::KeepsClosedOrdersListed => OpenOrders,
            Self::PublishesPastPoison => PublishedInOrder,
            Self::OverlooksParkedOrders => Unparked,
            Self::SkipsGaps => RowIsPrefix,
            Self::ProjectorAcknowledgesAll => RowIsDrained,
            Self::PublisherAcknowledgesAll | Self::IgnoresARefusedEntry => Published,
            Self::LeavesPoisonOutWithoutANote => Parked,
            Self::UnparksWithoutProjecting => Redriven,
            Self::RepairsAsTheOtherRelease => Repaired,
            Self::PanicsOnPoison => NoPanic,
            Self::WritesUnreadableCommits => Readable,
            Self::IgnoresMinVersion => KnownIsShown,
            Self::ShowsNoPayments => Shown,
            Self::TravelsToTheHead => TimeTravel,
            Self::SkipsAnEventBetweenPages => Trail,
            Self::SkipsAnOrderBetweenPages | Self::ListsAnotherCustomer => Listed,
            Self::TotalsOfOneCurrency => TotalsShown,
            Self::HidesParkedOrders => StaleIsSaid,
            Self::TakesAnOutageForARefusal => QueryAnswered,
            Self::ForgetsCorrections => IdIsRecordedOnce,
            Self::ShipsCancelledUnits => UnitsAreKept,
            Self::ShipsUnpaid => ShipsWhenPaid,
            Self::RefundsBeyondThePayment => RefundsAreCovered,
            Self::KeepsForgivenAmounts | Self::StatesTheOldDue => DueIsStated,
            Self::ForgetsTheLimit => IdsAreLimited,
            Self::IgnoresTheNamedReduction => ReductionIsRight,
            Self::ShowsTheTotalAsDue | Self::ShowsNoCancelledUnits => RowTellsTheEvents,
            Self::BelievesAnyQuote => PricesAreTrusted,
            Self::LetsMixedTokensIn => Authorized,
            Self::MakesASecondOrderOfAQuote => OneOrderPerQuote,
            Self::RepairsLateRows => LateIsNotLost,
            Self::OverlooksAWrongSnapshot => WrongSnapshotIsFound,
            Self::UnaddressableRecordStopsItsShard => PassedBy,
            Self::SkipsUnaddressableRecordsWithoutANote => Noted,
        };
        Some(invariant)
    }

    /// Returns false if a history of a shape cannot show the bug, because it has no poison, for example.
    pub(crate) const fn may_show(self, shape: &Shape) -> bool {
        match self {
            Self::PublishesPastPoison
            | Self::LeavesPoisonOutWithoutANote
            | Self::UnparksWithoutProjecting
            | Self::PanicsOnPoison
            | Self::HidesParkedOrders => shape.foreign_percent > 0,
            Self::UnaddressableRecordStopsItsShard | Self::SkipsUnaddressableRecordsWithoutANote => {
                shape.unaddressable_percent > 0
            }
            // Elsewhere a redrive removes the notes.
            Self::OverlooksParkedOrders => shape.foreign_percent > 0 && shape.is_deployed,
            Self::RepairsAsTheOtherRelease => shape.is_repaired && shape.is_deployed,
            Self::RepairsLateRows | Self::OverlooksAWrongSnapshot => shape.is_verified,
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
        let readers = Readers {
            summaries: Arc::new(Summaries { rows, bug: *self }),
            totals: Some(Arc::new(totals)),
            ..release::readers(&client)
        };
        let notes = ParkedOrderTable::new(client, "ParkedOrders");
        let handler = release::query_handler(events, readers, notes);
        if *self == Self::IgnoresMinVersion { Box::new(Forgetful(handler)) } else { handler }
    }

    fn projector(&self, client: Client) -> Box<dyn StreamFunction> {
        let client = self.on_dynamodb(&client);
        match self {
            Self::SkipsGaps => {
                let store = Hollow(DynamoEventStore::new(client.clone(), "OrderEvents"));
                let rows = DynamoRows::new(client.clone(), "OrderSummaryByCustomer");
                let totals = SummedRows::new(client.clone(), "CustomerTotals");
                let summaries = ProjectedRows::<OrderSummaryByCustomer, _, _>::new(store.clone(), rows, "");
                let totals = ProjectedRows::<CustomerTotals, _, _>::new(store.clone(), totals, "");
                let models = ReadModels::new(vec![Arc::new(summaries), Arc::new(totals.on_outage(OnOutage::Defer))]);
                Box::new(Projector::new(store, &models, ParkedOrderTable::new(client, "ParkedOrders")))
            }
            Self::LeavesPoisonOutWithoutANote => AsDeployed.projector(without_notes(&client)),
            Self::ProjectorAcknowledgesAll => Box::new(Acknowledges(AsDeployed.projector(client))),
            Self::UnaddressableRecordStopsItsShard => Box::new(Retries(AsDeployed.projector(client))),
            _ => AsDeployed.projector(client),
        }
    }

    fn next_projector(&self, client: Client) -> Box<dyn StreamFunction> {
        let is_overlooked = *self == Self::OverlooksParkedOrders;
        AsDeployed.next_projector(if is_overlooked { self.on_dynamodb(&client) } else { client })
    }

    fn redrive<'a>(
        &'a self,
        bus: aws_sdk_eventbridge::Client,
        client: Client,
        consumer: &'a Consumer,
        order: &'a str,
    ) -> Invocation<'a, Result<Redriven, RedriveError>> {
        if *self == Self::UnparksWithoutProjecting && *consumer != Consumer::PUBLISHER {
            return Box::pin(unpark(ParkedOrderTable::new(client, "ParkedOrders"), consumer, order));
        }
        AsDeployed.redrive(bus, client, consumer, order)
    }

    fn repair(
        &self,
        client: Client,
        is_newer: bool,
        bound: LagBound,
    ) -> Invocation<'_, Result<Repaired, OperationError>> {
        let is_other = *self == Self::RepairsAsTheOtherRelease;
        let bound = if *self == Self::RepairsLateRows { LagBound::Named(Duration::ZERO) } else { bound };
        AsDeployed.repair(client, is_newer != is_other, bound)
    }

    fn wrong_snapshots(&self, client: Client) -> Invocation<'_, Result<Vec<(String, u64)>, OperationError>> {
        if *self == Self::OverlooksAWrongSnapshot {
            return Box::pin(std::future::ready(Ok(Vec::new())));
        }
        AsDeployed.wrong_snapshots(client)
    }

    fn publisher(&self, bus: aws_sdk_eventbridge::Client, client: Client) -> Box<dyn StreamFunction> {
        let config = bus.config().to_builder().interceptor(Meddler(*self)).build();
        let bus = aws_sdk_eventbridge::Client::from_conf(config);
        let publisher = AsDeployed.publisher(bus, self.on_dynamodb(&client));
        match self {
            Self::PublisherAcknowledgesAll => Box::new(Acknowledges(publisher)),
            Self::PanicsOnPoison => Box::new(Panics(publisher)),
            Self::SkipsUnaddressableRecordsWithoutANote => Box::new(LeavesOut(publisher)),
            _ => publisher,
        }
    }
}
