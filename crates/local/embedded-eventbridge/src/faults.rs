//! Faults on order: reproducible from a seed, and counted as they strike.

use fastrand::Rng;

/// How often what goes wrong, in percent: 0 never, 100 and above always. The same seed strikes the same calls and entries
/// where these come in the same order. The default strikes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Where the dice start.
    pub seed: u64,
    /// How many of the entries that would be accepted are refused, as `InternalFailure` and `ThrottlingException` by turns.
    pub entries_percent: u8,
    /// How many calls are answered with status 500, `InternalFailure`, and nothing of them taken.
    pub calls_percent: u8,
    /// How many calls are taken, and then answered with status 500 or cut off in the answer, by turns.
    pub cut_percent: u8,
}

/// How many faults have struck since [`set_faults`](crate::EmbeddedEventBridge::set_faults).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fired {
    /// Entries refused.
    pub entries: u64,
    /// Calls refused, and nothing of them taken.
    pub calls: u64,
    /// Calls taken whose caller was not told so.
    pub cuts: u64,
}

/// How a call ends that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Answered,
    InternalFailure,
    ConnectionCut,
}

/// The dice.
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

    /// Whether the next call fails before anything of it is taken.
    pub(crate) fn call_fails(&mut self) -> bool {
        let strikes = self.strikes(self.faults.calls_percent);
        self.fired.calls += u64::from(strikes);
        strikes
    }

    /// The error code of the next entry, if it is to fail.
    pub(crate) fn entry_fails(&mut self) -> Option<&'static str> {
        if !self.strikes(self.faults.entries_percent) {
            return None;
        }
        self.fired.entries += 1;
        Some(if self.fired.entries % 2 == 1 { "InternalFailure" } else { "ThrottlingException" })
    }

    /// How the call that was just taken ends.
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
