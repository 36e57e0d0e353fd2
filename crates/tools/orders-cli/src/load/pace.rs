//! The time at which the next command is due.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Spreads commands evenly over time across all clients, or sends them without delay.
pub(crate) struct Pace {
    started: Instant,
    /// The time between two commands; `None` if the rate is unlimited.
    interval: Option<Duration>,
    sent: AtomicU64,
}

impl Pace {
    pub(crate) fn new(rate: Option<u32>) -> Self {
        let interval = rate.and_then(|rate| Duration::from_secs(1).checked_div(rate));
        Self { started: Instant::now(), interval, sent: AtomicU64::new(0) }
    }

    /// Waits until the next command is due, and returns its due time.
    ///
    /// Latencies are measured from this time and not from the sending. A server that stalls also delays the commands that
    /// become due meanwhile, and a report without that delay would be too favourable (coordinated omission).
    pub(crate) async fn next(&self) -> Instant {
        let Some(interval) = self.interval else { return Instant::now() };
        let number = u32::try_from(self.sent.fetch_add(1, Ordering::Relaxed)).unwrap_or(u32::MAX);
        let due = self.started + interval.saturating_mul(number);
        tokio::time::sleep_until(due.into()).await;
        due
    }
}
