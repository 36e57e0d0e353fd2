//! Functions that are killed between two awaits.

use std::future::Future;
use std::time::Duration;

use fastrand::Rng;

use crate::faults::fault::{Fault, Faults};
use crate::world::unexpected_errors::UnexpectedErrors;

/// The rate and the latest time of kills.
#[derive(Debug, Clone)]
pub(crate) struct Kills {
    /// Killed invocations in percent of all, 0 to 100.
    pub(crate) percent: u8,
    /// The latest time of a kill, in milliseconds from the beginning of the invocation.
    pub(crate) latest_ms: u64,
    pub(crate) faults: Faults,
    pub(crate) errors: UnexpectedErrors,
}

impl Kills {
    /// Runs an invocation of a function, and returns its output, or `None` if it panicked, or was killed before its end.
    pub(crate) async fn run<T>(
        &self,
        random: &mut Rng,
        function: &str,
        invocation: impl Future<Output = T>,
    ) -> Option<T> {
        let invocation = self.errors.catch_panic(function, invocation);
        if random.u8(0..100) >= self.percent || !self.faults.may(Fault::KilledFunction) {
            return invocation.await;
        }
        let killed_at = Duration::from_millis(random.u64(0..=self.latest_ms));
        let ended = tokio::time::timeout(killed_at, invocation).await.ok();
        if ended.is_none() {
            self.faults.struck(Fault::KilledFunction);
        }
        ended?
    }
}
