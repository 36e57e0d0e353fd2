//! Instants as the store keeps them.

use std::fmt;
use std::str::FromStr;

/// An instant in UTC with millisecond resolution, from the years 0001 to 9999, written as
/// `2026-11-21T09:30:00.123Z`: fixed width, so the order of the texts is the order of the instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 instant in the years 0001 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 timestamp such as 2026-11-21T09:30:00.123Z")]
pub struct TimestampError;

/// 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z, less a day for jiff's own offset margin.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_207_200_999;

impl Timestamp {
    /// The instant so many milliseconds after the Unix epoch.
    ///
    /// # Errors
    /// When it is outside the years that can be written.
    pub fn from_epoch_ms(epoch_ms: i64) -> Result<Self, TimestampError> {
        if RANGE.contains(&epoch_ms) { Ok(Self(epoch_ms)) } else { Err(TimestampError) }
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn epoch_ms(self) -> i64 {
        self.0
    }

    /// The system clock's instant.
    #[must_use]
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_millisecond().clamp(*RANGE.start(), *RANGE.end()))
    }

    /// The next instant that can be told apart from this one; the last instant there is stays itself.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 < *RANGE.end() { Self(self.0 + 1) } else { self }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // From nanoseconds: by milliseconds jiff comes no further than the last whole second there is.
        let instant = jiff::Timestamp::from_nanosecond(i128::from(self.0) * 1_000_000).map_err(|_| fmt::Error)?;
        write!(f, "{instant:.3}")
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads RFC 3339 with any offset; what is finer than a millisecond is dropped.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| TimestampError)?;
        Self::from_epoch_ms(instant.as_nanosecond().div_euclid(1_000_000).try_into().map_err(|_| TimestampError)?)
    }
}
