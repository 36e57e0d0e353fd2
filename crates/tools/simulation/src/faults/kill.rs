//! Functions that are killed between two awaits.

use std::future::Future;
use std::time::Duration;

use fastrand::Rng;

use crate::faults::fault::{Fault, Faults};

/// How often invocations are killed, and how late.
#[derive(Debug, Clone)]
pub(crate) struct Kills {
    /// Of all invocations, in percent: 0 to 100.
    pub(crate) percent: u8,
    /// The latest moment, in milliseconds from the beginning.
    pub(crate) latest_ms: u64,
    pub(crate) faults: Faults,
}

impl Kills {
    /// What an invocation comes to; nothing where it was killed before its end.
    pub(crate) async fn spare<T>(&self, random: &mut Rng, invocation: impl Future<Output = T>) -> Option<T> {
        if random.u8(0..100) >= self.percent || !self.faults.may(Fault::KilledFunction) {
            return Some(invocation.await);
        }
        let killed_at = Duration::from_millis(random.u64(0..=self.latest_ms));
        let ended = tokio::time::timeout(killed_at, invocation).await.ok();
        if ended.is_none() {
            self.faults.struck(Fault::KilledFunction);
        }
        ended
    }
}
