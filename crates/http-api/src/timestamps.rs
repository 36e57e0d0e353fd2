//! Instants as text: RFC 3339 in bodies and queries, the HTTP date in headers. Inside, an instant is milliseconds
//! since 1970-01-01T00:00:00Z.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::invalid::Fault;

/// RFC 3339 in UTC with milliseconds: `2026-11-21T09:30:00.123Z`.
#[must_use]
pub fn rfc3339_ms(epoch_ms: i64) -> String {
    format!("{:.3}", timestamp(epoch_ms))
}

/// The date of a header such as `Last-Modified`, to the second: `Sat, 21 Nov 2026 09:30:00 GMT`.
#[must_use]
pub fn http_date(epoch_ms: i64) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp(epoch_ms)).unwrap_or_default()
}

/// The nearest instant that a calendar of four-digit years has.
fn timestamp(epoch_ms: i64) -> Timestamp {
    let nearest = if epoch_ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    // From nanoseconds: by milliseconds jiff comes no further than the last whole second there is.
    Timestamp::from_nanosecond(i128::from(epoch_ms) * 1_000_000).unwrap_or(nearest)
}

/// Reads an RFC 3339 timestamp, cut to milliseconds.
///
/// # Errors
/// When it is not one. The check is strict: no lower case, no space for the `T`, and an offset in any case.
pub fn parse_rfc3339(text: &str) -> Result<i64, Fault> {
    let fault = || Fault::new("bad_timestamp", "must be an RFC 3339 timestamp such as 2026-11-21T09:30:00.123Z");
    if !has_rfc3339_shape(text) {
        return Err(fault());
    }
    text.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|_| fault())
}

/// jiff also reads other forms of ISO 8601; the contract is this one only.
fn has_rfc3339_shape(text: &str) -> bool {
    let Some((date_time, rest)) = text.split_at_checked(19) else { return false };
    let rest = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if !(1..=9).contains(&(fraction.len() - offset.len())) {
                return false;
            }
            offset
        }
    };
    matches_digits(date_time, "0000-00-00T00:00:00")
        && (rest == "Z" || matches_digits(rest, "+00:00") || matches_digits(rest, "-00:00"))
}

/// Whether `text` is `pattern` with any digit for each of its zeros.
fn matches_digits(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            _ => byte == wanted,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T09:30:00.123Z.
    const INSTANT: i64 = 1_795_253_400_123;

    #[test]
    fn an_instant_is_written_in_utc_with_milliseconds() {
        assert_eq!(rfc3339_ms(INSTANT), "2026-11-21T09:30:00.123Z");
        assert_eq!(rfc3339_ms(INSTANT - 123), "2026-11-21T09:30:00.000Z");
        assert_eq!(rfc3339_ms(253_402_207_200_123), "9999-12-30T22:00:00.123Z", "within the last second there is");
        assert_eq!(http_date(INSTANT), "Sat, 21 Nov 2026 09:30:00 GMT");
    }

    #[test]
    fn an_instant_out_of_any_calendar_is_still_written() {
        assert!(rfc3339_ms(i64::MAX).starts_with("9999-12-3"));
        assert!(rfc3339_ms(i64::MIN).starts_with("-009999"));
    }

    #[test]
    fn rfc3339_is_read_with_any_offset_and_fraction() {
        for text in [
            "2026-11-21T09:30:00.123Z",
            "2026-11-21T09:30:00.123999999Z",
            "2026-11-21T11:30:00.123+02:00",
            "2026-11-21T04:00:00.123-05:30",
        ] {
            assert_eq!(parse_rfc3339(text), Ok(INSTANT), "{text}");
        }
        assert_eq!(parse_rfc3339("2026-11-21T09:30:00Z"), Ok(INSTANT - 123));
    }

    #[test]
    fn whatever_else_is_refused() {
        for text in [
            "",
            "now",
            "2026-11-21",
            "2026-11-21T09:30:00",
            "2026-11-21 09:30:00Z",
            "2026-11-21T09:30:00 02:00",
            "2026-11-21t09:30:00z",
            "2026-11-21T09:30:00.Z",
            "2026-11-21T09:30:00.1234567890Z",
            "2026-11-21T09:30:00+0200",
            "2026-11-21T09:30:00Z[UTC]",
            "2026-02-30T09:30:00Z",
            "2026-13-01T09:30:00Z",
            "2026-11-21T25:00:00Z",
            "20261121T093000Z",
            "1795253400123",
            "2026-11-21T09:30:0\u{661}Z",
            "2026-11-21T09:30:00Z\0",
        ] {
            assert_eq!(parse_rfc3339(text).map_err(|fault| fault.code), Err("bad_timestamp"), "{text:?}");
        }
    }
}
