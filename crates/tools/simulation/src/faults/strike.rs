//! Strikes: failures of one request, and the generator that draws them.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::faults::fault::Fault;

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
}

/// The rates of strikes in percent of all requests, 0 to 100 in sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Strikes before the service processes the request.
    pub before_percent: u8,
    /// Strikes after the service has processed the request.
    pub after_percent: u8,
}

/// The count of each strike.
pub type Fired = BTreeMap<(Moment, Strike), u64>;

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

    /// Draws the strike of the next request, if it has one. The caller counts it once it has struck.
    pub(crate) fn draw(&mut self) -> Option<(Moment, Strike)> {
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

    /// Draws the delay of a request or of a reply, in milliseconds.
    pub(crate) fn delay_ms(&mut self) -> u64 {
        self.random.u64(0..=20)
    }
}
