//! Instants in UTC with milliseconds: the only place that reads or writes RFC 3339.
//!
//! Commits, rows, notes, requests and replies all contain the same form. This crate must never know which of them
//! contains an instant.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use jiff::fmt::temporal::Pieces;
use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};

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
/// The offsets of RFC 3339 are shorter than a day.
const DAY_SECONDS: i32 = 86_400;

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

    /// Returns the date of a header such as `Last-Modified`, to the second: `Sat, 21 Nov 2026 09:30:00 GMT`.
    #[must_use]
    pub fn http_date(self) -> String {
        self.civil().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn civil(self) -> DateTime {
        EPOCH.saturating_add(SignedDuration::from_millis(self.0))
    }

    /// Returns the instant one millisecond later. The last instant returns itself.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 < *RANGE.end() { Self(self.0 + 1) } else { self }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}Z", self.civil())
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Parses RFC 3339 with any offset. Digits finer than a millisecond are dropped. The check is strict: no lower case,
    /// a `T` and no space, always an offset, and no leap second (second 60).
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        if let Some(instant) = written(text) {
            return Ok(instant);
        }
        if !is_rfc_3339(text) {
            return Err(TimestampError);
        }
        let pieces = Pieces::parse(text).map_err(|_| TimestampError)?;
        let (Some(time), Some(offset)) = (pieces.time(), pieces.to_numeric_offset()) else {
            return Err(TimestampError);
        };
        if offset.seconds().abs() >= DAY_SECONDS {
            return Err(TimestampError);
        }
        let local = pieces.date().to_datetime(time).duration_since(EPOCH);
        let nanoseconds = local.as_nanos() - i128::from(offset.seconds()) * 1_000_000_000;
        Self::from_epoch_ms(nanoseconds.div_euclid(1_000_000).try_into().map_err(|_| TimestampError)?)
    }
}

/// Reads the form that this crate writes, which every commit and row contains, without a copy of the text. Returns `None` for
/// any other text, also if it is an instant.
fn written(text: &str) -> Option<Timestamp> {
    let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if marks.iter().any(|(place, mark)| bytes[*place] != *mark) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .try_fold(0_i16, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0')))
    };
    let small = |place: usize| i8::try_from(number(place..place + 2)?).ok();
    let nanosecond = i32::from(number(20..23)?) * 1_000_000;
    let local = DateTime::new(number(0..4)?, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, nanosecond);
    Timestamp::from_epoch_ms(local.ok()?.duration_since(EPOCH).as_millis().try_into().ok()?).ok()
}

/// Returns true for the shape of RFC 3339, without a leap second. jiff also reads other forms of ISO 8601, and reads a
/// leap second as the second before it.
fn is_rfc_3339(text: &str) -> bool {
    let shape = text.replace(|c: char| c.is_ascii_digit(), "0");
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else { return false };
    let offset = rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches('0'));
    matches!(offset, "Z" | "+00:00" | "-00:00") && text.get(17..19) != Some("60")
}

/// Writes RFC 3339.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads RFC 3339.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
