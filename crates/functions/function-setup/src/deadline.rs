//! The time limit of one invocation.
//!
//! Lambda stops a function at its time-out, and the gateway then answers with a bare 500. A function that stops a little
//! earlier can still return a useful problem to the caller.

use std::future::Future;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The part of an invocation's time that is reserved for the reply and the log.
pub const RESERVE: Duration = Duration::from_secs(1);

/// The longest time-out that Lambda allows. A deadline that passed longer ago than this is ignored: `cargo lambda watch`
/// sends an instant in 1970 with every invocation.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(900);

/// The error of work that ran out of time. A database may still complete the requests that the work sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stopped shortly before the invocation's deadline")]
pub struct OutOfTime;

/// Runs `work` in the time until [`RESERVE`] before the deadline, which is an instant in milliseconds since 1970. Without a
/// deadline, the work has no time limit.
///
/// # Errors
/// When that time is over.
pub async fn within<T>(deadline_ms: Option<u64>, work: impl Future<Output = T>) -> Result<T, OutOfTime> {
    match deadline_ms.and_then(time_left) {
        Some(left) => tokio::time::timeout(left.saturating_sub(RESERVE), work).await.map_err(|_| OutOfTime),
        None => Ok(work.await),
    }
}

/// Returns the time until a deadline in milliseconds since 1970; `None` if Lambda cannot have set this deadline.
#[must_use]
pub fn time_left(deadline_ms: u64) -> Option<Duration> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline = Duration::from_millis(deadline_ms);
    (deadline + LONGEST_TIMEOUT >= now).then(|| deadline.saturating_sub(now))
}

/// Returns the latest time to begin work that takes at most `reserve`: the deadline, an instant in milliseconds since 1970,
/// minus `reserve`. If little time is left, half of that time is used instead. Returns `None` if there is no deadline.
#[must_use]
pub fn last_start(deadline_ms: u64, reserve: Duration) -> Option<Instant> {
    let left = time_left(deadline_ms)?;
    Some(Instant::now() + left.saturating_sub(reserve.min(left / 2)))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn in_ms(later: u64) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::try_from(now.as_millis()).unwrap() + later
    }

    #[tokio::test]
    async fn work_that_never_ends_is_given_up_at_the_deadline() {
        assert_eq!(within(Some(in_ms(0)), pending::<()>()).await, Err(OutOfTime));
    }

    #[tokio::test]
    async fn work_that_is_done_is_kept_even_past_the_deadline() {
        for deadline_ms in [Some(in_ms(0)), Some(u64::MAX), None] {
            assert_eq!(within(deadline_ms, ready(7)).await, Ok(7));
        }
    }

    #[test]
    fn the_time_left_is_that_until_the_deadline() {
        let left = time_left(in_ms(3_600_000)).unwrap();
        assert!(left <= Duration::from_secs(3_600), "{left:?}");
        assert_eq!(time_left(in_ms(0)), Some(Duration::ZERO));
    }

    #[test]
    fn the_last_seconds_are_kept_for_work_that_is_begun() {
        let until = |ms: u64| last_start(in_ms(ms), Duration::from_secs(12)).unwrap() - Instant::now();
        let (long, short) = (until(600_000), until(16_000));
        assert!(long <= Duration::from_secs(588) && long > Duration::from_secs(300), "{long:?}");
        assert!(short <= Duration::from_secs(8) && short > Duration::from_secs(1), "{short:?}");
        assert_eq!(last_start(0, Duration::from_secs(12)), None);
    }

    #[test]
    fn an_instant_of_1970_is_no_deadline() {
        assert_eq!(time_left(0), None);
        assert_eq!(time_left(600_000), None);
    }
}
