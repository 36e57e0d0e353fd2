//! Distinguishes lag from loss: a row is late if the projector will still process its commits, and lost if the
//! projector has missed them.
//!
//! The rows do not show how far the projector is in the stream, so three things are compared:
//!
//! - The age of the newest commit that the row lacks and that concerns it. A later commit that concerns the row makes
//!   the projector fold all missed ones too, so only the newest counts. A commit that does not concern the row repairs
//!   nothing.
//! - The newest commit in any row of the projection (`reached`). No shard has processed a newer one.
//! - The stream's retention. Older commits are no longer in the stream.
//!
//! Shards are independent: one may lag while the others advance. So a commit counts as lost only beyond a bound, even
//! if rows have newer commits. Repairing a late row does no harm, because the projector then finds it already at the
//! right version. The bound prevents false alarms, not damage.

use std::time::Duration;

use event_store::Timestamp;

/// The retention of the stream.
pub const STREAM_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
/// The time by which one shard may lag behind the others. It is longer than the retries of a batch that keeps failing.
pub const SHARD_LAG: Duration = Duration::from_secs(15 * 60);

/// The age up to which missing commits make a row late and not lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LagBound {
    /// [`SHARD_LAG`], or [`STREAM_RETENTION`] for commits that are newer than those of every row.
    #[default]
    OfTheStream,
    /// An age set by an operator. With zero, every row that lags counts as lost.
    Named(Duration),
}

impl LagBound {
    /// Returns true if a row that lacks a commit of this time may be late for some value of `reached` in
    /// [`is_late`](Self::is_late).
    #[must_use]
    pub fn may_be_late(self, newest: Timestamp, now: Timestamp) -> bool {
        self.is_late(newest, None, now)
    }

    /// Returns true if a row that lacks a commit of this time is late. `reached` is the time of the newest commit in
    /// any row.
    #[must_use]
    pub fn is_late(self, newest: Timestamp, reached: Option<Timestamp>, now: Timestamp) -> bool {
        let within = |bound: Duration| age_ms(newest, now) < bound.as_millis();
        match self {
            Self::Named(bound) => within(bound),
            Self::OfTheStream => {
                within(SHARD_LAG) || within(STREAM_RETENTION) && reached.is_none_or(|reached| newest > reached)
            }
        }
    }
}

/// Returns the age of a commit in milliseconds. The clock that recorded it may be ahead of this one.
fn age_ms(recorded: Timestamp, now: Timestamp) -> u128 {
    u128::try_from(now.epoch_ms().saturating_sub(recorded.epoch_ms())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the time so many minutes before now.
    fn ago(minutes: i64) -> Timestamp {
        Timestamp::from_epoch_ms(1_800_000_000_000 - minutes * 60_000).unwrap()
    }

    #[test]
    fn a_young_commit_is_late_whatever_other_rows_have() {
        for reached in [None, Some(ago(60)), Some(ago(0))] {
            assert!(LagBound::OfTheStream.is_late(ago(14), reached, ago(0)));
        }
        assert!(LagBound::OfTheStream.is_late(ago(-5), Some(ago(0)), ago(0)), "another clock is ahead");
    }

    #[test]
    fn an_older_commit_is_lost_once_rows_have_newer_ones() {
        assert!(!LagBound::OfTheStream.is_late(ago(16), Some(ago(15)), ago(0)));
        assert!(!LagBound::OfTheStream.is_late(ago(16), Some(ago(16)), ago(0)));
        assert!(LagBound::OfTheStream.is_late(ago(16), Some(ago(17)), ago(0)), "the projector is not there yet");
        assert!(LagBound::OfTheStream.is_late(ago(16), None, ago(0)));
    }

    #[test]
    fn a_commit_beyond_the_streams_retention_is_lost() {
        assert!(LagBound::OfTheStream.is_late(ago(24 * 60 - 1), None, ago(0)));
        assert!(!LagBound::OfTheStream.is_late(ago(24 * 60), None, ago(0)));
    }

    #[test]
    fn a_named_bound_is_the_only_one() {
        let bound = LagBound::Named(Duration::from_secs(60));
        assert!(bound.is_late(ago(0), Some(ago(0)), ago(0)));
        assert!(!bound.is_late(ago(1), None, ago(0)));
        assert!(!LagBound::Named(Duration::ZERO).is_late(ago(-5), None, ago(0)));
    }
}
