//! The position of a record in its shard.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The sequence number of a stream record: decimal digits, compared as a number, with any number of digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SequenceNumber(String);

impl SequenceNumber {
    /// Returns the digits, as the stream writes them.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SequenceNumber {
    fn from(digits: &str) -> Self {
        Self(digits.to_owned())
    }
}

impl Ord for SequenceNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        let (left, right) = (self.0.trim_start_matches('0'), other.0.trim_start_matches('0'));
        left.len().cmp(&right.len()).then_with(|| left.cmp(right))
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::SequenceNumber;

    #[test]
    fn sequence_numbers_compare_as_numbers() {
        assert!(SequenceNumber::from("9") < SequenceNumber::from("10"));
        assert!(SequenceNumber::from("100000000000000000009") < SequenceNumber::from("100000000000000000010"));
    }
}
