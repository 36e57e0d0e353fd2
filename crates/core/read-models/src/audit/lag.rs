//! Lag told from loss: a row that the projector has yet to reach is late, and one that it has missed is lost.
//!
//! The rows do not say how far the projector is in the stream, so three things are compared:
//!
//! - the age of the newest commit that the row lacks, of those that concern it. A later commit that concerns the row heals
//!   whatever it missed, so only the newest counts. A commit that does not concern the row heals nothing;
//! - the newest commit that any row of the projection has (`reached`). No shard has processed a newer one;
//! - the stream's retention. What is older than that is no longer in the stream.
//!
//! Shards are independent: one may lag while the others advance. So a commit is lost only beyond a bound, even if rows
//! have newer commits. A late row that is repaired all the same takes no harm: the projector finds it as far as it would
//! bring it. The bound keeps false alarms away, not damage.

use std::time::Duration;

use event_store::Timestamp;

/// The retention of a stream.
pub const STREAM_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
/// The time by which one shard may lag behind the others: longer than the retries of a batch that keeps failing.
pub const SHARD_LAG: Duration = Duration::from_secs(15 * 60);

/// The age up to which the commits that a row lacks make it late and not wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LagBound {
    /// [`SHARD_LAG`]; and [`STREAM_RETENTION`] for commits that are newer than those of every row.
    #[default]
    OfTheStream,
    /// An age that an operator names; zero makes every row that lags a lost one.
    Named(Duration),
}

impl LagBound {
    /// True if a row that lacks a commit of this time may be late: wherever [`is_late`](Self::is_late) may be, whatever
    /// is reached.
    #[must_use]
    pub fn may_be_late(self, newest: Timestamp, now: Timestamp) -> bool {
        self.is_late(newest, None, now)
    }

    /// True if a row that lacks a commit of this time is late, where the newest commit in any row is of the time `reached`.
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

/// The age of a commit in milliseconds. The clock that recorded it may be ahead of this one.
fn age_ms(recorded: Timestamp, now: Timestamp) -> u128 {
    u128::try_from(now.epoch_ms().saturating_sub(recorded.epoch_ms())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many minutes before now.
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
