//! Durations and rates, without floating point.

use std::time::Duration;

/// Milliseconds with two decimals: `3.07 ms`.
pub(crate) fn milliseconds(micros: u64) -> String {
    format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10)
}

/// How many a second, with one decimal: `197.6`.
pub(crate) fn per_second(count: u64, elapsed: Duration) -> String {
    let millis = elapsed.as_millis().max(1);
    let tenths = u128::from(count) * 10_000 / millis;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Seconds with one decimal: `12.3 s`.
pub(crate) fn seconds(elapsed: Duration) -> String {
    format!("{}.{} s", elapsed.as_secs(), elapsed.subsec_millis() / 100)
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
}
