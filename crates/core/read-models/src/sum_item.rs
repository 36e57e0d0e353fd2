//! The sums of a partition as a DynamoDB item: the sums by name, the counted rows that may not be stored yet, a
//! revision, the key and the projection's number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_dynamo::{AttributeValue, Item};

use crate::projection::RowKey;
use crate::row_error::RowError;
use crate::row_item::{NOT_AN_ITEM, NOT_ITS_SHAPE, PROJECTION, StoredItem};
use crate::row_store::NewRow;
use crate::summed::Summed;

/// The attribute that every change raises by one. Sums can return to an earlier value while their rows do not, so
/// comparing values is not enough.
pub(crate) const REVISION: &str = "revision";

/// The range of first revisions. All have 15 digits, so their size is the same.
const FIRST_REVISIONS: std::ops::Range<u64> = 100_000_000_000_000..200_000_000_000_000;

/// The sums of a partition.
pub(crate) type SumsOf<P> = Sums<<P as Summed>::Sum, <P as crate::projection::Projection>::Row>;

/// The sums of a partition, and the counted rows that may not be stored yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sums<S, R> {
    pub(crate) revision: u64,
    /// The sums, by name.
    pub(crate) sums: BTreeMap<String, S>,
    /// The counted rows that may not be stored yet, by sort key. For an aggregate in this map, the sums count this row;
    /// for every other aggregate, they count the stored row.
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) pending: BTreeMap<String, Pending<R>>,
}

/// A row that is counted and may not be stored yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pending<R> {
    pub(crate) version: u64,
    /// The version up to which commits are folded into it.
    pub(crate) position: u64,
    pub(crate) row: R,
}

impl<R: Clone> Pending<R> {
    /// Returns the row to store, for a writer that has folded commits up to a position.
    pub(crate) fn at(&self, key: RowKey, position: u64) -> NewRow<R> {
        NewRow { key, version: self.version, position: self.position.max(position), row: self.row.clone() }
    }
}

/// Returns the revision after the one that is replaced. The first revision is random. So if sums are deleted and begun
/// again, they do not get a revision that a writer may have read before.
pub(crate) fn next_revision(replaces: Option<u64>) -> u64 {
    replaces.map_or_else(|| fastrand::u64(FIRST_REVISIONS), |revision| revision.saturating_add(1))
}

impl<S, R> Default for Sums<S, R> {
    fn default() -> Self {
        Self { revision: 0, sums: BTreeMap::new(), pending: BTreeMap::new() }
    }
}

pub(crate) fn encode<P: Summed>(key: &RowKey, sums: &SumsOf<P>) -> Result<Item, RowError> {
    let item: Item = serde_dynamo::to_item(sums).map_err(|_| RowError::unwritable(key, NOT_AN_ITEM))?;
    let mut attributes = item.into_inner();
    attributes.extend([
        (P::KEY.partition.to_owned(), AttributeValue::S(key.partition.clone())),
        (P::KEY.sort.to_owned(), AttributeValue::S(key.sort.clone())),
        (PROJECTION.to_owned(), AttributeValue::N(P::NUMBER.to_string())),
    ]);
    Ok(attributes.into())
}

pub(crate) fn decode<P: Summed>(key: &RowKey, image: &StoredItem) -> Result<SumsOf<P>, RowError> {
    serde_dynamo::from_item(image.0.clone()).map_err(|_| RowError::unreadable(key, NOT_ITS_SHAPE))
}
