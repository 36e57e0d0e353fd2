//! Instants read and written.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use timestamp::{Timestamp, TimestampError};

const FIRST: i64 = -62_135_596_800_000;
const LAST: i64 = 253_402_300_799_999;
/// 2026-11-21T09:30:00.123Z.
const INSTANT: i64 = 1_795_253_400_123;

fn at(epoch_ms: i64) -> Timestamp {
    Timestamp::from_epoch_ms(epoch_ms).unwrap()
}

fn read(text: &str) -> Result<i64, TimestampError> {
    text.parse().map(Timestamp::epoch_ms)
}

proptest! {
    #[test]
    fn a_timestamp_reads_back_as_it_was_written(epoch_ms in FIRST..=LAST) {
        let instant = Timestamp::from_epoch_ms(epoch_ms).unwrap();
        prop_assert_eq!(instant.to_string().parse(), Ok(instant));
        prop_assert_eq!(instant.to_string().len(), 24);
        prop_assert_eq!(instant.to_string().replace('Z', "+00:00").parse(), Ok(instant));
    }

    #[test]
    fn texts_of_timestamps_are_in_the_order_of_the_instants(a in FIRST..=LAST, b in FIRST..=LAST) {
        let (one, other) = (Timestamp::from_epoch_ms(a).unwrap(), Timestamp::from_epoch_ms(b).unwrap());
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }
}

#[test]
fn a_timestamp_reaches_from_the_year_0001_to_the_end_of_9999() {
    let text = |epoch_ms| Timestamp::from_epoch_ms(epoch_ms).map(|instant| instant.to_string());
    assert_eq!(text(FIRST).as_deref(), Ok("0001-01-01T00:00:00.000Z"));
    assert_eq!(text(-1).as_deref(), Ok("1969-12-31T23:59:59.999Z"));
    assert_eq!(text(253_402_207_201_000).as_deref(), Ok("9999-12-30T22:00:01.000Z"), "beyond the last of jiff's own");
    assert_eq!(text(LAST).as_deref(), Ok("9999-12-31T23:59:59.999Z"));
    for outside in [i64::MIN, FIRST - 1, LAST + 1, i64::MAX] {
        assert_eq!(text(outside), Err(TimestampError));
    }
    let last = Timestamp::from_epoch_ms(LAST).unwrap();
    assert_eq!(last.next(), last);
}

#[test]
fn an_instant_is_written_in_utc_with_milliseconds() {
    assert_eq!(at(INSTANT).to_string(), "2026-11-21T09:30:00.123Z");
    assert_eq!(at(INSTANT - 123).to_string(), "2026-11-21T09:30:00.000Z");
}

#[test]
fn an_http_date_is_written_in_gmt_to_the_second() {
    assert_eq!(at(INSTANT).http_date(), "Sat, 21 Nov 2026 09:30:00 GMT");
    assert_eq!(at(FIRST).http_date(), "Mon, 01 Jan 0001 00:00:00 GMT");
    assert_eq!(at(LAST).http_date(), "Fri, 31 Dec 9999 23:59:59 GMT");
}

#[test]
fn json_contains_the_text() {
    assert_eq!(serde_json::to_value(at(INSTANT)).unwrap(), "2026-11-21T09:30:00.123Z");
    assert_eq!(serde_json::from_str::<Timestamp>("\"2026-11-21T09:30:00.123Z\"").unwrap(), at(INSTANT));
    assert!(serde_json::from_str::<Timestamp>("1795253400123").is_err());
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
        assert_eq!(read(text), Ok(INSTANT), "{text}");
    }
    assert_eq!(read("2026-11-21T09:30:00Z"), Ok(INSTANT - 123));
    assert_eq!(read("2026-11-21T09:30:00.1Z"), Ok(INSTANT - 23));
    assert_eq!(read("1969-12-31T23:59:59.9999Z"), Ok(-1));
    assert_eq!(read("2024-02-29T00:00:00Z"), Ok(1_709_164_800_000));
}

#[test]
fn the_years_0001_to_9999_are_read_to_their_last_millisecond() {
    assert_eq!(read("0001-01-01T00:00:00Z"), Ok(-62_135_596_800_000));
    assert_eq!(read("9999-12-30T22:00:01Z"), Ok(253_402_207_201_000));
    assert_eq!(read("9999-12-31T23:59:59Z"), Ok(253_402_300_799_000));
    assert_eq!(read("9999-12-31T23:59:59.999Z"), Ok(253_402_300_799_999));
    assert_eq!(read("9999-12-31T22:59:59.999-01:00"), Ok(LAST));
    assert_eq!(read("9999-12-31T00:00:00-23:59"), Ok(253_402_300_740_000));
    for outside in ["0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"] {
        assert!(read(outside).is_err(), "{outside}");
    }
}

#[test]
fn any_other_text_is_rejected() {
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
        "2026-11-21Z",
        "9999-12-31T23:59:59.999-00:01",
        "-000001-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "20261121T093000Z",
        "1795253400123",
        "2026-11-21T09:30:0\u{661}Z",
        "2026-11-21T09:30:00.\u{661}Z",
        "2026-11-21T09:30:00Z\0",
    ] {
        assert_eq!(read(text), Err(TimestampError), "{text:?}");
    }
}
