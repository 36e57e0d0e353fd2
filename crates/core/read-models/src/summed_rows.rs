//! The DynamoDB adapter for rows that have sums. A batch's changes to the sums of one partition are one write.
//!
//! No transaction is needed, because the sums contain a log (`pending`) of the rows that they count before these are
//! stored:
//!
//! 1. Read the sums, and then the rows to count. For an aggregate in `pending`, the sums count that row. For every
//!    other aggregate, they count the stored row.
//! 2. Put the sums with all differences and with the new rows in `pending`, on the condition that the revision is still
//!    the one that was read.
//! 3. Put the rows, each unless a row of the same or a later version is stored.
//!
//! Rows are never ahead of the sums. A run that ends between 2 and 3 leaves rows unstored, and `pending` contains them:
//! a repeat of their commits, or the next change of the sums, stores them. A row leaves `pending` after it was read
//! from the table. Two runs that race for a partition cannot count twice, because the second finds another revision and
//! reads again.
//!
//! | the write of a row | requests | units, if row and sums fit in 1 KB each |
//! |---|---|---|
//! | that changes the sums | 2 BatchGetItem, 2 PutItem | 1 or 2 read, 2 write |
//! | that is already counted | 1 or 2 BatchGetItem | 1 or 2 read |
//! | that begins its partition's sums | the same, and a Query | the same, plus the size of the partition, at least 1 |
//!
//! In a batch, the rows of one partition share the read and the write of the sums, and 100 partitions share a
//! BatchGetItem.

mod partition;

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use aws_sdk_dynamodb::Client;
use event_store::{TableError, backoff};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;

use crate::dynamo_rows::{AT_ONCE, DynamoRows};
use crate::events_table::EventsTable;
use crate::projection::RowKey;
use crate::row_error::RowError;
use crate::row_images::{ImagePage, RowImages, Segment};
use crate::row_item::StoredItem;
use crate::row_store::{NewRow, Read, RowStore, Write, is_over};
use crate::sum_item;
use crate::summed::{SUMS, Summed, sums_key};
use partition::{Change, Partition, Plan};

/// The largest number of rows written together.
const MAX_ROWS: usize = 1_000;
/// The number of attempts to write sums that other runs change meanwhile, for a function, which has a deadline. Each
/// failed attempt means that another run has made progress.
const MAX_WRITES: u32 = 12;
/// The number of these attempts for an operation, which has no deadline. The segments of a repair or a rebuild can all
/// work on the same partition.
const MAX_WRITES_OF_OPERATION: u32 = 100;
/// The longest pause before the second of these writes, in milliseconds; it doubles with each further one, up to the last.
const FIRST_PAUSE_MS: u64 = 10;
const LAST_PAUSE_MS: u64 = 320;
/// The number of pending rows above which the sums are put again as soon as the rows are stored. Such sums may be read
/// often before they change again.
const MAX_LEFT_PENDING: usize = 25;
/// The reason why sums are not begun if their rows are already stored: they would be wrong permanently, and look
/// correct.
const GONE: &str = "it is gone, and there are rows that it is the sum of";

/// The rows of a projection and their sums, in a DynamoDB table that has its key.
#[derive(Debug, Clone)]
pub struct SummedRows {
    pub(crate) rows: DynamoRows,
}

/// The results of writes, by the position of the row in its batch.
type Ended = BTreeMap<usize, Result<Write, RowError>>;

/// The state of a partition without sums.
enum Beginning {
    /// The partition has no rows that sums would count.
    Fine,
    /// The partition has such rows, and still no sums.
    Lost,
    /// Another run has begun the sums since they were read.
    Overtaken,
}

/// The stored items by key. A key that is missing here has no row.
type Images = HashMap<RowKey, Result<StoredItem, RowError>>;

impl SummedRows {
    /// Creates the adapter for the table of that name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { rows: DynamoRows::new(client, table) }
    }

    async fn write_together<P: Summed>(&self, rows: &[NewRow<P::Row>], until: Option<Instant>) -> Ended {
        let mut open: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, row) in rows.iter().enumerate() {
            open.entry(&row.key.partition).or_default().push(place);
        }
        let (mut ended, permits) = (Ended::new(), Semaphore::new(AT_ONCE));
        for attempt in 1..=if until.is_some() { MAX_WRITES } else { MAX_WRITES_OF_OPERATION } {
            if open.is_empty() || is_over(until) {
                break;
            }
            if attempt > 1 {
                backoff(attempt, FIRST_PAUSE_MS, LAST_PAUSE_MS).await;
            }
            let plans = self.plans::<P>(&open, rows, &mut ended).await;
            let writes = plans.into_iter().map(|plan| self.carry_out::<P>(plan, &permits, until));
            ended.extend(join_all(writes).await.into_iter().flatten());
            open.values_mut().for_each(|places| places.retain(|place| !ended.contains_key(place)));
            open.retain(|_, places| !places.is_empty());
        }
        for place in open.into_values().flatten() {
            let unwritten = if is_over(until) { RowError::OutOfTime } else { contended() };
            ended.insert(place, Err(unwritten));
        }
        ended
    }

    /// Reads the stored items of these partitions, and plans their writes. If they cannot be read, the writes end with
    /// that error. A partition without a plan has changed since, and is read again.
    async fn plans<'a, P: Summed>(
        &self,
        open: &BTreeMap<&str, Vec<usize>>,
        rows: &'a [NewRow<P::Row>],
        ended: &mut Ended,
    ) -> Vec<Plan<'a, P>> {
        let sums: Images = self.rows.stored_at_all::<P>(open.keys().map(|name| sums_key::<P>(name)).collect()).await;
        let mut partitions = Vec::new();
        for (name, places) in open {
            let of_partition = places.iter().filter_map(|place| Some((*place, rows.get(*place)?))).collect();
            match Partition::<P>::new(name, of_partition, &sums) {
                Ok(partition) => partitions.push(partition),
                Err(error) => ended.extend(places.iter().map(|place| (*place, Err(error.clone())))),
            }
        }
        // The rows are read after the sums, so that no row is older than the one that the sums count.
        let images: Images =
            self.rows.stored_at_all::<P>(partitions.iter().flat_map(Partition::to_read).collect()).await;
        let plans: Vec<_> = partitions.into_iter().map(|partition| self.plan(partition, &images)).collect();
        let plans: Vec<_> = stream::iter(plans).buffer_unordered(AT_ONCE).collect().await;
        let mut ready = Vec::new();
        for (places, plan) in plans {
            match plan {
                Ok(plan) => ready.extend(plan),
                Err(error) => ended.extend(places.into_iter().map(|place| (place, Err(error.clone())))),
            }
        }
        ready
    }

    async fn plan<'a, P: Summed>(
        &self,
        partition: Partition<'a, P>,
        images: &Images,
    ) -> (Vec<usize>, Result<Option<Plan<'a, P>>, RowError>) {
        let places = partition.places();
        let plan = match self.beginning(&partition, images).await {
            Ok(Beginning::Lost) => Err(RowError::unreadable(&partition.key, GONE)),
            Ok(Beginning::Overtaken) => Ok(None),
            Ok(Beginning::Fine) => self.checked(partition, images).await,
            Err(error) => Err(error),
        };
        (places, plan)
    }

    /// Returns the plan of a partition. The rows are read after the sums. If another run wrote both in between, the sums
    /// seem to lack a row, and there is no plan: they are read again.
    async fn checked<'a, P: Summed>(
        &self,
        partition: Partition<'a, P>,
        images: &Images,
    ) -> Result<Option<Plan<'a, P>>, RowError> {
        let (key, revision) = (partition.key.clone(), partition.revision());
        let plan = partition.plan(images);
        let seems_wrong = |ended: &Result<Write, RowError>| matches!(ended, Err(RowError::Unreadable { .. }));
        if !plan.ended.values().any(seems_wrong) {
            return Ok(Some(plan));
        }
        let by_now = self.rows.stored::<P>(std::slice::from_ref(&key)).await?.remove(&key);
        let by_now = by_now.map(|image| sum_item::decode::<P>(&key, &image)).transpose()?;
        Ok((by_now.map(|sums| sums.revision) == revision).then_some(plan))
    }

    /// Checks a partition without sums. Sums must not begin if rows that were counted before are stored.
    async fn beginning<P: Summed>(&self, partition: &Partition<'_, P>, images: &Images) -> Result<Beginning, RowError> {
        if partition.has_sums() || !(partition.holds_a_counted_row(images) || self.others_count(partition).await?) {
            return Ok(Beginning::Fine);
        }
        let by_now = self.rows.stored::<P>(std::slice::from_ref(&partition.key)).await?;
        Ok(if by_now.is_empty() { Beginning::Lost } else { Beginning::Overtaken })
    }

    /// Returns true if the partition has a row of this number.
    async fn others_count<P: Summed>(&self, partition: &Partition<'_, P>) -> Result<bool, RowError> {
        let mut after = None;
        loop {
            let page = self.rows.partition::<P>(&partition.key.partition, after.as_ref()).await?;
            let mut rows = page.rows.iter().filter(|(key, _)| !key.sort.starts_with(SUMS));
            if rows.any(|(_, image)| partition::counts::<P>(image)) {
                return Ok(true);
            }
            after = page.next;
            if after.is_none() {
                return Ok(false);
            }
        }
    }

    /// Removes a row from the pending ones before it is replaced or deleted.
    async fn forget_pending<P: Summed>(&self, key: &RowKey) -> Result<(), RowError> {
        let sums_key = sums_key::<P>(&key.partition);
        for attempt in 1..=MAX_WRITES_OF_OPERATION {
            if attempt > 1 {
                backoff(attempt, FIRST_PAUSE_MS, LAST_PAUSE_MS).await;
            }
            let image = self.rows.stored::<P>(std::slice::from_ref(&sums_key)).await?.remove(&sums_key);
            // A repair replaces unreadable sums as a whole.
            let Some(Ok(mut sums)) = image.map(|image| sum_item::decode::<P>(&sums_key, &image)) else { return Ok(()) };
            if sums.pending.remove(&key.sort).is_none() {
                return Ok(());
            }
            let replaces = Some(sums.revision);
            sums.revision = sum_item::next_revision(replaces);
            if self.rows.put_revision::<P>(sum_item::encode::<P>(&sums_key, &sums)?, replaces).await? {
                return Ok(());
            }
        }
        Err(contended())
    }

    /// Carries out a plan. Rows whose sums other runs have changed meanwhile are not in the result.
    async fn carry_out<P: Summed>(&self, plan: Plan<'_, P>, permits: &Semaphore, until: Option<Instant>) -> Ended {
        let Plan { key, mut ended, unwritten, change } = plan;
        let stored = join_all(unwritten.iter().map(|(_, row)| self.put::<P>(row, permits, until))).await;
        let stored: Vec<_> = unwritten.into_iter().zip(stored).collect();
        let change = change.map(|mut change| {
            for ((_, row), written) in &stored {
                change.forget(&row.key, written);
            }
            change
        });
        for ((place, row), written) in stored {
            let written = written.map(|written| match written {
                Write::Written => Write::Superseded { version: row.version },
                other @ (Write::Superseded { .. } | Write::Behind { .. } | Write::NewerProjection) => other,
            });
            ended.extend(place.map(|place| (place, written)));
        }
        let Some(change) = change.filter(|_| !is_over(until)) else { return ended };
        match self.put_sums::<P>(&key, &change, permits).await {
            Ok(true) => ended.extend(self.put_rows(&key, change, permits, until).await),
            Ok(false) => {}
            Err(error) => ended.extend(change.rows.iter().map(|(place, _)| (*place, Err(error.clone())))),
        }
        ended
    }

    /// Puts the rows that the sums now count.
    async fn put_rows<P: Summed>(
        &self,
        key: &RowKey,
        mut change: Change<'_, P>,
        permits: &Semaphore,
        until: Option<Instant>,
    ) -> Ended {
        let puts = change.rows.iter().map(|(_, row)| self.put::<P>(row, permits, until));
        let written = join_all(puts).await;
        let rows = std::mem::take(&mut change.rows);
        if change.sums.pending.len() > MAX_LEFT_PENDING && !is_over(until) {
            for ((_, row), written) in rows.iter().zip(&written) {
                change.forget(&row.key, written);
            }
            change.follow();
            // If this fails, the next change of the sums compensates for it.
            drop(self.put_sums::<P>(key, &change, permits).await);
        }
        rows.into_iter().map(|(place, _)| place).zip(written).collect()
    }

    async fn put<P: Summed>(
        &self,
        row: &NewRow<P::Row>,
        permits: &Semaphore,
        until: Option<Instant>,
    ) -> Result<Write, RowError> {
        let _permit = permits.acquire().await;
        self.rows.put_row::<P>(row, until).await
    }

    /// Puts sums in place of those with the revision that was read. Returns false if other runs have changed them
    /// since.
    async fn put_sums<P: Summed>(
        &self,
        key: &RowKey,
        change: &Change<'_, P>,
        permits: &Semaphore,
    ) -> Result<bool, RowError> {
        let item = sum_item::encode::<P>(key, &change.sums)?;
        let _permit = permits.acquire().await;
        self.rows.put_revision::<P>(item, change.replaces).await
    }
}

/// Returns the error of sums that other writers change at every attempt.
fn contended() -> RowError {
    TableError::unavailable("PutItem", "other writers changed the sums at every attempt").into()
}

impl<P: Summed> RowStore<P> for SummedRows {
    async fn read(&self, keys: &[RowKey]) -> Result<Read<P::Row>, RowError> {
        RowStore::<P>::read(&self.rows, keys).await
    }

    async fn write(&self, rows: &[NewRow<P::Row>], until: Option<Instant>) -> Vec<Result<Write, RowError>> {
        let mut written = Vec::with_capacity(rows.len());
        for rows in rows.chunks(MAX_ROWS) {
            written.extend(self.write_together::<P>(rows, until).await.into_values());
        }
        written
    }
}

impl<P: Summed> RowImages<P> for SummedRows {
    type Image = StoredItem;

    async fn images(&self, keys: &[RowKey]) -> Result<HashMap<RowKey, StoredItem>, RowError> {
        self.rows.stored::<P>(keys).await
    }

    async fn scan(
        &self,
        segment: Segment,
        after: Option<&RowKey>,
        limit: Option<u32>,
    ) -> Result<ImagePage<StoredItem>, RowError> {
        RowImages::<P>::scan(&self.rows, segment, after, limit).await
    }

    async fn replace(
        &self,
        key: &RowKey,
        was: Option<&StoredItem>,
        version: u64,
        row: &P::Row,
    ) -> Result<bool, RowError> {
        self.forget_pending::<P>(key).await?;
        RowImages::<P>::replace(&self.rows, key, was, version, row).await
    }

    async fn delete(&self, key: &RowKey, was: &StoredItem) -> Result<bool, RowError> {
        self.forget_pending::<P>(key).await?;
        RowImages::<P>::delete(&self.rows, key, was).await
    }

    async fn events_table(&self) -> Result<Option<EventsTable>, RowError> {
        RowImages::<P>::events_table(&self.rows).await
    }

    async fn remember_events_table(&self, events: &EventsTable) -> Result<(), RowError> {
        RowImages::<P>::remember_events_table(&self.rows, events).await
    }
}
