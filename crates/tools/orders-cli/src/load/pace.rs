//! When the next command is due.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Spreads commands evenly over time, whichever client sends them; or lets them go at once.
pub(crate) struct Pace {
    started: Instant,
    /// Between two commands; none as fast as it goes.
    interval: Option<Duration>,
    sent: AtomicU64,
}

impl Pace {
    pub(crate) fn new(rate: Option<u32>) -> Self {
        let interval = rate.and_then(|rate| Duration::from_secs(1).checked_div(rate));
        Self { started: Instant::now(), interval, sent: AtomicU64::new(0) }
    }

    /// Waits until the next command is due, and returns when that was.
    ///
    /// Latencies count from here and not from the sending: a server that stalls also delays what is due meanwhile, and a report that
    /// left that out would flatter it (coordinated omission).
    pub(crate) async fn next(&self) -> Instant {
        let Some(interval) = self.interval else { return Instant::now() };
        let number = u32::try_from(self.sent.fetch_add(1, Ordering::Relaxed)).unwrap_or(u32::MAX);
        let due = self.started + interval.saturating_mul(number);
        tokio::time::sleep_until(due.into()).await;
        due
    }
}
