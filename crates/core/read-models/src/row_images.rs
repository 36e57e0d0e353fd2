//! The port to stored rows for audits, which compare and repair them. Readers do not need it.

use std::collections::HashMap;
use std::future::Future;

use crate::events_table::EventsTable;
use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;
pub use crate::row_image::{ImagePage, RowImage, Segment};
use crate::row_store::RowStore;

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

    /// Reads the next page of a segment, after one of its keys: about a megabyte, or `limit` rows.
    ///
    /// All rows of a partition are in one segment and follow each other, so that a partition is complete where another one
    /// begins. The order is otherwise arbitrary. The recorded events table is no row.
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
