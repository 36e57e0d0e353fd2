//! The faults that this system must survive, and a count of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

/// A fault. Its number is its place among [`ALL`](Self::ALL), from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Throttled calls.
    Throttling,
    /// Writes that fail before they are done.
    FailureBeforeWrite,
    /// Writes that fail after they are done.
    FailureAfterWrite,
    /// Retries long after, on another instance.
    LateRetry,
    /// Identical requests at once.
    IdenticalAtOnce,
    /// Requests with one key and different bodies at once.
    SameKeyOtherBody,
    /// Writers that lose the race for a version.
    LostRace,
    /// Functions that are killed between two awaits.
    KilledFunction,
    /// Batches of the stream that are not as they were written.
    DisturbedDelivery,
    /// Records that are never delivered.
    LostRecord,
    /// Commits that a consumer cannot read.
    Poison,
    /// Projectors that are killed between two rows of a batch.
    KilledMidBatch,
    /// Calls of PutEvents that refuse some of their entries.
    PartialPublication,
    /// Clocks that jump or stand still.
    WrongClock,
    /// Snapshots that cannot be used.
    UnusableSnapshot,
    /// Streams of one order beyond a page of 1 MB.
    LargeStream,
    /// Rebuilds beside live writes.
    RacingRebuild,
    /// Two releases that run at the same time.
    RollingDeploy,
    /// Customers who have most of the orders.
    BusyCustomer,
    /// Rows that lag by minutes while a verification looks at them.
    LaggingRows,
    /// Records of the stream that name no order.
    UnaddressableRecord,
}

impl Fault {
    /// Every fault there is, by its number.
    pub const ALL: [Self; 21] = [
        Self::Throttling,
        Self::FailureBeforeWrite,
        Self::FailureAfterWrite,
        Self::LateRetry,
        Self::IdenticalAtOnce,
        Self::SameKeyOtherBody,
        Self::LostRace,
        Self::KilledFunction,
        Self::DisturbedDelivery,
        Self::LostRecord,
        Self::Poison,
        Self::KilledMidBatch,
        Self::PartialPublication,
        Self::WrongClock,
        Self::UnusableSnapshot,
        Self::LargeStream,
        Self::RacingRebuild,
        Self::RollingDeploy,
        Self::BusyCustomer,
        Self::LaggingRows,
        Self::UnaddressableRecord,
    ];

    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        Self::ALL.iter().take_while(|fault| **fault != self).count() + 1
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.described().0
    }

    /// A description of the event that is counted.
    #[must_use]
    pub const fn counted(self) -> &'static str {
        self.described().1
    }

    /// Advice for a fault that follows from another one, and so cannot be left out alone. `None` for every other fault.
    #[must_use]
    pub fn consequence_of(self) -> Option<&'static str> {
        if self == Self::LostRace {
            Some("it needs two clients, so run one client")
        } else if self == Self::KilledMidBatch {
            Some("it needs a killed function, so leave out killed-function")
        } else {
            None
        }
    }

    const fn described(self) -> (&'static str, &'static str) {
        match self {
            Self::Throttling => ("throttling", "calls of DynamoDB or EventBridge that were throttled"),
            Self::FailureBeforeWrite => ("failure-before-write", "writes answered by 5xx, silence or a cut, undone"),
            Self::FailureAfterWrite => ("failure-after-write", "writes answered by 5xx, silence or a cut, and done"),
            Self::LateRetry => ("late-retry", "accepted commands sent again a day later, to another instance"),
            Self::IdenticalAtOnce => ("identical-at-once", "requests sent while the same one was under way"),
            Self::SameKeyOtherBody => ("same-key-other-body", "requests sent while their key was, with another body"),
            Self::LostRace => ("lost-race", "appends to a version that another request had taken"),
            Self::KilledFunction => ("killed-function", "invocations cut off between two awaits"),
            Self::DisturbedDelivery => {
                ("disturbed-delivery", "batches with repeats, out of order, or of the whole shard")
            }
            Self::LostRecord => ("lost-record", "records that never came, or were given up"),
            Self::Poison => ("poison", "commits that a consumer was handed, and could not read or fold"),
            Self::KilledMidBatch => ("killed-mid-batch", "projectors killed with some of a batch's rows written"),
            Self::PartialPublication => {
                ("partial-publication", "calls of PutEvents that refused some of their entries")
            }
            Self::WrongClock => ("wrong-clock", "clocks that jumped an hour, or stood still"),
            Self::UnusableSnapshot => ("unusable-snapshot", "commits read whose snapshot was missing, corrupt or old"),
            Self::LargeStream => ("large-stream", "reads of an order that 1 MB cut into pages"),
            Self::RacingRebuild => ("racing-rebuild", "pages rebuilt while commands were under way"),
            Self::RollingDeploy => ("rolling-deploy", "batches that the older release took after the newer one"),
            Self::BusyCustomer => ("busy-customer", "histories in which one customer has most of six to eight orders"),
            Self::LaggingRows => ("lagging-rows", "rows that lagged by minutes when a verification looked at them"),
            Self::UnaddressableRecord => ("unaddressable-record", "records in batches that name no order"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is neither the name nor the number of a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no fault '{0}'")]
pub struct NoFault(pub String);

impl FromStr for Fault {
    type Err = NoFault;

    fn from_str(text: &str) -> Result<Self, NoFault> {
        let named = |fault: &Self| fault.name() == text || fault.number().to_string() == text;
        Self::ALL.into_iter().find(named).ok_or_else(|| NoFault(text.to_owned()))
    }
}

/// The number of times that each fault struck. Faults that never struck are absent.
pub type Counts = BTreeMap<Fault, u64>;

/// The faults that may strike a history, and a count of each. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    without: Arc<BTreeSet<Fault>>,
    counts: Arc<Mutex<Counts>>,
}

impl Faults {
    /// All faults but these.
    #[must_use]
    pub fn without(without: BTreeSet<Fault>) -> Self {
        Self { without: Arc::new(without), counts: Arc::default() }
    }

    /// Returns true if a fault may strike.
    #[must_use]
    pub fn may(&self, fault: Fault) -> bool {
        !self.without.contains(&fault)
    }

    /// Counts that a fault struck.
    pub fn struck(&self, fault: Fault) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(fault).or_default() += 1;
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_found_by_its_name_and_by_its_number() {
        for (number, fault) in (1..).zip(Fault::ALL) {
            assert_eq!(fault.number(), number);
            assert_eq!(fault.name().parse(), Ok(fault));
            assert_eq!(number.to_string().parse(), Ok(fault));
        }
        let beyond = (Fault::ALL.len() + 1).to_string();
        assert_eq!(beyond.parse::<Fault>(), Err(NoFault(beyond)));
    }
}
