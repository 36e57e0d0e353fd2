//! The port to rows as they are stored: what an audit compares and repairs, and no reader needs.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;

use serde_json::{Map, Value};

use crate::events_table::EventsTable;
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_store::RowStore;

/// A row exactly as it is stored, whether or not its attributes make sense. A change of the row can be made conditional on it.
pub trait RowImage: Debug + Clone + PartialEq + Send + Sync {
    /// The version up to which the row states to be folded; 0 where it states none.
    fn version(&self) -> u64;

    /// The number of the projection that the row states; 0 where it states none.
    fn projection(&self) -> u64;

    /// Everything that is stored, as JSON. Values of types that JSON lacks are texts that describe them.
    fn attributes(&self) -> Map<String, Value>;
}

/// A part of a table: the segments of a table are read side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The number of this segment, from 0.
    pub number: u32,
    /// The number of segments.
    pub of: u32,
}

impl Segment {
    /// The whole table.
    pub const WHOLE: Self = Self { number: 0, of: 1 };
}

/// One page of stored rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePage<I> {
    /// The rows, with their keys.
    pub rows: Vec<(RowKey, I)>,
    /// The key to read on after; `None` at the end.
    pub next: Option<RowKey>,
}

/// The rows of a projection as they are stored. Reads are strongly consistent.
///
/// Sums that an adapter keeps beside rows do not follow a replacement or a deletion: audit them afterwards.
pub trait RowImages<P: Projection>: RowStore<P> {
    /// A row as this adapter stores it.
    type Image: RowImage;

    /// Reads the rows at these keys, each given once, [`MAX_KEYS`](crate::row_store::MAX_KEYS) at most. A key without a row is
    /// not in the result.
    fn images(&self, keys: &[RowKey]) -> impl Future<Output = Result<HashMap<RowKey, Self::Image>, RowError>> + Send;

    /// Reads the next page of a segment, after a key of it, in no particular order: about a megabyte, or `limit` rows.
    fn scan(
        &self,
        segment: Segment,
        after: Option<&RowKey>,
        limit: Option<u32>,
    ) -> impl Future<Output = Result<ImagePage<Self::Image>, RowError>> + Send;

    /// Stores a row in place of `was`, or of none. Returns false, and changes nothing, where something else is stored by now.
    fn replace(
        &self,
        key: &RowKey,
        was: Option<&Self::Image>,
        version: u64,
        row: &P::Row,
    ) -> impl Future<Output = Result<bool, RowError>> + Send;

    /// Deletes the row `was`. Returns false, and changes nothing, where something else is stored by now.
    fn delete(&self, key: &RowKey, was: &Self::Image) -> impl Future<Output = Result<bool, RowError>> + Send;

    /// Reads which events table the rows were folded from, where they remember one.
    fn events_table(&self) -> impl Future<Output = Result<Option<EventsTable>, RowError>> + Send;

    /// Remembers the events table that the rows are folded from.
    fn remember_events_table(&self, events: &EventsTable) -> impl Future<Output = Result<(), RowError>> + Send;
}
