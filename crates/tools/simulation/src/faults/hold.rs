//! The hold on the stream: while it is on, no consumer receives a batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A hold on the stream. Clones share it.
///
/// Consumers continue in the sequence in which they stopped. A `watch` channel wakes its receivers in a random sequence, and the
/// same plan would give different histories.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hold(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_on: AtomicBool,
    ended: Notify,
}

impl Hold {
    pub(crate) fn begin(&self) {
        self.0.is_on.store(true, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.0.is_on.store(false, Ordering::Relaxed);
        self.0.ended.notify_waiters();
    }

    /// Waits until the hold is off.
    pub(crate) async fn ended(&self) {
        loop {
            // Created first, so that an end between the two lines is noticed.
            let ended = self.0.ended.notified();
            if !self.0.is_on.load(Ordering::Relaxed) {
                return;
            }
            ended.await;
        }
    }
}
