//! The pump's clock, which a test can replace.

use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

/// A clock with a sleep.
pub trait Timer: Send + Sync {
    /// Returns the current time, against which a record's age is measured.
    fn now(&self) -> SystemTime;
    /// Returns after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemTimer;

impl Timer for SystemTimer {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
