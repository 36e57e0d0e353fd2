//! The events of a replay, and their mark.

use std::fmt;
use std::str::FromStr;

use event_store::Timestamp;
use serde::{Deserialize, Serialize};

/// The events of a replay, and their mark. State files contain these names, so they must never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRequest {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after the range.
    pub to: Timestamp,
    /// The only order to replay, if there is one.
    pub order: Option<String>,
    /// The mark.
    pub name: ReplayName,
}

/// The `replayname` of the events of a replay: 1 to 64 characters that are safe in a file name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayName(String);

impl ReplayName {
    /// Returns a name for the replay of a range: `20261121T000000.000Z-20261122T000000.000Z`, or `from-20261121T000000.000Z`
    /// without an end. The same arguments always produce the same name.
    #[must_use]
    pub fn of_range(from: Timestamp, to: Option<Timestamp>) -> Self {
        let compact = |time: Timestamp| time.to_string().replace(['-', ':'], "");
        Self(match to {
            Some(to) => format!("{}-{}", compact(from), compact(to)),
            None => format!("from-{}", compact(from)),
        })
    }
}

impl FromStr for ReplayName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let is_name = (1..=64).contains(&text.len()) && text.chars().all(allowed);
        is_name.then(|| Self(text.to_owned())).ok_or("must be 1 to 64 of A-Z a-z 0-9 . _ -")
    }
}

impl fmt::Display for ReplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_short_and_safe_in_a_file_name() {
        for good in ["a", "late-consumer_2.1", &"x".repeat(64)] {
            assert_eq!(good.parse::<ReplayName>().unwrap().to_string(), good);
        }
        for bad in ["", "a b", "a/b", "ä", &"x".repeat(65)] {
            assert!(bad.parse::<ReplayName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_range_makes_a_valid_name() {
        let (from, to) = (at("2026-11-21T00:00:00Z"), at("2026-11-22T09:30:00.5Z"));
        for (name, expected) in [
            (ReplayName::of_range(from, Some(to)), "20261121T000000.000Z-20261122T093000.500Z"),
            (ReplayName::of_range(from, None), "from-20261121T000000.000Z"),
        ] {
            assert_eq!(name.to_string(), expected);
            assert_eq!(expected.parse::<ReplayName>().unwrap(), name);
        }
    }
}
