//! Instants as the store writes them.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use jiff::fmt::temporal::Pieces;

/// An instant in UTC with millisecond resolution, in the years 0001 to 9999. It is written as
/// `2026-11-21T09:30:00.123Z`. The width is fixed, so the order of the texts is the order of the instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 instant in the years 0001 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 timestamp such as 2026-11-21T09:30:00.123Z")]
pub struct TimestampError;

/// The range 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;
/// The epoch 1970-01-01T00:00:00. The calculations use civil time, because jiff's own instants end a day before the end
/// of the year 9999.
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

impl Timestamp {
    /// Returns the instant so many milliseconds after the Unix epoch.
    ///
    /// # Errors
    /// Returns an error if the instant is outside the years that can be written.
    pub fn from_epoch_ms(epoch_ms: i64) -> Result<Self, TimestampError> {
        if RANGE.contains(&epoch_ms) { Ok(Self(epoch_ms)) } else { Err(TimestampError) }
    }

    /// Returns the milliseconds since the Unix epoch.
    #[must_use]
    pub const fn epoch_ms(self) -> i64 {
        self.0
    }

    /// Returns the system clock's instant.
    #[must_use]
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_millisecond().clamp(*RANGE.start(), *RANGE.end()))
    }

    /// Returns the instant one millisecond later. The last instant returns itself.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 < *RANGE.end() { Self(self.0 + 1) } else { self }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}Z", EPOCH.saturating_add(SignedDuration::from_millis(self.0)))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Parses RFC 3339 with any offset. Digits finer than a millisecond are dropped.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let pieces = Pieces::parse(text).map_err(|_| TimestampError)?;
        let (Some(time), Some(offset)) = (pieces.time(), pieces.to_numeric_offset()) else {
            return Err(TimestampError);
        };
        let local = pieces.date().to_datetime(time).duration_since(EPOCH);
        let nanoseconds = local.as_nanos() - i128::from(offset.seconds()) * 1_000_000_000;
        Self::from_epoch_ms(nanoseconds.div_euclid(1_000_000).try_into().map_err(|_| TimestampError)?)
    }
}
