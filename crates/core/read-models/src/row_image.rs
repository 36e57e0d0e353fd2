//! A stored row for audits, and the parts in which a table is read.

use std::fmt::Debug;

use serde_json::{Map, Value};

use crate::projection::RowKey;
use crate::row_stamp::RowStamp;

/// A row exactly as it is stored, even if its attributes are invalid. A change of the row can be conditional on it.
pub trait RowImage: Debug + Clone + PartialEq + Send + Sync {
    /// Returns the version up to which the row claims to be folded; 0 if it has none.
    fn version(&self) -> u64;

    /// Returns the projection number in the row; 0 if it has none.
    fn projection(&self) -> u64;

    /// Returns all stored attributes as JSON. For a row as it was written they equal those of
    /// [`row_attributes`](crate::row_attributes). Values of types that JSON lacks are texts that describe them.
    fn attributes(&self) -> Map<String, Value>;

    /// Returns the numbers that decide if another row may replace this one.
    fn stamp(&self) -> RowStamp {
        RowStamp { version: self.version(), projection: self.projection() }
    }
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
