//! Durations and rates, without floating point.

use std::time::Duration;

/// Formats milliseconds with two decimals: `3.07 ms`.
pub(crate) fn milliseconds(micros: u64) -> String {
    format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10)
}

/// Returns the rate a second with one decimal: `197.6`.
pub(crate) fn per_second(count: u64, elapsed: Duration) -> String {
    let millis = elapsed.as_millis().max(1);
    let tenths = u128::from(count) * 10_000 / millis;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Formats seconds with one decimal: `12.3 s`.
pub(crate) fn seconds(elapsed: Duration) -> String {
    format!("{}.{} s", elapsed.as_secs(), elapsed.subsec_millis() / 100)
}

/// Parses a duration: `90s`, `15m`, `1h` or `7d`.
pub(crate) fn lifetime(text: &str) -> Result<Duration, String> {
    let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    let parsed = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?.parse().ok()?, *seconds)));
    let (number, seconds): (u64, u64) = parsed.ok_or("must be a number with s, m, h or d, such as 15m")?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| "too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_rates_read_as_decimals() {
        assert_eq!(milliseconds(3079), "3.07 ms");
        assert_eq!(milliseconds(40), "0.04 ms");
        assert_eq!(per_second(2431, Duration::from_millis(12_300)), "197.6");
        assert_eq!(per_second(1, Duration::ZERO), "1000.0");
        assert_eq!(seconds(Duration::from_millis(12_345)), "12.3 s");
    }

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("15m", 900), ("1h", 3_600), ("7d", 604_800)] {
            assert_eq!(lifetime(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "h", "1", "-1h", "1.5h", "1hh", "1 h", "1w", "999999999999999999d"] {
            lifetime(text).unwrap_err();
        }
    }
}
