//! The faults that this system must survive, and a count of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::world::shared::Shared;

macro_rules! faults {
    ($($fault:ident = $name:literal, $counted:literal;)+) => {
        /// A fault. Its number is its place among [`ALL`](Self::ALL), from 1.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $(#[doc = $counted] $fault),+ }

        impl Fault {
            /// Every fault there is, by its number.
            pub const ALL: [Self; [$(Self::$fault),+].len()] = [$(Self::$fault),+];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$fault => $name),+ }
            }

            /// A description of the event that is counted.
            #[must_use]
            pub const fn counted(self) -> &'static str {
                match self { $(Self::$fault => $counted),+ }
            }
        }
    };
}

faults! {
    Throttling = "throttling", "calls of DynamoDB or EventBridge that were throttled";
    FailureBeforeWrite = "failure-before-write", "writes answered by 5xx, silence or a cut, undone";
    FailureAfterWrite = "failure-after-write", "writes answered by 5xx, silence or a cut, and done";
    LateRetry = "late-retry", "accepted commands sent again a day later, to another instance";
    IdenticalAtOnce = "identical-at-once", "requests sent while the same one was under way";
    SameKeyOtherBody = "same-key-other-body", "requests sent while their key was, with another body";
    LostRace = "lost-race", "appends to a version that another request had taken";
    KilledFunction = "killed-function", "invocations cut off between two awaits";
    DisturbedDelivery = "disturbed-delivery", "batches with repeats, out of order, or of the whole shard";
    LostRecord = "lost-record", "records that were never delivered, or no longer retried";
    Poison = "poison", "commits that a consumer was handed, and could not read or fold";
    KilledMidBatch = "killed-mid-batch", "projectors killed with some of a batch's rows written";
    PartialPublication = "partial-publication", "calls of PutEvents that refused some of their entries";
    WrongClock = "wrong-clock", "clocks that jumped an hour, or stood still";
    UnusableSnapshot = "unusable-snapshot", "commits read whose snapshot was missing, corrupt or old";
    LargeStream = "large-stream", "reads of an order that 1 MB cut into pages";
    RacingRebuild = "racing-rebuild", "pages rebuilt while commands were under way";
    RollingDeploy = "rolling-deploy", "batches that the older release took after the newer one";
    BusyCustomer = "busy-customer", "histories in which one customer has most of six to eight orders";
    LaggingRows = "lagging-rows", "rows that lagged by minutes when a verification looked at them";
    UnaddressableRecord = "unaddressable-record", "records in batches that name no order";
    LaggingReplica = "lagging-replica", "eventually consistent reads that showed an earlier state";
}

impl Fault {
    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        Self::ALL.iter().take_while(|fault| **fault != self).count() + 1
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
    counts: Shared<Counts>,
}

impl Faults {
    /// All faults but these.
    #[must_use]
    pub fn without(without: BTreeSet<Fault>) -> Self {
        Self { without: Arc::new(without), counts: Shared::default() }
    }

    /// Returns true if a fault may strike.
    #[must_use]
    pub fn may(&self, fault: Fault) -> bool {
        !self.without.contains(&fault)
    }

    /// Counts that a fault struck.
    pub fn struck(&self, fault: Fault) {
        *self.counts.lock().entry(fault).or_default() += 1;
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.lock().clone()
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
