//! The table's stream as it may be delivered: repeated, out of order, split and merged, with gaps, to a projector that is
//! killed between two awaits.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use embedded_dynamodb::Database;
use event_store::DynamoEventStore;
use fastrand::Rng;
use lambda_runtime::{Context, LambdaEvent};
use projector::Projector;
use read_model::{DynamoRows, OrderSummaryByCustomer, OrderSummaryRow, Projection, RowKey, RowStore, Standing};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::kill::Kills;
use crate::stream;

/// How often a batch is delivered before it is given up: few, so that records are lost that way too.
const DELIVERIES: u32 = 6;

/// What was done to the stream and its consumer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamMischief {
    /// Batches in which records came twice.
    pub repeats: u64,
    /// Batches out of order.
    pub shuffles: u64,
    /// Records that never came.
    pub losses: u64,
    /// Deliveries of everything from the beginning.
    pub replays: u64,
    /// Projectors that were killed within a batch.
    pub kills: u64,
    /// Batches that came again, as a whole or from the first failed record.
    pub redeliveries: u64,
}

/// A row, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The order.
    pub order: String,
    /// The version up to which the row says it is folded.
    pub version: u64,
    /// The row.
    pub row: OrderSummaryRow,
}

/// A delivery under way.
pub(crate) struct Delivery {
    pub(crate) database: Database,
    pub(crate) projector: Projector<DynamoEventStore, DynamoRows>,
    /// Sees the rows as they are: on a network without faults.
    pub(crate) rows: DynamoRows,
    pub(crate) random: Rng,
    pub(crate) kills: Kills,
    pub(crate) keys: BTreeMap<String, RowKey>,
    pub(crate) mischief: StreamMischief,
    pub(crate) seen: Vec<Seen>,
}

impl Delivery {
    /// Delivers what is in the stream until nothing more will come; looks at the rows after every batch.
    pub(crate) async fn run(mut self, over: watch::Receiver<bool>) -> Self {
        let mut next = 0;
        loop {
            let is_over = *over.borrow();
            let records = stream::records(&self.database);
            if next < records.len() {
                let size = self.random.usize(1..=20).min(records.len() - next);
                let batch = self.disturbed(&records, next, size);
                next += size;
                self.learn_keys(&batch);
                self.deliver(batch).await;
                self.look().await;
            } else if is_over {
                return self;
            }
            tokio::time::sleep(Duration::from_millis(self.random.u64(1..=300))).await;
        }
    }

    /// What a lost record is healed by: something later of its order, delivered without harm.
    pub(crate) async fn heal(mut self, calm: Projector<DynamoEventStore, DynamoRows>) -> Self {
        self.projector = calm;
        self.kills.percent = 0;
        let mut newest = BTreeMap::new();
        for record in stream::records(&self.database) {
            newest.insert(record["dynamodb"]["Keys"]["aggregateId"].to_string(), record);
        }
        let batch: Vec<Value> = newest.into_values().collect();
        self.learn_keys(&batch);
        self.deliver(batch).await;
        self.look().await;
        self
    }

    fn disturbed(&mut self, records: &[Value], next: usize, size: usize) -> Vec<Value> {
        let mut batch = records[next..next + size].to_vec();
        match self.random.u8(0..10) {
            0 => {
                self.random.shuffle(&mut batch);
                self.mischief.shuffles += 1;
            }
            1 => {
                let again = records[self.random.usize(0..next + size)].clone();
                batch.insert(self.random.usize(0..=batch.len()), again);
                self.mischief.repeats += 1;
            }
            2 => {
                let lost = self.random.usize(0..batch.len());
                batch.remove(lost);
                self.mischief.losses += 1;
            }
            3 => {
                batch = records[..next + size].to_vec();
                self.mischief.replays += 1;
            }
            _ => {}
        }
        batch
    }

    /// Delivers a batch as Lambda does: again as a whole where it failed, from the first failed record where it names one.
    async fn deliver(&mut self, mut batch: Vec<Value>) {
        for delivery in 0..DELIVERIES {
            if delivery > 0 {
                self.mischief.redeliveries += 1;
            }
            let Some(failed) = self.invoke(&batch).await else { continue };
            let is_failed =
                |record: &Value| failed.iter().any(|id| record["dynamodb"]["SequenceNumber"] == *id.as_str());
            let Some(first) = batch.iter().position(is_failed) else { return };
            batch.drain(..first);
        }
        self.mischief.losses += u64::try_from(batch.len()).unwrap_or_default();
    }

    /// The sequence numbers that must come again; nothing where the function was killed, or failed.
    async fn invoke(&mut self, batch: &[Value]) -> Option<Vec<String>> {
        let event: StreamEvent = serde_json::from_value(json!({ "Records": batch })).ok()?;
        let invocation = self.projector.handle(LambdaEvent::new(event, Context::default()));
        let Some(response) = self.kills.spare(&mut self.random, invocation).await else {
            self.mischief.kills += 1;
            return None;
        };
        let failures = response.ok()?.batch_item_failures;
        Some(failures.into_iter().filter_map(|failure| failure.item_identifier).collect())
    }

    /// Remembers where the rows of new orders will stand.
    fn learn_keys(&mut self, batch: &[Value]) {
        let event = serde_json::from_value::<StreamEvent>(json!({ "Records": batch }));
        let Ok(batch) = event.map_err(|_| ()).and_then(|event| order_stream::read(event.records).map_err(|_| ()))
        else {
            return;
        };
        for commit in batch.delivered.into_iter().filter_map(|delivered| delivered.record.ok()) {
            if let Ok(key) = OrderSummaryByCustomer::key(&commit) {
                self.keys.insert(commit.aggregate_id, key);
            }
        }
    }

    /// Looks at the rows, and keeps those that have changed.
    async fn look(&mut self) {
        let keys: Vec<RowKey> = self.keys.values().cloned().collect();
        let Ok(read) = RowStore::<OrderSummaryByCustomer>::read(&self.rows, &keys).await else { return };
        for (order, key) in &self.keys {
            if let Some(Standing::Row { version, row }) = read.rows.get(key) {
                let seen = Seen { order: order.clone(), version: *version, row: row.clone() };
                if self.seen.iter().rev().find(|earlier| earlier.order == *order) != Some(&seen) {
                    self.seen.push(seen);
                }
            }
        }
    }
}
