//! Injected faults: reproducible from a seed, and counted.

use fastrand::Rng;

/// The frequency of each fault in percent: 0 is never, 100 and above is always. The same seed affects the same calls and
/// entries if they arrive in the same order. The default injects no fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// The seed of the random numbers.
    pub seed: u64,
    /// The percentage of acceptable entries that are rejected, alternately as `InternalFailure` and `ThrottlingException`.
    pub entries_percent: u8,
    /// The percentage of calls that are answered with status 500, `InternalFailure`, and of which no entry is accepted.
    pub calls_percent: u8,
    /// The percentage of calls whose entries are accepted, but whose reply is, alternately, status 500 or cut off.
    pub cut_percent: u8,
}

/// The number of faults since [`set_faults`](crate::EmbeddedEventBridge::set_faults).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fired {
    /// Rejected entries.
    pub entries: u64,
    /// Rejected calls, of which no entry was accepted.
    pub calls: u64,
    /// Accepted calls whose caller received no success reply.
    pub cuts: u64,
}

/// The end of an accepted call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Answered,
    InternalFailure,
    ConnectionCut,
}

/// The random numbers.
pub(crate) struct Dice {
    faults: Faults,
    rng: Rng,
    fired: Fired,
}

impl Dice {
    pub(crate) fn new(faults: Faults) -> Self {
        Self { faults, rng: Rng::with_seed(faults.seed), fired: Fired::default() }
    }

    pub(crate) const fn fired(&self) -> Fired {
        self.fired
    }

    /// Returns true if the next call fails before any of its entries is accepted.
    pub(crate) fn call_fails(&mut self) -> bool {
        let strikes = self.strikes(self.faults.calls_percent);
        self.fired.calls += u64::from(strikes);
        strikes
    }

    /// Returns the error code of the next entry, if it must fail.
    pub(crate) fn entry_fails(&mut self) -> Option<&'static str> {
        if !self.strikes(self.faults.entries_percent) {
            return None;
        }
        self.fired.entries += 1;
        Some(if self.fired.entries % 2 == 1 { "InternalFailure" } else { "ThrottlingException" })
    }

    /// Returns the end of the call that was just accepted.
    pub(crate) fn ending(&mut self) -> Ending {
        if !self.strikes(self.faults.cut_percent) {
            return Ending::Answered;
        }
        self.fired.cuts += 1;
        if self.fired.cuts % 2 == 1 { Ending::InternalFailure } else { Ending::ConnectionCut }
    }

    fn strikes(&mut self, percent: u8) -> bool {
        self.rng.u8(0..100) < percent
    }
}
