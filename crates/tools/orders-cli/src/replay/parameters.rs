//! The range and the destination of a replay. Different parameters make a different replay.

use std::fmt;
use std::str::FromStr;

use event_store::Timestamp;
use serde::{Deserialize, Serialize};

/// The range and the destination. The state file contains these names, so they must never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parameters {
    pub(crate) bus: String,
    pub(crate) table: String,
    /// The first instant.
    pub(crate) from: Timestamp,
    /// The first instant after the range.
    pub(crate) to: Timestamp,
    pub(crate) order: Option<String>,
    pub(crate) name: ReplayName,
    /// True if the destination is the local stack.
    pub(crate) local: bool,
}

impl Parameters {
    /// Checks that the range is not empty.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.from < self.to, "--from {} must be before --to {}", self.from, self.to);
        Ok(())
    }
}

/// The `replayname` of the events of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ReplayName(String);

impl ReplayName {
    /// Returns a name for the replay of a range: `20261121T000000.000Z-20261122T000000.000Z`, or `from-20261121T000000.000Z`
    /// without an end. The same arguments always produce the same name.
    pub(crate) fn of_range(from: Timestamp, to: Option<Timestamp>) -> Self {
        let compact = |time: Timestamp| time.to_string().replace(['-', ':'], "");
        Self(match to {
            Some(to) => format!("{}-{}", compact(from), compact(to)),
            None => format!("from-{}", compact(from)),
        })
    }
}

impl FromStr for ReplayName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be 1 to 64 of A-Z a-z 0-9 . _ -".to_owned())
        }
    }
}

impl TryFrom<String> for ReplayName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ReplayName> for String {
    fn from(name: ReplayName) -> Self {
        name.0
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
    use crate::state_file::difference;

    pub(crate) fn at(text: &str) -> Timestamp {
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
    fn a_range_makes_a_name_that_is_one() {
        let (from, to) = (at("2026-11-21T00:00:00Z"), at("2026-11-22T09:30:00.5Z"));
        for (name, expected) in [
            (ReplayName::of_range(from, Some(to)), "20261121T000000.000Z-20261122T093000.500Z"),
            (ReplayName::of_range(from, None), "from-20261121T000000.000Z"),
        ] {
            assert_eq!(name.to_string(), expected);
            assert_eq!(expected.parse::<ReplayName>().unwrap(), name);
        }
    }

    #[test]
    fn another_replay_is_told_by_what_differs_first() {
        let begun = Parameters {
            bus: "B".to_owned(),
            table: "T".to_owned(),
            from: at("2026-11-21T00:00:00Z"),
            to: at("2026-11-22T00:00:00Z"),
            order: None,
            name: "n".parse().unwrap(),
            local: true,
        };
        assert_eq!(difference(&begun, &begun), None);
        let other = Parameters { order: Some("o-1".to_owned()), ..begun.clone() };
        assert_eq!(difference(&other, &begun).unwrap(), "with order null instead of o-1");
        let other = Parameters { to: at("2026-11-23T00:00:00Z"), ..begun.clone() };
        let expected = "with to 2026-11-22T00:00:00.000Z instead of 2026-11-23T00:00:00.000Z";
        assert_eq!(difference(&other, &begun).unwrap(), expected);
    }

    #[test]
    fn a_range_has_a_beginning_before_its_end() {
        let time = at("2026-11-21T00:00:00Z");
        let (bus, table) = ("B".to_owned(), "T".to_owned());
        let empty =
            Parameters { bus, table, from: time, to: time, order: None, name: "n".parse().unwrap(), local: true };
        assert!(empty.check().is_err());
        assert!(Parameters { to: time.next(), ..empty }.check().is_ok());
    }
}
