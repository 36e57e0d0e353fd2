//! Plans the writes of one partition. This is a calculation without I/O.

use std::collections::BTreeSet;

use event_store::catch_panic;

use super::{Ended, Images};
use crate::projection::RowKey;
use crate::row_error::RowError;
use crate::row_images::RowImage as _;
use crate::row_item::{NOT_ITS_SHAPE, StoredItem};
use crate::row_store::{NewRow, Write};
use crate::sum_item::{self, Pending, SumsOf};
use crate::summed::{SumError, Summed, sums_key};

/// The largest number of pending rows for which the plan does not read the table. With this number, the sums stay below
/// 1 KB.
const MAX_UNREAD: usize = 2;
/// The largest number of pending rows in the sums. With this number of rows with the longest ids, the sums stay below
/// 400 KB.
const MAX_PENDING: usize = 1_400;

/// The rows of one partition to write, and its stored sums.
pub(super) struct Partition<'a, P: Summed> {
    /// The key of the sums.
    pub(super) key: RowKey,
    /// The rows, each with its position in the batch.
    rows: Vec<(usize, &'a NewRow<P::Row>)>,
    stored: Option<SumsOf<P>>,
}

/// The writes of a partition.
pub(super) struct Plan<'a, P: Summed> {
    pub(super) key: RowKey,
    /// The rows that need no write.
    pub(super) ended: Ended,
    /// Rows that the sums count and that are not stored. Each has the position of the row in the batch that repeats it.
    pub(super) unwritten: Vec<(Option<usize>, NewRow<P::Row>)>,
    pub(super) change: Option<Change<'a, P>>,
}

/// A change of a partition's sums.
pub(super) struct Change<'a, P: Summed> {
    /// The revision that was read; `None` if there were no sums.
    pub(super) replaces: Option<u64>,
    pub(super) sums: SumsOf<P>,
    /// The rows that the sums count and that are to be put next.
    pub(super) rows: Vec<(usize, &'a NewRow<P::Row>)>,
}

impl<P: Summed> Change<'_, P> {
    /// Drops a row from the pending ones if it is stored.
    pub(super) fn forget(&mut self, key: &RowKey, written: &Result<Write, RowError>) {
        if let Ok(Write::Written | Write::Superseded { .. }) = written {
            self.sums.pending.remove(&key.sort);
        }
    }

    /// Turns it into the change that follows this one.
    pub(super) fn follow(&mut self) {
        self.replaces = Some(self.sums.revision);
        self.sums.revision = self.sums.revision.saturating_add(1);
    }
}

impl<'a, P: Summed> Partition<'a, P> {
    /// Reads the stored sums of the partition.
    ///
    /// # Errors
    /// Returns an error if the sums could not be read.
    pub(super) fn new(name: &str, rows: Vec<(usize, &'a NewRow<P::Row>)>, sums: &Images) -> Result<Self, RowError> {
        let key = sums_key::<P>(name);
        let stored = match sums.get(&key) {
            Some(Ok(image)) => Some(sum_item::decode::<P>(&key, image)?),
            Some(Err(error)) => return Err(error.clone()),
            None => None,
        };
        Ok(Self { key, rows, stored })
    }

    pub(super) const fn has_sums(&self) -> bool {
        self.stored.is_some()
    }

    /// Returns the revision of the sums that were read.
    pub(super) fn revision(&self) -> Option<u64> {
        self.stored.as_ref().map(|sums| sums.revision)
    }

    pub(super) fn places(&self) -> Vec<usize> {
        self.rows.iter().map(|(place, _)| *place).collect()
    }

    /// Returns true if the sums count one of the rows that were read.
    pub(super) fn holds_a_counted_row(&self, images: &Images) -> bool {
        self.rows.iter().any(|(_, row)| matches!(images.get(&row.key), Some(Ok(image)) if counts::<P>(image)))
    }

    /// Returns the keys of the rows whose stored versions the plan depends on.
    pub(super) fn to_read(&self) -> BTreeSet<RowKey> {
        let pending = self.stored.as_ref().map(|sums| &sums.pending);
        let is_pending_before = |row: &NewRow<P::Row>| {
            pending.and_then(|rows| rows.get(&row.key.sort)).is_some_and(|pending| pending.version < row.version)
        };
        let own = self.rows.iter().map(|(_, row)| *row).filter(|row| !is_pending_before(row));
        let mut keys: BTreeSet<RowKey> = own.map(|row| row.key.clone()).collect();
        if let Some(pending) = pending.filter(|_| self.reads_pending()) {
            keys.extend(pending.keys().map(|sort| RowKey { sort: sort.clone(), ..self.key.clone() }));
        }
        keys
    }

    /// Returns true if there are so many pending rows that the plan checks which of them are stored.
    fn reads_pending(&self) -> bool {
        self.stored.as_ref().is_some_and(|sums| sums.pending.len() > MAX_UNREAD)
    }

    /// Plans the writes.
    pub(super) fn plan(self, images: &Images) -> Plan<'a, P> {
        let reads_pending = self.reads_pending();
        let replaces = self.revision();
        let mut sums = self.stored.unwrap_or_default();
        let mut plan = Plan { key: self.key, ended: Ended::new(), unwritten: Vec::new(), change: None };
        let mut rows = Vec::new();
        // The other rows are written once pending rows are stored.
        let room = MAX_PENDING.saturating_sub(sums.pending.len());
        for (place, row) in self.rows.into_iter().take(room) {
            match judge::<P>(&plan.key, &mut sums, row, images) {
                Ok(Judged::Counted) => rows.push((place, row)),
                Ok(Judged::Ended(write)) => drop(plan.ended.insert(place, Ok(write))),
                Ok(Judged::Unwritten(row)) => plan.unwritten.push((Some(place), row)),
                Err(error) => drop(plan.ended.insert(place, Err(error))),
            }
        }
        if rows.is_empty() {
            return plan;
        }
        let changed: BTreeSet<&str> = rows.iter().map(|(_, row)| row.key.sort.as_str()).collect();
        let repeated: BTreeSet<String> = plan.unwritten.iter().map(|(_, row)| row.key.sort.clone()).collect();
        if reads_pending {
            let partition = &plan.key.partition;
            sums.pending.retain(|sort, pending| {
                if changed.contains(sort.as_str()) || repeated.contains(sort) {
                    return true;
                }
                let key = RowKey { partition: partition.clone(), sort: sort.clone() };
                match images.get(&key) {
                    Some(Ok(image)) if counts::<P>(image) && image.version() >= pending.version => return false,
                    Some(Ok(image)) if image.projection() > u64::from(P::NUMBER) => {}
                    Some(Ok(_)) | None => {
                        plan.unwritten.push((None, pending.at(key, 0)));
                    }
                    Some(Err(_)) => {}
                }
                true
            });
        }
        sums.revision = sum_item::next_revision(replaces);
        plan.change = Some(Change { replaces, sums, rows });
        plan
    }
}

/// The decision on a row.
enum Judged<R> {
    /// The sums count the row now, and it is to be put.
    Counted,
    /// The row needs no write.
    Ended(Write),
    /// The row repeats this one, which the sums count and which is not stored.
    Unwritten(NewRow<R>),
}

fn judge<P: Summed>(
    sums_key: &RowKey,
    sums: &mut SumsOf<P>,
    row: &NewRow<P::Row>,
    images: &Images,
) -> Result<Judged<P::Row>, RowError> {
    let image = images.get(&row.key).map(Result::as_ref).transpose().map_err(Clone::clone)?;
    if let Some(image) = image.filter(|image| !counts::<P>(image))
        && let Some(refused) = image.stamp().rejects::<P>(row)
    {
        return Ok(Judged::Ended(refused));
    }
    let stored = image.filter(|image| counts::<P>(image));
    let counted = match (sums.pending.get(&row.key.sort), stored) {
        (Some(pending), _) => Some(pending.clone()),
        (None, Some(image)) => {
            let version = image.version();
            Some(Pending { version, position: version, row: decode::<P>(&row.key, image)? })
        }
        (None, None) => None,
    };
    if let Some(counted) = counted.as_ref().filter(|counted| counted.version >= row.version) {
        let is_stored = stored.is_some_and(|image| image.version() >= counted.version);
        return Ok(if is_stored {
            Judged::Ended(Write::Superseded { version: counted.version })
        } else {
            Judged::Unwritten(counted.at(row.key.clone(), row.position))
        });
    }
    let count = || {
        let name = P::sum_name(&row.row).to_owned();
        let sum = P::replace(sums.sums.get(&name).cloned(), counted.as_ref().map(|counted| &counted.row), &row.row);
        sum.map(|sum| (name, sum))
    };
    // A retry does not prevent a panic in the projection's own code.
    let (name, sum) = catch_panic(count).map_err(|panicked| RowError::unwritable(&row.key, panicked))?.map_err(
        |error| match error {
            SumError::NotInIt { .. } => RowError::unreadable(sums_key, error),
            SumError::TooLarge { .. } => RowError::unwritable(sums_key, error),
        },
    )?;
    sums.sums.insert(name, sum);
    sums.pending
        .insert(row.key.sort.clone(), Pending { version: row.version, position: row.position, row: row.row.clone() });
    Ok(Judged::Counted)
}

/// Returns true if sums of this number count a stored row. They do not count rows of other numbers.
pub(super) fn counts<P: Summed>(image: &StoredItem) -> bool {
    image.projection() == u64::from(P::NUMBER)
}

fn decode<P: Summed>(key: &RowKey, image: &StoredItem) -> Result<P::Row, RowError> {
    serde_dynamo::from_item(image.0.clone()).map_err(|_| RowError::unreadable(key, NOT_ITS_SHAPE))
}
