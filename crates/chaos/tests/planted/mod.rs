//! Releases with a bug each, for the checker to find.
//!
//! - `store`: bugs of the event store, as the command handlers and the projector see it
//! - `calls`: bugs in calls of DynamoDB and EventBridge, and in how their answers are read
//! - `functions`: bugs of the stream's consumers

mod calls;
mod functions;
mod store;

use aws_sdk_dynamodb::Client;
use chaos::release::{self, Instance, Release, StreamFunction};
use event_store::DynamoEventStore;
use parked_orders::ParkedOrders;
use projector::Projector;
use read_model::{DynamoRows, SummedRows};

use calls::Meddler;
use functions::Acknowledges;
use store::{Hollow, Store};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
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
}

impl Bug {
    pub(crate) const ALL: [Self; 17] = [
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
    ];

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
            Self::ProjectorAcknowledgesAll => Box::new(Acknowledges(release::projector(client))),
            _ => release::projector(client),
        }
    }

    fn publisher(&self, bus: aws_sdk_eventbridge::Client, client: Client) -> Box<dyn StreamFunction> {
        let config = bus.config().to_builder().interceptor(Meddler(*self)).build();
        let bus = aws_sdk_eventbridge::Client::from_conf(config);
        let publisher = release::publisher(bus, self.on_dynamodb(&client));
        if *self == Self::PublisherAcknowledgesAll { Box::new(Acknowledges(publisher)) } else { publisher }
    }
}
