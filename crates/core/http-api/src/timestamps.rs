//! Instants as text: RFC 3339 in bodies and queries, the HTTP date in headers. Internally, an instant is milliseconds
//! since 1970-01-01T00:00:00Z.
//!
//! The calculations use civil time, because jiff's own instants end a day before the end of the year 9999.

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};

use crate::invalid::Fault;

/// The epoch 1970-01-01T00:00:00.
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);
/// The range 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// Writes RFC 3339 in UTC with milliseconds: `2026-11-21T09:30:00.123Z`.
#[must_use]
pub fn rfc3339_ms(epoch_ms: i64) -> String {
    format!("{:.3}Z", utc(epoch_ms))
}

/// Writes the date of a header such as `Last-Modified`, to the second: `Sat, 21 Nov 2026 09:30:00 GMT`.
#[must_use]
pub fn http_date(epoch_ms: i64) -> String {
    utc(epoch_ms).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Returns the instant in UTC, or the nearest one in the years 0001 to 9999.
fn utc(epoch_ms: i64) -> DateTime {
    let since_epoch = SignedDuration::from_millis(epoch_ms.clamp(*RANGE.start(), *RANGE.end()));
    EPOCH.saturating_add(since_epoch)
}

/// Reads an RFC 3339 timestamp, truncated to milliseconds.
///
/// # Errors
/// Returns a fault if the text is not a timestamp. The check is strict: no lower case, a `T` and no space, always an
/// offset, no leap second (second 60), and an instant in the years 0001 to 9999 of UTC.
pub fn parse_rfc3339(text: &str) -> Result<i64, Fault> {
    let rule = "must be an RFC 3339 timestamp such as 2026-11-21T09:30:00.123Z";
    read(text).ok_or_else(|| {
        let with_plus = text.rsplit_once(' ').map(|(date_time, offset)| format!("{date_time}+{offset}"));
        let is_unescaped = with_plus.is_some_and(|text| read(&text).is_some());
        let hint = if is_unescaped { "; in a query string, write the + of the offset as %2B" } else { "" };
        Fault::new("bad_timestamp", format!("{rule}{hint}"))
    })
}

fn read(text: &str) -> Option<i64> {
    let (date_time, rest) = text.split_at_checked(19)?;
    let (nanosecond, offset) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            let digits = fraction.strip_suffix(offset).filter(|digits| (1..=9).contains(&digits.len()))?;
            (format!("{digits:0<9}").parse().ok()?, offset)
        }
    };
    let [year, month, day, hour, minute, second] = numbers(date_time, "0000-00-00T00:00:00")?;
    let day = jiff::civil::Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    let (hour, minute, second) = (hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?);
    let time = jiff::civil::Time::new(hour, minute, second, nanosecond).ok()?;
    let local = day.to_datetime(time).duration_since(EPOCH).as_nanos().div_euclid(1_000_000);
    let epoch_ms = i64::try_from(local).ok()? - offset_minutes(offset)? * 60_000;
    RANGE.contains(&epoch_ms).then_some(epoch_ms)
}

/// Reads `Z`, or an offset of at most 23:59.
fn offset_minutes(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = numbers(text, "+00:00").or_else(|| numbers(text, "-00:00"))?;
    let is_offset = (0..24).contains(&hours) && (0..60).contains(&minutes);
    is_offset.then(|| sign * i64::from(hours * 60 + minutes))
}

/// Returns the numbers in a text with the format `pattern`, in which zeros represent digits.
fn numbers<const N: usize>(text: &str, pattern: &str) -> Option<[i16; N]> {
    let is_alike = |(byte, wanted): (u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    if text.len() != pattern.len() || !text.bytes().zip(pattern.bytes()).all(is_alike) {
        return None;
    }
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    numbers.map(|digits| digits.parse().ok()).collect::<Option<Vec<_>>>()?.try_into().ok()
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
        assert_eq!(rfc3339_ms(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(http_date(INSTANT), "Sat, 21 Nov 2026 09:30:00 GMT");
        assert_eq!(http_date(*RANGE.start()), "Mon, 01 Jan 0001 00:00:00 GMT");
    }

    #[test]
    fn an_instant_out_of_any_calendar_is_still_written() {
        assert_eq!(rfc3339_ms(i64::MAX), "9999-12-31T23:59:59.999Z");
        assert_eq!(rfc3339_ms(i64::MIN), "0001-01-01T00:00:00.000Z");
        assert_eq!(http_date(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn rfc3339_is_read_with_any_offset_and_fraction() {
        for text in [
            "2026-11-21T09:30:00.123Z",
            "2026-11-21T09:30:00.123999999Z",
            "2026-11-21T11:30:00.123+02:00",
            "2026-11-21T04:00:00.123-05:30",
            "2026-11-22T09:29:00.123+23:59",
            "2026-11-20T09:31:00.123-23:59",
            "2026-11-21T09:30:00.123-00:00",
        ] {
            assert_eq!(parse_rfc3339(text), Ok(INSTANT), "{text}");
        }
        assert_eq!(parse_rfc3339("2026-11-21T09:30:00Z"), Ok(INSTANT - 123));
        assert_eq!(parse_rfc3339("2026-11-21T09:30:00.1Z"), Ok(INSTANT - 23));
        assert_eq!(parse_rfc3339("1969-12-31T23:59:59.9999Z"), Ok(-1));
        assert_eq!(parse_rfc3339("2024-02-29T00:00:00Z"), Ok(1_709_164_800_000));
    }

    #[test]
    fn the_years_0001_to_9999_are_read_to_their_last_millisecond() {
        assert_eq!(parse_rfc3339("0001-01-01T00:00:00Z"), Ok(-62_135_596_800_000));
        assert_eq!(parse_rfc3339("9999-12-30T22:00:01Z"), Ok(253_402_207_201_000));
        assert_eq!(parse_rfc3339("9999-12-31T23:59:59Z"), Ok(253_402_300_799_000));
        assert_eq!(parse_rfc3339("9999-12-31T23:59:59.999Z"), Ok(253_402_300_799_999));
        assert_eq!(parse_rfc3339("9999-12-31T00:00:00-23:59"), Ok(253_402_300_740_000));
        for outside in ["0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"] {
            assert!(parse_rfc3339(outside).is_err(), "{outside}");
        }
    }

    #[test]
    fn an_unescaped_plus_gets_a_hint() {
        let detail = |text| parse_rfc3339(text).unwrap_err().detail;
        for text in ["2026-11-21T09:30:00 02:00", "2026-11-21T09:30:00.5 23:59"] {
            assert!(detail(text).contains("%2B"), "{text}");
        }
        for text in ["2026-11-21 09:30:00Z", "2026-11-21T09:30:00 24:00", "2026-11-21T09:30:00 ", " ", ""] {
            assert!(!detail(text).contains("%2B"), "{text}");
        }
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
            "2026-11-21T09:30:00+02",
            "2026-11-21T09:30:00+02:00:00",
            "2026-11-21T09:30:00+24:00",
            "2026-11-21T09:30:00-24:00",
            "2026-11-21T09:30:00-25:59",
            "2026-11-21T09:30:00+00:60",
            "2026-11-21T09:30:00Z[UTC]",
            "2026-11-21T09:30:60Z",
            "2016-12-31T23:59:60Z",
            "2026-11-21T09:60:00Z",
            "2026-11-21T24:00:00Z",
            "2026-02-29T09:30:00Z",
            "2026-02-30T09:30:00Z",
            "2026-13-01T09:30:00Z",
            "2026-00-01T09:30:00Z",
            "2026-11-00T09:30:00Z",
            "2026-11-21T25:00:00Z",
            "-026-11-21T09:30:00Z",
            "10000-01-01T00:00:00Z",
            "20261121T093000Z",
            "1795253400123",
            "2026-11-21T09:30:0\u{661}Z",
            "2026-11-21T09:30:00.\u{661}Z",
            "2026-11-21T09:30:00Z\0",
        ] {
            assert_eq!(parse_rfc3339(text).map_err(|fault| fault.code), Err("bad_timestamp"), "{text:?}");
        }
    }
}
