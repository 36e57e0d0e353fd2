//! A clock that no one should trust: it jumps an hour either way, and now and then stands still.

use std::cell::Cell;

use event_store::Timestamp;
use fastrand::Rng;
use tokio::time::Instant;

use crate::fault::{Fault, Faults};

/// 2026-11-21T00:00:00Z in milliseconds since 1970: where every history begins.
pub(crate) const EPOCH_MS: i64 = 1_795_219_200_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

thread_local! {
    static SKEW_MS: Cell<i64> = const { Cell::new(0) };
    static STOPPED_AT: Cell<Option<i64>> = const { Cell::new(None) };
    static LATER_MS: Cell<i64> = const { Cell::new(0) };
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// What this thread's clock shows.
#[must_use]
pub fn now() -> Timestamp {
    let shown = STOPPED_AT.get().unwrap_or_else(|| true_ms() + SKEW_MS.get());
    Timestamp::from_epoch_ms(shown).unwrap_or_else(|_| Timestamp::now())
}

/// The right time.
pub(crate) fn right() -> Timestamp {
    Timestamp::from_epoch_ms(true_ms()).unwrap_or_else(|_| Timestamp::now())
}

/// Starts this thread's clock. A history begins with it.
pub(crate) fn reset() {
    BEGUN.set(Some(Instant::now()));
    LATER_MS.set(0);
    set_right();
}

/// A day passes.
pub(crate) fn next_day() {
    LATER_MS.set(LATER_MS.get() + DAY_MS);
}

/// Perhaps does something to this thread's clock.
pub(crate) fn disturb(random: &mut Rng, faults: &Faults) {
    let drawn = random.u8(0..20);
    if drawn > 2 || !faults.may(Fault::WrongClock) {
        return;
    }
    let before = (now(), STOPPED_AT.get().is_some());
    match drawn {
        0 => SKEW_MS.set(if random.bool() { HOUR_MS } else { -HOUR_MS }),
        1 => STOPPED_AT.set(Some(true_ms() + SKEW_MS.get())),
        _ => return set_right(),
    }
    // Where it stands still already, a jump does not show.
    if before != (now(), STOPPED_AT.get().is_some()) {
        faults.struck(Fault::WrongClock);
    }
}

fn set_right() {
    SKEW_MS.set(0);
    STOPPED_AT.set(None);
}

fn true_ms() -> i64 {
    let elapsed = BEGUN.get().map_or(0, |begun| begun.elapsed().as_millis());
    EPOCH_MS + LATER_MS.get() + i64::try_from(elapsed).unwrap_or(0)
}
