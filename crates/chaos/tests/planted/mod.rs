//! Releases with a bug each, for the checker to find.
//!
//! - `store`: bugs of the event store, as the command handlers and the projector see it
//! - `calls`: bugs in calls of DynamoDB and EventBridge, and in how their answers are read
//! - `functions`: bugs of the stream's consumers, and of redriving
//! - `swallow`: writes that never leave

mod calls;
mod functions;
mod store;
mod swallow;

use aws_sdk_dynamodb::Client;
use chaos::Invariant;
use chaos::release::{self, Instance, Redriving, Release, StreamFunction};
use event_store::DynamoEventStore;
use parked_orders::ParkedOrders;
use projector::Projector;
use read_model::{DynamoRows, SummedRows};

use calls::Meddler;
use functions::{Acknowledges, Unparks};
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
}

impl Bug {
    pub(crate) const ALL: [Self; 19] = [
        Self::TakesALostRaceForAWin,
        Self::DoesNotKnowItsOwnCommit,
        Self::BelievesTheClock,
        Self::LeavesOutAVersion,
        Self::TakesAnOutageForSuccess,
        Self::IgnoresTheFingerprint,
        Self::DropsTheCondition,
        Self::StopsPaging,
        Self::TrustsAnOldSnapshot,
        Self::ForgetsRequests,
        Self::DropsTheRowGuard,
        Self::DropsTheSumGuard,
        Self::PublishesPastPoison,
        Self::SkipsGaps,
        Self::ProjectorAcknowledgesAll,
        Self::PublisherAcknowledgesAll,
        Self::IgnoresARefusedEntry,
        Self::LeavesPoisonOutWithoutANote,
        Self::UnparksWithoutProjecting,
    ];

    /// What it does not keep.
    pub(crate) const fn expected(self) -> &'static [Invariant] {
        use Invariant::{
            Acknowledged, Answers, Gapless, Parked, Published, PublishedInOrder, RecordedOnce, Redriven, RowAdvances,
            RowIsDrained, RowIsPrefix, SameReply, TimeRises, Totals, TruthfulReply,
        };
        match self {
            Self::Nothing => &[],
            Self::TakesALostRaceForAWin | Self::TakesAnOutageForSuccess | Self::DropsTheCondition => &[TruthfulReply],
            Self::DoesNotKnowItsOwnCommit => &[RecordedOnce, Acknowledged],
            Self::BelievesTheClock => &[TimeRises],
            Self::LeavesOutAVersion => &[Gapless],
            Self::IgnoresTheFingerprint => &[SameReply],
            Self::StopsPaging => &[Answers, RowIsPrefix, RowIsDrained, Published],
            Self::TrustsAnOldSnapshot => &[Answers, TruthfulReply],
            Self::ForgetsRequests => &[Acknowledged, RecordedOnce],
            Self::DropsTheRowGuard => &[RowAdvances],
            Self::DropsTheSumGuard => &[Totals],
            Self::PublishesPastPoison => &[PublishedInOrder],
            Self::SkipsGaps => &[RowIsPrefix],
            Self::ProjectorAcknowledgesAll => &[RowIsDrained],
            Self::PublisherAcknowledgesAll | Self::IgnoresARefusedEntry => &[Published],
            Self::LeavesPoisonOutWithoutANote => &[Parked],
            Self::UnparksWithoutProjecting => &[Redriven],
        }
    }

    fn on_dynamodb(self, client: &Client) -> Client {
        Client::from_conf(client.config().to_builder().interceptor(Meddler(self)).build())
    }
}

impl Release for Bug {
    fn command_handler(&self, client: Client) -> Instance {
        let store = DynamoEventStore::new(self.on_dynamodb(&client), "OrderEvents");
        release::command_handler(Store { store, bug: *self })
    }

    fn projector(&self, client: Client) -> Box<dyn StreamFunction> {
        let client = self.on_dynamodb(&client);
        match self {
            Self::SkipsGaps => {
                let store = Hollow(DynamoEventStore::new(client.clone(), "OrderEvents"));
                let rows = DynamoRows::new(client.clone(), "OrderSummaryByCustomer");
                let totals = SummedRows::new(client.clone(), "CustomerTotals");
                Box::new(Projector::new(store, rows, totals, ParkedOrders::new(client, "ParkedOrders")))
            }
            Self::LeavesPoisonOutWithoutANote => release::projector(without_notes(&client)),
            Self::ProjectorAcknowledgesAll => Box::new(Acknowledges(release::projector(client))),
            _ => release::projector(client),
        }
    }

    fn redrive(&self, bus: aws_sdk_eventbridge::Client, client: Client) -> Box<dyn Redriving> {
        let real = release::redrive(bus, client.clone());
        if *self == Self::UnparksWithoutProjecting {
            return Box::new(Unparks { real, notes: ParkedOrders::new(client, "ParkedOrders") });
        }
        real
    }

    fn publisher(&self, bus: aws_sdk_eventbridge::Client, client: Client) -> Box<dyn StreamFunction> {
        let config = bus.config().to_builder().interceptor(Meddler(*self)).build();
        let bus = aws_sdk_eventbridge::Client::from_conf(config);
        let publisher = release::publisher(bus, self.on_dynamodb(&client));
        if *self == Self::PublisherAcknowledgesAll { Box::new(Acknowledges(publisher)) } else { publisher }
    }
}
