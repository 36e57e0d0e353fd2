//! The stamp of a stored row, which decides if another row may replace it.

use std::cmp::Ordering;

use crate::projection::Projection;
use crate::row_store::{ExistingRow, NewRow, Write};

/// The numbers that every stored row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowStamp {
    /// The version up to which the row is folded; 0 if it has none.
    pub version: u64,
    /// The number of the projection that folded it; 0 if it has none.
    pub projection: u64,
}

impl RowStamp {
    /// Returns the reason why a row must not replace the row with this stamp; `None` if it may.
    ///
    /// A row replaces one of the same number with a lower version, and one of an older number whose version is not above
    /// the row's position. An adapter with a conditional write states the same as its condition.
    #[must_use]
    pub fn rejects<P: Projection>(self, row: &NewRow<P::Row>) -> Option<Write> {
        let may_replace = match self.compared::<P>() {
            Ordering::Less => self.version <= row.position,
            Ordering::Equal => self.version < row.version,
            Ordering::Greater => false,
        };
        (!may_replace).then(|| self.rejection::<P>())
    }

    /// Returns the result of a write that the row with this stamp has rejected.
    #[must_use]
    pub fn rejection<P: Projection>(self) -> Write {
        let version = self.version;
        match self.compared::<P>() {
            Ordering::Less => Write::Behind { version },
            Ordering::Equal => Write::Superseded { version },
            Ordering::Greater => Write::NewerProjection,
        }
    }

    /// Returns the row with this stamp, as far as the projection can use it. `decode` returns `None` for a row that cannot
    /// be read. Such a row counts as outdated and is rebuilt.
    pub fn existing<P: Projection>(self, decode: impl FnOnce() -> Option<P::Row>) -> ExistingRow<P::Row> {
        match self.compared::<P>() {
            Ordering::Less => ExistingRow::Outdated,
            Ordering::Equal => {
                decode().map_or(ExistingRow::Outdated, |row| ExistingRow::Row { version: self.version, row })
            }
            Ordering::Greater => ExistingRow::Newer,
        }
    }

    fn compared<P: Projection>(self) -> Ordering {
        self.projection.cmp(&u64::from(P::NUMBER))
    }
}
