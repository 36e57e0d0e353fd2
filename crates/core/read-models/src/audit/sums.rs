//! Compares sums with their rows, and repairs those that differ, during live traffic.
//!
//! Every change of the sums raises their revision, and rows are written after the sums. So if two reads of the sums
//! show the same revision, the rows read in between, together with the pending ones, must equal the sums. Sums are
//! repaired only if they are unchanged since they were read. An [`Audit`](super::Audit) may change rows without their
//! sums, if rows were tampered with or belong to no aggregate: run it first.

use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::marker::PhantomData;

use event_store::{ChangedValue, catch_panic, changed_values};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::AT_ONCE;
use crate::dynamo_rows::DynamoRows;
use crate::projection::RowKey;
use crate::row_error::RowError;
use crate::row_images::{RowImage as _, RowImages};
use crate::row_item::{self, StoredItem};
use crate::row_store::ExistingRow;
use crate::sum_item::{self, SumsOf};
use crate::summed::{SUMS, Summed, sums_key};

/// The number of times that differing sums are read while they keep changing.
const MAX_LOOKS: u32 = 10;
/// The number of attempts to repair sums that other writers change meanwhile.
const MAX_REPAIRS: u32 = 5;

/// The difference between the sums of a partition and their rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SumDifference {
    /// There are rows but no sums.
    Missing,
    /// Some sums have other values.
    Different {
        /// The names of those sums, sorted.
        names: Vec<String>,
    },
    /// The sums cannot be read.
    Unreadable,
    /// There are sums but no rows.
    WithoutRows,
}

impl fmt::Display for SumDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Different { names } => write!(f, "differs in {}", names.join(", ")),
            Self::Unreadable => f.write_str("cannot be read"),
            Self::WithoutRows => f.write_str("is the sum of no row"),
        }
    }
}

/// Sums that are wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct SumFinding {
    /// The key of the sums.
    pub key: RowKey,
    /// The difference.
    pub difference: SumDifference,
    /// The values that differ, by the name of the sum and the figure; empty if the sums cannot be read.
    pub changes: Vec<ChangedValue>,
}

/// The result of checking a partition's sums.
#[derive(Debug, Clone, PartialEq)]
pub enum SumsChecked {
    /// The sums equal the sums of the rows.
    Right,
    /// The sums differ.
    Wrong(SumFinding),
    /// The rows cannot be summed: one cannot be read or has a newer number. An audit of the rows reports that row.
    Unsummable,
    /// The sums changed at every read.
    Unsettled,
}

/// Sums that a read model keeps beside its rows.
pub trait Sums: Debug + Send + Sync {
    /// Returns true for the key of sums, which is not the key of a row.
    fn is_sums(&self, key: &RowKey) -> bool;

    /// Compares the sums of each of these partitions with their rows, many at once.
    fn check_each(&self, partitions: Vec<String>) -> BoxFuture<'_, Result<Vec<(String, SumsChecked)>, RowError>>;

    /// Repairs the sums of a partition from the rows that are stored now. Returns the remaining difference if that is
    /// not possible.
    fn repair<'a>(&'a self, finding: &'a SumFinding) -> BoxFuture<'a, Result<Option<SumFinding>, RowError>>;
}

/// Compares the sums of one projection with its rows.
pub struct SumAudit<P> {
    rows: DynamoRows,
    projection: PhantomData<fn() -> P>,
}

impl<P> Debug for SumAudit<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SumAudit").field("rows", &self.rows).finish()
    }
}

/// The result of comparing sums with rows.
enum Compared<P: Summed> {
    Right,
    Wrong(Box<Differing<P>>),
    Unsummable,
    Unsettled,
}

impl<P: Summed> From<Compared<P>> for SumsChecked {
    fn from(compared: Compared<P>) -> Self {
        match compared {
            Compared::Right => Self::Right,
            Compared::Wrong(differing) => Self::Wrong(differing.finding),
            Compared::Unsummable => Self::Unsummable,
            Compared::Unsettled => Self::Unsettled,
        }
    }
}

/// Sums that differ.
struct Differing<P: Summed> {
    finding: SumFinding,
    /// The item that was read.
    was: Option<StoredItem>,
    /// The expected sums; `None` if there should be none.
    expected: Option<SumsOf<P>>,
}

impl<P: Summed> Sums for SumAudit<P> {
    fn is_sums(&self, key: &RowKey) -> bool {
        key.sort.starts_with(SUMS)
    }

    fn check_each(&self, partitions: Vec<String>) -> BoxFuture<'_, Result<Vec<(String, SumsChecked)>, RowError>> {
        Box::pin(async move {
            let keys = partitions.iter().map(|partition| sums_key::<P>(partition)).collect();
            let mut sums = self.rows.stored_at_all::<P>(keys).await;
            let check = |partition: String| {
                let was = sums.remove(&sums_key::<P>(&partition)).transpose();
                async move {
                    let compared = self.compare(&partition, was?).await?;
                    Ok::<_, RowError>((partition, compared.into()))
                }
            };
            let checks: Vec<_> = partitions.into_iter().map(check).collect();
            stream::iter(checks).buffer_unordered(AT_ONCE).try_collect().await
        })
    }

    fn repair<'a>(&'a self, finding: &'a SumFinding) -> BoxFuture<'a, Result<Option<SumFinding>, RowError>> {
        Box::pin(self.repair_partition(finding))
    }
}

impl<P: Summed> SumAudit<P> {
    /// Creates an audit of the sums that are stored beside `rows`.
    #[must_use]
    pub const fn new(rows: DynamoRows) -> Self {
        Self { rows, projection: PhantomData }
    }

    /// Compares a partition's sums of this projection number with its rows.
    ///
    /// # Errors
    /// Returns an error if the rows cannot be read.
    pub async fn check(&self, partition: &str) -> Result<SumsChecked, RowError> {
        let was = self.sums(&sums_key::<P>(partition)).await?;
        Ok(self.compare(partition, was).await?.into())
    }

    /// Compares the rows of a partition with its sums, which were read before.
    async fn compare(&self, partition: &str, mut was: Option<StoredItem>) -> Result<Compared<P>, RowError> {
        let key = sums_key::<P>(partition);
        for _ in 0..MAX_LOOKS {
            let stored = was.as_ref().map(|image| sum_item::decode::<P>(&key, image));
            let Some(expected) = self.expected(&key, stored.as_ref()).await? else {
                return Ok(Compared::Unsummable);
            };
            let Some((finding, expected)) = compare::<P>(&key, stored, expected) else { return Ok(Compared::Right) };
            let by_now = self.sums(&key).await?;
            if by_now == was {
                return Ok(Compared::Wrong(Box::new(Differing { finding, was, expected })));
            }
            was = by_now;
        }
        Ok(Compared::Unsettled)
    }

    async fn repair_partition(&self, finding: &SumFinding) -> Result<Option<SumFinding>, RowError> {
        let mut left = finding.clone();
        for _ in 0..MAX_REPAIRS {
            let was = self.sums(&finding.key).await?;
            let differing = match self.compare(&finding.key.partition, was).await? {
                Compared::Right => return Ok(None),
                Compared::Wrong(differing) => *differing,
                Compared::Unsummable | Compared::Unsettled => break,
            };
            let (key, was) = (&differing.finding.key, differing.was.as_ref());
            let is_repaired = match (&differing.expected, was) {
                (Some(sums), _) => self.rows.put_if_unchanged::<P>(sum_item::encode::<P>(key, sums)?, was).await?,
                (None, Some(was)) => RowImages::<P>::delete(&self.rows, key, was).await?,
                (None, None) => true,
            };
            if is_repaired {
                return Ok(None);
            }
            left = differing.finding;
        }
        Ok(Some(left))
    }

    async fn sums(&self, key: &RowKey) -> Result<Option<StoredItem>, RowError> {
        Ok(self.rows.stored::<P>(std::slice::from_ref(key)).await?.remove(key))
    }

    /// Returns the sums of a partition's rows, including the pending ones; `None` if they cannot be determined.
    async fn expected(
        &self,
        key: &RowKey,
        stored: Option<&Result<SumsOf<P>, RowError>>,
    ) -> Result<Option<SumsOf<P>>, RowError> {
        let stored = stored.and_then(|stored| stored.as_ref().ok());
        let mut expected = SumsOf::<P> {
            revision: sum_item::next_revision(stored.map(|sums| sums.revision)),
            ..SumsOf::<P>::default()
        };
        let mut pending = stored.map(|sums| sums.pending.clone()).unwrap_or_default();
        let mut after = None;
        loop {
            let page = self.rows.partition::<P>(&key.partition, after.as_ref()).await?;
            for (row_key, image) in page.rows {
                if row_key.sort.starts_with(SUMS) || image.projection() < u64::from(P::NUMBER) {
                    continue;
                }
                let ExistingRow::Row { version, row } = row_item::decode::<P>(image.0) else { return Ok(None) };
                match pending.get(&row_key.sort) {
                    Some(ahead) if ahead.version > version => {}
                    Some(_) | None => {
                        pending.remove(&row_key.sort);
                        count::<P>(key, &mut expected, &row)?;
                    }
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for ahead in pending.values() {
            count::<P>(key, &mut expected, &ahead.row)?;
        }
        expected.pending = pending;
        Ok(Some(expected))
    }
}

fn count<P: Summed>(key: &RowKey, sums: &mut SumsOf<P>, row: &P::Row) -> Result<(), RowError> {
    let add = || {
        let name = P::sum_name(row).to_owned();
        P::replace(sums.sums.get(&name).cloned(), None, row).map(|sum| (name, sum))
    };
    let added = catch_panic(add).map_err(|panicked| RowError::unwritable(key, panicked))?;
    let (name, sum) = added.map_err(|error| RowError::unwritable(key, error))?;
    sums.sums.insert(name, sum);
    Ok(())
}

fn compare<P: Summed>(
    key: &RowKey,
    stored: Option<Result<SumsOf<P>, RowError>>,
    expected: SumsOf<P>,
) -> Option<(SumFinding, Option<SumsOf<P>>)> {
    let (exists, is_readable) = (stored.is_some(), stored.as_ref().is_none_or(Result::is_ok));
    let stored = stored.and_then(Result::ok).unwrap_or_default();
    let names: BTreeSet<&String> = stored.sums.keys().chain(expected.sums.keys()).collect();
    let names = names.into_iter().filter(|name| stored.sums.get(*name) != expected.sums.get(*name));
    let names: Vec<String> = names.cloned().collect();
    let has_rows = !expected.sums.is_empty();
    let difference = match (exists, has_rows) {
        (false, false) => return None,
        (false, true) => SumDifference::Missing,
        (true, _) if !is_readable => SumDifference::Unreadable,
        (true, false) => SumDifference::WithoutRows,
        (true, true) if names.is_empty() => return None,
        (true, true) => SumDifference::Different { names },
    };
    let value = |sums: &SumsOf<P>| serde_json::to_value(&sums.sums).ok();
    let changes = changed_values("", value(&stored).as_ref(), value(&expected).as_ref());
    let expected = has_rows.then_some(expected);
    Some((SumFinding { key: key.clone(), difference, changes }, expected))
}
