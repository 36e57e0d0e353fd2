//! The time that one invocation has.
//!
//! Lambda cuts a function off at its time-out, and the gateway then answers with a bare 500. A function that stops a
//! little earlier can still say what the caller should do.

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is kept back of an invocation's time for the answer and the log.
pub const RESERVE: Duration = Duration::from_secs(1);

/// Why work was given up. What it had asked of a database may be done all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("given up shortly before the invocation's deadline")]
pub struct OutOfTime;

/// Does `work` in the time that is left until [`RESERVE`] before the deadline, an instant in milliseconds since 1970;
/// for as long as it takes where nobody set one.
///
/// # Errors
/// When that time is over.
pub async fn within<T>(deadline_ms: Option<u64>, work: impl Future<Output = T>) -> Result<T, OutOfTime> {
    match deadline_ms {
        Some(deadline_ms) => tokio::time::timeout(time_left(deadline_ms), work).await.map_err(|_| OutOfTime),
        None => Ok(work.await),
    }
}

fn time_left(deadline_ms: u64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(deadline_ms).saturating_sub(now).saturating_sub(RESERVE)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn work_that_never_ends_is_given_up_at_the_deadline() {
        assert_eq!(within(Some(1), pending::<()>()).await, Err(OutOfTime));
    }

    #[tokio::test]
    async fn work_that_is_done_is_kept_even_past_the_deadline() {
        for deadline_ms in [Some(1), Some(u64::MAX), None] {
            assert_eq!(within(deadline_ms, ready(7)).await, Ok(7));
        }
    }

    #[test]
    fn the_reserve_is_kept_back() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let left = time_left(u64::try_from((now + Duration::from_secs(3600)).as_millis()).unwrap());
        assert!(left <= Duration::from_secs(3600) - RESERVE, "{left:?}");
    }
}
