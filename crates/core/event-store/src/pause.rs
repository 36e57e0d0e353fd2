//! Pauses between attempts.

use std::time::Duration;

/// Waits, ahead of an attempt from the second on, a random part of a bound ("full jitter"), so that those who were in each other's
/// way do not meet again. The bound begins at `first_ms`, doubles with each further attempt, and never exceeds `longest_ms`.
pub async fn pause(attempt: u32, first_ms: u64, longest_ms: u64) {
    let doubled = first_ms.saturating_mul(2_u64.saturating_pow(attempt.saturating_sub(2)));
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=doubled.min(longest_ms)))).await;
}
