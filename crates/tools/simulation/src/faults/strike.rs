//! Strikes: failures of one request, and the generator that draws them.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use embedded_dynamodb::protocol;
use fastrand::Rng;

use crate::faults::fault::{Fault, Faults};
use crate::world::wire;

/// The moment of a strike. It decides if a write has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before the service processes the request.
    Before,
    /// After the service has processed the request.
    After,
}

/// The result that a request has instead of its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strike {
    /// 400 `ThrottlingException`.
    Throttled,
    /// 400 `ProvisionedThroughputExceededException` of DynamoDB, or `RequestLimitExceeded` of EventBridge.
    ThroughputExceeded,
    /// 500.
    ServerError,
    /// No reply, until the caller times out.
    TimedOut,
    /// A connection that is cut.
    Cut,
}

impl Strike {
    /// Every strike there is.
    pub const ALL: [Self; 5] =
        [Self::Throttled, Self::ThroughputExceeded, Self::ServerError, Self::TimedOut, Self::Cut];

    /// The fault of a strike at a moment.
    #[must_use]
    pub const fn fault(self, moment: Moment) -> Fault {
        match (self, moment) {
            (Self::Throttled | Self::ThroughputExceeded, _) => Fault::Throttling,
            (Self::ServerError | Self::TimedOut | Self::Cut, Moment::Before) => Fault::FailureBeforeWrite,
            (Self::ServerError | Self::TimedOut | Self::Cut, Moment::After) => Fault::FailureAfterWrite,
        }
    }

    /// The result of the call, with the service's codes for [`ThroughputExceeded`](Self::ThroughputExceeded) and
    /// [`ServerError`](Self::ServerError).
    pub(crate) async fn strike(self, exceeded: &str, internal: &str) -> Result<HttpResponse, ConnectorError> {
        match self {
            Self::Throttled => wire::response(protocol::refusal(400, "ThrottlingException")),
            Self::ThroughputExceeded => wire::response(protocol::refusal(400, exceeded)),
            Self::ServerError => wire::response(protocol::refusal(500, internal)),
            Self::TimedOut => std::future::pending().await,
            Self::Cut => Err(ConnectorError::io("the connection was cut".into())),
        }
    }
}

/// The rates of faults in percent. The rates of strikes are of all requests, 0 to 100 in sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Strikes before the service processes the request.
    pub before_percent: u8,
    /// Strikes after the service has processed the request.
    pub after_percent: u8,
    /// Eventually consistent reads of a replica that lags.
    pub lagging_percent: u8,
}

/// The count of each strike.
pub type Fired = BTreeMap<(Moment, Strike), u64>;

/// The draws of one call.
pub(crate) struct Call {
    /// The delay of the request.
    pub(crate) request: Duration,
    pub(crate) strike: Option<(Moment, Strike)>,
    /// The delay of the reply.
    pub(crate) reply: Duration,
}

/// Draws strikes from a seed, and counts them.
#[derive(Debug)]
pub(crate) struct Dice {
    pub(crate) random: Rng,
    pub(crate) rates: Rates,
    pub(crate) fired: Fired,
}

impl Dice {
    pub(crate) fn new(seed: u64, rates: Rates) -> Self {
        Self { random: Rng::with_seed(seed), rates, fired: Fired::new() }
    }

    fn draw(&mut self) -> Option<(Moment, Strike)> {
        let drawn = self.random.u8(0..100);
        let moment = if drawn < self.rates.before_percent {
            Moment::Before
        } else if drawn < self.rates.before_percent.saturating_add(self.rates.after_percent) {
            Moment::After
        } else {
            return None;
        };
        self.random.choice(Strike::ALL).map(|strike| (moment, strike))
    }

    /// Draws the strike of the next call, and the delays of its request and of its reply. The caller counts the strike once it has
    /// struck.
    pub(crate) fn call(&mut self, faults: &Faults) -> Call {
        let (request, drawn, reply) = (self.delay(), self.draw(), self.delay());
        let strike = drawn.filter(|(moment, strike)| faults.may(strike.fault(*moment)));
        Call { request, strike, reply }
    }

    /// Draws the lag of the replica that answers an eventually consistent read. `None` if it does not lag.
    pub(crate) fn lag(&mut self, longest: Duration) -> Option<Duration> {
        let lags = self.random.u8(0..100) < self.rates.lagging_percent;
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        lags.then(|| Duration::from_millis(self.random.u64(0..=millis)))
    }

    fn delay(&mut self) -> Duration {
        Duration::from_millis(self.random.u64(0..=20))
    }
}
