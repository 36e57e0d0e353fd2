//! Pauses between attempts.

use std::time::Duration;

/// Waits before the second and each further attempt, for a random part of a limit ("full jitter"), so that writers that
/// collided do not collide again. The limit starts at `first_ms`, doubles with each further attempt, and never exceeds
/// `longest_ms`.
pub async fn backoff(attempt: u32, first_ms: u64, longest_ms: u64) {
    let doubled = first_ms.saturating_mul(2_u64.saturating_pow(attempt.saturating_sub(2)));
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=doubled.min(longest_ms)))).await;
}
