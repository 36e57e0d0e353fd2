//! A clock that no one should trust: it jumps an hour either way, and now and then stands still.

use std::cell::Cell;

use event_store::Timestamp;
use fastrand::Rng;
use tokio::time::Instant;

/// 2026-11-21T00:00:00Z in milliseconds since 1970: where every history begins.
const EPOCH_MS: i64 = 1_795_219_200_000;
const HOUR_MS: i64 = 3_600_000;

thread_local! {
    static SKEW_MS: Cell<i64> = const { Cell::new(0) };
    static STOPPED_AT: Cell<Option<i64>> = const { Cell::new(None) };
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// How often the clock did what no clock should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Jumps {
    /// Jumps, of an hour either way.
    pub jumps: u64,
    /// Times that it stood still.
    pub stops: u64,
}

/// What this thread's clock shows.
#[must_use]
pub fn now() -> Timestamp {
    let shown = STOPPED_AT.get().unwrap_or_else(|| true_ms() + SKEW_MS.get());
    Timestamp::from_epoch_ms(shown).unwrap_or_else(|_| Timestamp::now())
}

/// Starts this thread's clock. A history begins with it.
pub(crate) fn reset() {
    BEGUN.set(Some(Instant::now()));
    set_right();
}

/// Perhaps does something to this thread's clock.
pub(crate) fn disturb(random: &mut Rng, jumps: &mut Jumps) {
    match random.u8(0..20) {
        0 => {
            SKEW_MS.set(if random.bool() { HOUR_MS } else { -HOUR_MS });
            jumps.jumps += 1;
        }
        1 => {
            STOPPED_AT.set(Some(true_ms() + SKEW_MS.get()));
            jumps.stops += 1;
        }
        2 => set_right(),
        _ => {}
    }
}

fn set_right() {
    SKEW_MS.set(0);
    STOPPED_AT.set(None);
}

fn true_ms() -> i64 {
    let elapsed = BEGUN.get().map_or(0, |begun| begun.elapsed().as_millis());
    EPOCH_MS + i64::try_from(elapsed).unwrap_or(0)
}
