//! The DynamoDB adapter for rows that have sums: a row and its sum are written in one transaction, each on the condition
//! that it still is what was read.
//!
//! A row that changes no sum is written alone, which costs a quarter. Whoever loses a race reads again, so of two engines
//! on one customer neither ever adds twice or takes back what the other did.
//!
//! | a write of a row | requests | units, as long as row and sum fit in 1 KB each |
//! |---|---|---|
//! | that changes its sum | BatchGetItem, TransactWriteItems | 2 read, 4 write |
//! | that does not | BatchGetItem, PutItem | 2 read, 1 write |
//! | that stands already | BatchGetItem | 2 read |
//! | that begins its sum | BatchGetItem, Query, TransactWriteItems | 2 read and what its partition takes, at least 1; 4 write |
//!
//! Nothing is done about the transaction's `ClientRequestToken`: the SDK makes one for each call and keeps it when it retries, so
//! a retry after a lost answer is answered as if it were the first. Where that is no longer so, the row itself tells:
//! the next attempt finds it written.

mod lanes;
mod transaction;

use aws_sdk_dynamodb::Client;
use event_store::{contain, pause};
use serde_dynamo::Item;

use crate::dynamo_rows::DynamoRows;
use crate::projection::RowKey;
use crate::row_error::RowError;
use crate::row_image::RowImage;
use crate::row_item::{self, NOT_ITS_SHAPE};
use crate::row_store::{Read, RowStore, Write};
use crate::sum_item;
use crate::summed::{SUMS, SumError, Summed, sum_key};
use lanes::Lanes;
use transaction::Change;

/// How often a row or sum is tried that others change meanwhile.
const MAX_WRITES: u32 = 12;
/// The longest pause before the second of these tries, in milliseconds; it doubles with each further one, up to the last.
const FIRST_PAUSE_MS: u64 = 10;
const LAST_PAUSE_MS: u64 = 320;
/// Why a sum is not begun over rows that are there: it would be wrong for ever, and look right.
const GONE: &str = "it is gone, and there are rows that it is the sum of";

/// The rows of a projection and their sums, in a DynamoDB table that has its key. Clones take turns at a partition.
#[derive(Debug, Clone)]
pub struct SummedRows {
    pub(crate) rows: DynamoRows,
    lanes: Lanes,
}

impl SummedRows {
    /// The rows and sums in the table of that name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { rows: DynamoRows::new(client, table), lanes: Lanes::default() }
    }

    /// Writes a row once, with its sum where that changes; `None` where others were at work on either.
    async fn try_to_write<P: Summed>(
        &self,
        key: &RowKey,
        version: u64,
        row: &P::Row,
    ) -> Result<Option<Write>, RowError> {
        let sum_key = contained(key, || Ok(sum_key::<P>(&key.partition, P::sum_name(row))))?;
        let mut images = self.rows.images::<P>(&[key.clone(), sum_key.clone()]).await?;
        let (standing, sum) = (images.remove(key), images.remove(&sum_key));
        if let Some(refusal) = standing.as_ref().and_then(|image| row_item::keeps_its_place::<P>(&image.0, version)) {
            return Ok(Some(refusal));
        }
        let was = standing.as_ref().filter(|image| counts::<P>(image));
        if was.is_none() && sum.is_none() && self.others_count::<P>(&sum_key).await? {
            // Unless one of them has begun it since it was looked for.
            let by_now = self.rows.images::<P>(std::slice::from_ref(&sum_key)).await?;
            return if by_now.is_empty() { Err(row_item::unreadable(&sum_key, GONE)) } else { Ok(None) };
        }
        let written = match contained(key, || changes::<P>([key, &sum_key], was, sum.as_ref(), version, row))? {
            Changes::Row(item) => self.rows.put_if_still::<P>(item, standing.as_ref()).await?,
            Changes::RowAndSum(row, new_sum) => {
                let row = Change { was: standing.as_ref(), item: row };
                self.rows.write_together::<P>([row, Change { was: sum.as_ref(), item: new_sum }]).await?
            }
        };
        Ok(written.then_some(Write::Written))
    }

    /// Whether rows of this number stand there that belong to a sum.
    async fn others_count<P: Summed>(&self, sum: &RowKey) -> Result<bool, RowError> {
        let mut after = None;
        loop {
            let page = self.rows.images_of::<P>(&sum.partition, "", after.as_ref()).await?;
            for (key, image) in page.rows.iter().filter(|(key, _)| !key.sort.starts_with(SUMS)) {
                if counts::<P>(image)
                    && contained(key, || Ok(sum_key::<P>(&key.partition, P::sum_name(&decode::<P>(key, image)?))))?
                        == *sum
                {
                    return Ok(true);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(false);
            }
        }
    }
}

/// What a write changes.
enum Changes {
    Row(Item),
    RowAndSum(Item, Item),
}

/// What changes where a row takes the place of what `was` counted.
fn changes<P: Summed>(
    [key, sum_key]: [&RowKey; 2],
    was: Option<&RowImage>,
    sum: Option<&RowImage>,
    version: u64,
    new: &P::Row,
) -> Result<Changes, RowError> {
    let old = was.map(|image| decode::<P>(key, image)).transpose()?;
    let item = row_item::encode::<P>(key, version, new)?;
    if old.as_ref() == Some(new) {
        return Ok(Changes::Row(item));
    }
    let revision = sum_item::revision(sum).saturating_add(1);
    let sum = sum.map(|image| sum_item::decode::<P>(sum_key, image)).transpose()?;
    let sum = P::replace(sum, old.as_ref(), new).map_err(|error| match error {
        SumError::NotInIt { .. } => row_item::unreadable(sum_key, error),
        SumError::TooLarge { .. } => row_item::unwritable(sum_key, error),
    })?;
    Ok(Changes::RowAndSum(item, sum_item::encode::<P>(sum_key, revision, &sum)?))
}

/// Whether a row has added to a sum of this number: one of an older number has not, and one of a newer has its own.
fn counts<P: Summed>(image: &RowImage) -> bool {
    image.projection() == u64::from(P::NUMBER)
}

fn decode<P: Summed>(key: &RowKey, image: &RowImage) -> Result<P::Row, RowError> {
    serde_dynamo::from_item(image.0.clone()).map_err(|_| row_item::unreadable(key, NOT_ITS_SHAPE))
}

/// Runs the projection's own code. Where it panics, no attempt changes that.
fn contained<T>(key: &RowKey, work: impl FnOnce() -> Result<T, RowError>) -> Result<T, RowError> {
    contain(work).unwrap_or_else(|panicked| Err(row_item::unwritable(key, panicked)))
}

impl<P: Summed> RowStore<P> for SummedRows {
    async fn read(&self, keys: &[RowKey]) -> Result<Read<P::Row>, RowError> {
        RowStore::<P>::read(&self.rows, keys).await
    }

    async fn write(&self, key: &RowKey, version: u64, row: &P::Row) -> Result<Write, RowError> {
        // One at a time in this process: an engine has many rows of a customer under way, and all have one sum.
        let _turn = self.lanes.turn(&key.partition).await;
        for attempt in 1..=MAX_WRITES {
            if attempt > 1 {
                pause(attempt, FIRST_PAUSE_MS, LAST_PAUSE_MS).await;
            }
            if let Some(written) = self.try_to_write::<P>(key, version, row).await? {
                return Ok(written);
            }
        }
        let source = "others keep changing the row or its sum".into();
        Err(RowError::Unavailable { operation: "TransactWriteItems", source })
    }
}
