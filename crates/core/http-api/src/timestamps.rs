//! Instants in query parameters.

use timestamp::{Timestamp, TimestampError};

use crate::invalid::Fault;

/// Reads an RFC 3339 timestamp, truncated to milliseconds.
///
/// # Errors
/// Returns a fault if the text is not a timestamp. In a query string, `+` means a space, so an offset after a space gets
/// a hint.
pub fn parse_rfc3339(text: &str) -> Result<Timestamp, Fault> {
    text.parse().map_err(|error: TimestampError| {
        let with_plus = text.rsplit_once(' ').map(|(date_time, offset)| format!("{date_time}+{offset}"));
        let is_unescaped = with_plus.is_some_and(|text| text.parse::<Timestamp>().is_ok());
        let hint = if is_unescaped { "; in a query string, write the + of the offset as %2B" } else { "" };
        Fault::new("bad_timestamp", format!("{error}{hint}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
