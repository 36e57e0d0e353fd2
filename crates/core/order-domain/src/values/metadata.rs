//! A shop's own notes on an order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Text, ValueError, check_id};

/// The most bytes of an order's metadata: names and values together, in UTF-8.
pub const MAX_METADATA: usize = 512;

/// Short strings by name, which the shop keeps with an order: a sales channel, a campaign. Names look like ids, values
/// are [`Text`]s, and all of it has at most [`MAX_METADATA`] bytes. It is neither searched nor erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Text>", into = "BTreeMap<String, Text>")]
pub struct Metadata(BTreeMap<String, Text>);

impl Metadata {
    /// Checks a name on its own.
    ///
    /// # Errors
    /// When it does not look like an id.
    pub fn check_name(name: &str) -> Result<(), ValueError> {
        check_id(name)
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl TryFrom<BTreeMap<String, Text>> for Metadata {
    type Error = ValueError;

    fn try_from(notes: BTreeMap<String, Text>) -> Result<Self, ValueError> {
        notes.keys().try_for_each(|name| Self::check_name(name))?;
        let bytes: usize = notes.iter().map(|(name, value)| name.len() + value.as_str().len()).sum();
        if bytes > MAX_METADATA { Err(ValueError::MetadataTooLarge { max: MAX_METADATA }) } else { Ok(Self(notes)) }
    }
}

impl From<Metadata> for BTreeMap<String, Text> {
    fn from(metadata: Metadata) -> Self {
        metadata.0
    }
}
