//! The clock of a history, one for each thread. It shows Tokio's time, unless a fault skews or stops it.

use std::cell::Cell;

use event_store::Timestamp;
use tokio::time::Instant;

/// 2026-11-21T00:00:00Z in milliseconds since 1970, when every history begins.
pub(crate) const EPOCH_MS: i64 = 1_795_219_200_000;
const DAY_MS: i64 = 24 * 3_600_000;

thread_local! {
    static SKEW_MS: Cell<i64> = const { Cell::new(0) };
    static STOPPED_AT: Cell<Option<i64>> = const { Cell::new(None) };
    static LATER_MS: Cell<i64> = const { Cell::new(0) };
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The time that this thread's clock shows.
#[must_use]
pub fn now() -> Timestamp {
    let shown = STOPPED_AT.get().unwrap_or_else(skewed_ms);
    Timestamp::from_epoch_ms(shown).unwrap_or_else(|_| Timestamp::now())
}

/// The correct time.
pub(crate) fn right() -> Timestamp {
    Timestamp::from_epoch_ms(true_ms()).unwrap_or_else(|_| Timestamp::now())
}

/// Starts this thread's clock at the beginning of a history.
pub(crate) fn reset() {
    BEGUN.set(Some(Instant::now()));
    LATER_MS.set(0);
    correct();
}

/// Moves the correct time a day ahead.
pub(crate) fn next_day() {
    LATER_MS.set(LATER_MS.get() + DAY_MS);
}

/// Returns true while this thread's clock is stopped.
pub(crate) fn is_stopped() -> bool {
    STOPPED_AT.get().is_some()
}

/// Makes the clock differ from the correct time by so many milliseconds.
pub(crate) fn skew(milliseconds: i64) {
    SKEW_MS.set(milliseconds);
}

/// Stops the clock at the time that it would show.
pub(crate) fn stop() {
    STOPPED_AT.set(Some(skewed_ms()));
}

/// Makes the clock show the correct time.
pub(crate) fn correct() {
    SKEW_MS.set(0);
    STOPPED_AT.set(None);
}

fn skewed_ms() -> i64 {
    true_ms() + SKEW_MS.get()
}

fn true_ms() -> i64 {
    let elapsed = BEGUN.get().map_or(0, |begun| begun.elapsed().as_millis());
    EPOCH_MS + LATER_MS.get() + i64::try_from(elapsed).unwrap_or(0)
}
