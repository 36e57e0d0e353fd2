//! What can go wrong with one request on a network, and the dice.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::faults::fault::Fault;

/// When a strike falls: what tells a write that did not happen from one that did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before the service did anything.
    Before,
    /// After the service did what was asked.
    After,
}

/// What a request comes back with instead of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strike {
    /// 400 `ThrottlingException`.
    Throttled,
    /// 400 `ProvisionedThroughputExceededException`; of EventBridge `RequestLimitExceeded`.
    ThroughputExceeded,
    /// 500.
    ServerError,
    /// Nothing, until whoever waits gives up.
    TimedOut,
    /// A connection that is cut.
    Cut,
}

impl Strike {
    /// Every strike there is.
    pub const ALL: [Self; 5] =
        [Self::Throttled, Self::ThroughputExceeded, Self::ServerError, Self::TimedOut, Self::Cut];

    /// The fault that it is, of a write at that moment.
    #[must_use]
    pub const fn fault(self, moment: Moment) -> Fault {
        match (self, moment) {
            (Self::Throttled | Self::ThroughputExceeded, _) => Fault::Throttling,
            (Self::ServerError | Self::TimedOut | Self::Cut, Moment::Before) => Fault::FailureBeforeWrite,
            (Self::ServerError | Self::TimedOut | Self::Cut, Moment::After) => Fault::FailureAfterWrite,
        }
    }
}

/// How often requests are struck, in percent of all: 0 to 100 in sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Before the service did anything.
    pub before_percent: u8,
    /// After the service did what was asked.
    pub after_percent: u8,
}

/// How often each strike has fallen.
pub type Fired = BTreeMap<(Moment, Strike), u64>;

/// Draws from a seed, and counts what fell.
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

    /// What goes wrong with the next request, if anything does. It counts as fired once it has struck.
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

    /// How many milliseconds a request is under way in one direction.
    pub(crate) fn delay_ms(&mut self) -> u64 {
        self.random.u64(0..=20)
    }
}
