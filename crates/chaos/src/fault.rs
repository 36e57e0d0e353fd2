//! What can go wrong with a request, and the dice.

use std::collections::BTreeMap;

use fastrand::Rng;

/// When a fault strikes: what tells a write that did not happen from one that did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before DynamoDB did anything.
    Before,
    /// After DynamoDB did what was asked.
    After,
}

/// What a request comes back with instead of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// 400 `ThrottlingException`.
    Throttled,
    /// 400 `ProvisionedThroughputExceededException`.
    ThroughputExceeded,
    /// 500 `InternalServerError`.
    ServerError,
    /// Nothing, until whoever waits gives up.
    TimedOut,
    /// A connection that is cut.
    Cut,
}

impl Fault {
    /// Every fault there is.
    pub const ALL: [Self; 5] =
        [Self::Throttled, Self::ThroughputExceeded, Self::ServerError, Self::TimedOut, Self::Cut];
}

/// How often requests are struck, in percent of all: 0 to 100 in sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Before DynamoDB did anything.
    pub before_percent: u8,
    /// After DynamoDB did what was asked.
    pub after_percent: u8,
}

/// How often each fault has struck.
pub type Fired = BTreeMap<(Moment, Fault), u64>;

/// Draws from a seed, and counts what was drawn.
#[derive(Debug)]
pub(crate) struct Dice {
    random: Rng,
    rates: Rates,
    pub(crate) fired: Fired,
}

impl Dice {
    pub(crate) fn new(seed: u64, rates: Rates) -> Self {
        Self { random: Rng::with_seed(seed), rates, fired: Fired::new() }
    }

    /// What goes wrong with the next request, if anything does. It counts as fired once it has struck.
    pub(crate) fn draw(&mut self) -> Option<(Moment, Fault)> {
        let drawn = self.random.u8(0..100);
        let moment = if drawn < self.rates.before_percent {
            Moment::Before
        } else if drawn < self.rates.before_percent.saturating_add(self.rates.after_percent) {
            Moment::After
        } else {
            return None;
        };
        self.random.choice(Fault::ALL).map(|fault| (moment, fault))
    }

    /// How many milliseconds a request is under way in one direction.
    pub(crate) fn delay_ms(&mut self) -> u64 {
        self.random.u64(0..=20)
    }
}
