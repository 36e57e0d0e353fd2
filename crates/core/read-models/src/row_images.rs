//! The port to stored rows for audits, which compare and repair them. Readers do not need it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;

use serde_json::{Map, Value};

use crate::events_table::EventsTable;
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
use crate::row_store::RowStore;

/// A row exactly as it is stored, even if its attributes are invalid. A change of the row can be conditional on it.
pub trait RowImage: Debug + Clone + PartialEq + Send + Sync {
    /// Returns the version up to which the row claims to be folded; 0 if it has none.
    fn version(&self) -> u64;

    /// Returns the projection number in the row; 0 if it has none.
    fn projection(&self) -> u64;

    /// Returns all stored attributes as JSON. Values of types that JSON lacks are texts that describe them.
    fn attributes(&self) -> Map<String, Value>;
}

/// A part of a table. The segments of a table can be read in parallel.
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
    /// The key after which to continue; `None` at the end.
    pub next: Option<RowKey>,
}

/// The stored rows of a projection. Reads are strongly consistent.
///
/// A replacement or a deletion does not change the sums that an adapter keeps beside the rows: audit the sums
/// afterwards.
pub trait RowImages<P: Projection>: RowStore<P> {
    /// The form in which this adapter stores a row.
    type Image: RowImage;

    /// Reads the rows at these keys. Give each key once, and at most [`MAX_KEYS`](crate::row_store::MAX_KEYS). A key
    /// without a row is missing in the result.
    fn images(&self, keys: &[RowKey]) -> impl Future<Output = Result<HashMap<RowKey, Self::Image>, RowError>> + Send;

    /// Reads the next page of a segment, after one of its keys, in no particular order: about a megabyte, or `limit`
    /// rows.
    fn scan(
        &self,
        segment: Segment,
        after: Option<&RowKey>,
        limit: Option<u32>,
    ) -> impl Future<Output = Result<ImagePage<Self::Image>, RowError>> + Send;

    /// Stores a row in place of `was`, or of no row. Returns false and changes nothing if the stored row is no longer
    /// `was`.
    fn replace(
        &self,
        key: &RowKey,
        was: Option<&Self::Image>,
        version: u64,
        row: &P::Row,
    ) -> impl Future<Output = Result<bool, RowError>> + Send;

    /// Deletes the row `was`. Returns false and changes nothing if the stored row is no longer `was`.
    fn delete(&self, key: &RowKey, was: &Self::Image) -> impl Future<Output = Result<bool, RowError>> + Send;

    /// Reads the events table that the rows were folded from, if it is recorded.
    fn events_table(&self) -> impl Future<Output = Result<Option<EventsTable>, RowError>> + Send;

    /// Records the events table that the rows are folded from.
    fn remember_events_table(&self, events: &EventsTable) -> impl Future<Output = Result<(), RowError>> + Send;
}
