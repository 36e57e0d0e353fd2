//! Whether sums are what their rows come to, and mending those that are not, beside live traffic.
//!
//! Every change of a row that matters to its sum raises the sum's revision in the same transaction. So rows that are read
//! between two looks at a sum that is the same both times are the rows it has to be the sum of, and a sum that is put
//! right only if it still is as it was is right. Not so what an [`Audit`](super::Audit) does to rows that were tampered with
//! or belong to nothing: it comes first.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::AT_ONCE;
use crate::dynamo_rows::DynamoRows;
use crate::projection::RowKey;
use crate::row_error::RowError;
use crate::row_image::RowImage;
use crate::row_item;
use crate::row_store::Standing;
use crate::sum_item;
use crate::summed::{SUMS, SumError, Summed, sum_key, sums_of};

/// How often sums are looked at that differ, and change meanwhile.
const MAX_LOOKS: u32 = 10;
/// How often a sum is mended that others change meanwhile.
const MAX_MENDS: u32 = 5;

/// In what a sum differs from what its rows come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SumDifference {
    /// There is none.
    Missing,
    /// It is another.
    Different {
        /// The attributes that differ, sorted.
        attributes: Vec<String>,
    },
    /// There is no row that would belong to it.
    WithoutRows,
}

impl fmt::Display for SumDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Different { attributes } => write!(f, "differs in {}", attributes.join(", ")),
            Self::WithoutRows => f.write_str("is the sum of nothing"),
        }
    }
}

/// A sum that is wrong.
pub struct SumFinding<P: Summed> {
    /// Where it stands, or should.
    pub key: RowKey,
    /// What is wrong.
    pub difference: SumDifference,
    /// The sum as it was read.
    was: Option<RowImage>,
    /// What it should be; `None` where it should not be.
    expected: Option<P::Sum>,
}

/// What looking at a partition's sums came to.
pub enum SumsChecked<P: Summed> {
    /// Those that are wrong.
    Judged(Vec<SumFinding<P>>),
    /// Its rows cannot be summed: one cannot be read or is of a newer number, which an audit of the rows tells.
    Unsummable,
    /// They changed whenever they were looked at.
    Unsettled,
}

/// Compares the sums of one projection with its rows.
#[derive(Debug, Clone)]
pub struct SumAudit<P> {
    rows: DynamoRows,
    projection: PhantomData<fn() -> P>,
}

type Sums = BTreeMap<RowKey, RowImage>;

impl<P: Summed> SumAudit<P> {
    /// An audit of the sums that stand beside `rows`.
    #[must_use]
    pub const fn new(rows: DynamoRows) -> Self {
        Self { rows, projection: PhantomData }
    }

    /// Compares the sums of each of these partitions, many at once.
    ///
    /// # Errors
    /// When rows cannot be read.
    pub async fn check_each(&self, partitions: Vec<String>) -> Result<Vec<(String, SumsChecked<P>)>, RowError> {
        let check = |partition: String| async move {
            let checked = self.check(&partition).await?;
            Ok::<_, RowError>((partition, checked))
        };
        let checks: Vec<_> = partitions.into_iter().map(check).collect();
        stream::iter(checks).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Compares a partition's sums of this projection number with its rows.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub async fn check(&self, partition: &str) -> Result<SumsChecked<P>, RowError> {
        let mut sums = self.sums(partition).await?;
        for _ in 0..MAX_LOOKS {
            let Some(expected) = self.expected(partition).await? else { return Ok(SumsChecked::Unsummable) };
            let findings = compare::<P>(&sums, expected)?;
            if findings.is_empty() {
                return Ok(SumsChecked::Judged(findings));
            }
            let by_now = self.sums(partition).await?;
            if by_now == sums {
                return Ok(SumsChecked::Judged(findings));
            }
            sums = by_now;
        }
        Ok(SumsChecked::Unsettled)
    }

    /// Puts a sum right; gives it back where that is not possible, as it is by now.
    ///
    /// # Errors
    /// When the rows cannot be read, or the sum not written.
    pub async fn mend(&self, mut finding: SumFinding<P>) -> Result<Option<SumFinding<P>>, RowError> {
        for _ in 0..MAX_MENDS {
            let (key, was) = (&finding.key, finding.was.as_ref());
            let mended = match (&finding.expected, was) {
                (Some(sum), _) => {
                    let item = sum_item::encode::<P>(key, sum_item::revision(was).saturating_add(1), sum)?;
                    self.rows.put_if_still::<P>(item, was).await?
                }
                (None, Some(was)) => self.rows.delete::<P>(key, was).await?,
                (None, None) => true,
            };
            if mended {
                return Ok(None);
            }
            // It has changed since, and may be right by now.
            let SumsChecked::Judged(findings) = self.check(&key.partition).await? else { break };
            match findings.into_iter().find(|by_now| by_now.key == finding.key) {
                Some(by_now) => finding = by_now,
                None => return Ok(None),
            }
        }
        Ok(Some(finding))
    }

    async fn sums(&self, partition: &str) -> Result<Sums, RowError> {
        let (mut sums, mut after) = (Sums::new(), None);
        loop {
            let page = self.rows.images_of::<P>(partition, &sums_of::<P>(), after.as_ref()).await?;
            sums.extend(page.rows);
            after = page.next;
            if after.is_none() {
                return Ok(sums);
            }
        }
    }

    /// What a partition's rows come to; `None` where that cannot be told.
    async fn expected(&self, partition: &str) -> Result<Option<BTreeMap<RowKey, P::Sum>>, RowError> {
        let (mut sums, mut after) = (BTreeMap::new(), None);
        loop {
            let page = self.rows.images_of::<P>(partition, "", after.as_ref()).await?;
            for (key, image) in page.rows {
                if key.sort.starts_with(SUMS) || image.projection() < u64::from(P::NUMBER) {
                    continue;
                }
                let Standing::Row { row, .. } = row_item::decode::<P>(image.0) else { return Ok(None) };
                let key = sum_key::<P>(partition, P::sum_name(&row));
                let sum = P::replace(sums.remove(&key), None, &row)
                    .map_err(|error: SumError| row_item::unwritable(&key, error))?;
                sums.insert(key, sum);
            }
            after = page.next;
            if after.is_none() {
                return Ok(Some(sums));
            }
        }
    }
}

fn compare<P: Summed>(sums: &Sums, expected: BTreeMap<RowKey, P::Sum>) -> Result<Vec<SumFinding<P>>, RowError> {
    let mut findings = Vec::new();
    for (key, was) in sums.iter().filter(|(key, _)| !expected.contains_key(*key)) {
        let (key, was, difference) = (key.clone(), Some(was.clone()), SumDifference::WithoutRows);
        findings.push(SumFinding { key, difference, was, expected: None });
    }
    for (key, sum) in expected {
        let was = sums.get(&key).cloned();
        let difference = match &was {
            None => SumDifference::Missing,
            Some(image) => {
                let item = sum_item::encode::<P>(&key, sum_item::revision(Some(image)), &sum)?;
                let attributes = image.differences(&item);
                if attributes.is_empty() {
                    continue;
                }
                SumDifference::Different { attributes }
            }
        };
        findings.push(SumFinding { key, difference, was, expected: Some(sum) });
    }
    Ok(findings)
}
