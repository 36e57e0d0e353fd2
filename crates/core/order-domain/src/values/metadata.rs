//! The shop's own metadata of an order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::{Text, check_id};
use super::value_error::ValueError;

/// The largest size of an order's metadata in bytes: names and values together, in UTF-8.
pub const MAX_METADATA: usize = 512;

/// Short strings by name that the shop attaches to an order, for example a sales channel or a campaign. Names have the
/// syntax of an id, values are [`Text`]s, and the total is at most [`MAX_METADATA`] bytes. Metadata can be neither
/// searched nor erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Text>")]
pub struct Metadata(BTreeMap<String, Text>);

impl Metadata {
    /// Checks a name on its own.
    ///
    /// # Errors
    /// Returns an error if the name does not have the syntax of an id.
    pub fn check_name(name: &str) -> Result<(), ValueError> {
        check_id(name)
    }

    /// Returns true if there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns names and values, sorted by name.
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
