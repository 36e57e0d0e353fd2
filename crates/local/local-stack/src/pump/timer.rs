//! Time as the pump needs it, so that a test can be its own clock.

use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

/// Tells the time and waits.
pub trait Timer: Send + Sync {
    /// The time now, against which a record's age is measured.
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
