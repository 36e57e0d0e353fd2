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
//!
//! Nothing is done about the transaction's `ClientRequestToken`: the SDK makes one for each call and keeps it when it retries, so
//! a retry after a lost answer is answered as if it were the first. Where that is no longer so, the row itself tells:
//! the next attempt finds it written.

mod lanes;
mod transaction;

use std::time::Duration;

use aws_sdk_dynamodb::Client;

use crate::dynamo_rows::DynamoRows;
use crate::projection::RowKey;
use crate::row_error::RowError;
use crate::row_image::RowImage;
use crate::row_item;
use crate::row_store::{Read, RowStore, Write};
use crate::sum_item;
use crate::summed::{SumError, Summed, sum_key};
use lanes::Lanes;
use transaction::Change;

/// How often a row or sum is tried that others change meanwhile.
const MAX_WRITES: u32 = 12;
/// The longest pause before the second of these tries, in milliseconds; it doubles with each further one, up to the last.
const FIRST_PAUSE_MS: u64 = 10;
const LAST_PAUSE_MS: u64 = 320;

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
        let sum_key = sum_key::<P>(&key.partition, P::sum_name(row));
        let mut images = self.rows.images::<P>(&[key.clone(), sum_key.clone()]).await?;
        let (standing, sum) = (images.remove(key), images.remove(&sum_key));
        if let Some(refusal) = standing.as_ref().and_then(|image| row_item::keeps_its_place::<P>(&image.0, version)) {
            return Ok(Some(refusal));
        }
        let old = standing.as_ref().map_or(Ok(None), |image| summed::<P>(key, image))?;
        let written = if old.as_ref() == Some(row) {
            self.rows.replace::<P>(key, standing.as_ref(), version, row).await?
        } else {
            let new_sum = carry_on::<P>(&sum_key, sum.as_ref(), old.as_ref(), row)?;
            let changes = [
                Change { was: standing.as_ref(), item: row_item::encode::<P>(key, version, row)? },
                Change {
                    was: sum.as_ref(),
                    item: sum_item::encode::<P>(
                        &sum_key,
                        sum_item::revision(sum.as_ref()).saturating_add(1),
                        &new_sum,
                    )?,
                },
            ];
            self.rows.write_together::<P>(changes).await?
        };
        Ok(written.then_some(Write::Written))
    }
}

/// What the standing row has added to its sum: nothing, where it is of an older number.
fn summed<P: Summed>(key: &RowKey, image: &RowImage) -> Result<Option<P::Row>, RowError> {
    if image.projection() < u64::from(P::NUMBER) {
        return Ok(None);
    }
    serde_dynamo::from_item(image.0.clone()).map(Some).map_err(|error| row_item::unreadable(key, error))
}

/// The sum after a row has been replaced.
fn carry_on<P: Summed>(
    key: &RowKey,
    standing: Option<&RowImage>,
    old: Option<&P::Row>,
    new: &P::Row,
) -> Result<P::Sum, RowError> {
    let sum = standing.map(|image| sum_item::decode::<P>(key, image)).transpose()?;
    P::replace(sum, old, new).map_err(|error| match error {
        SumError::NotInIt { .. } => row_item::unreadable(key, error),
        SumError::TooLarge { .. } => row_item::unwritable(key, error),
    })
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
                pause(attempt).await;
            }
            if let Some(written) = self.try_to_write::<P>(key, version, row).await? {
                return Ok(written);
            }
        }
        let source = "others keep changing the row or its sum".into();
        Err(RowError::Unavailable { operation: "TransactWriteItems", source })
    }
}

/// Waits a random part of a bound that doubles ("full jitter").
async fn pause(attempt: u32) {
    let bound = (FIRST_PAUSE_MS << attempt.saturating_sub(2)).min(LAST_PAUSE_MS);
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=bound))).await;
}
