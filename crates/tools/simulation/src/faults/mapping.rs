//! A shard of the stream, delivered to a consumer with repeats, out of order, in parts and with gaps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use embedded_dynamodb::Database;
use fastrand::Rng;
use order_aggregate::OrderCommit;
use serde_json::{Value, json};
use stream_consumer::StreamEvent;
use tokio::sync::watch;

use crate::faults::fault::{Fault, Faults};
use crate::faults::hold::Hold;
use crate::faults::kill::Kills;
use crate::faults::network::Network;
use crate::faults::tampering::Tampering;
use crate::faults::unaddressable::{self, Injector};
use crate::world::function::StreamFunction;
use crate::world::models::MODELS;
use crate::world::names::EVENTS;
use crate::world::wire::position;

/// The deliveries of a batch before its retries end. Few, so that histories contain such ends.
const DELIVERIES: u32 = 6;

/// A deployed release of a consumer.
pub(crate) struct Deployed {
    pub(crate) function: Box<dyn StreamFunction>,
    /// Its network to the tables.
    pub(crate) network: Network,
    /// True if it stays after the deployment.
    pub(crate) is_newer: bool,
    /// True if it can read every commit.
    pub(crate) reads_all: bool,
}

/// Disturbances of the batches of a consumer, beyond those that Lambda documents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disturbances {
    /// True if records are shuffled. Each commit of an order is an item of its own, and the stream keeps the sequence of one
    /// item's records only.
    pub(crate) shuffles: bool,
    /// True if records are lost. Otherwise records whose retries are used up are kept, and delivered again at the end.
    pub(crate) losses: bool,
}

/// A shard of the stream, with all records of its orders. Consumers of several shards meet in the totals of a customer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shard {
    pub(crate) number: u8,
    pub(crate) of: u8,
}

impl Shard {
    fn holds(self, record: &Value) -> bool {
        let order = record["dynamodb"]["Keys"]["aggregateId"]["S"].as_str().unwrap_or_default();
        order.bytes().fold(0, u8::wrapping_add) % self.of == self.number
    }
}

/// An event source mapping of one shard.
pub(crate) struct Mapping {
    pub(crate) database: Database,
    pub(crate) shard: Shard,
    /// The deployed releases. One of them receives each batch.
    pub(crate) deployed: Vec<Deployed>,
    pub(crate) tampering: Tampering,
    pub(crate) disturbances: Disturbances,
    pub(crate) kills: Kills,
    pub(crate) faults: Faults,
    pub(crate) random: Rng,
    /// The source of unaddressable records.
    pub(crate) unaddressable: Injector,
    /// The records whose retries are used up, if they are kept.
    pub(crate) exhausted: Vec<Value>,
    /// The orders of the records that are lost.
    pub(crate) lost: BTreeSet<String>,
    /// The shard's records.
    pub(crate) records: Vec<Value>,
    /// The sequence number up to which the stream was read.
    pub(crate) read_to: Option<String>,
    /// The number of records that were delivered.
    pub(crate) next: usize,
    /// True once the newer release has received a batch.
    pub(crate) newer_began: bool,
    /// Stops the stream.
    pub(crate) hold: Hold,
}

impl Mapping {
    /// Delivers the records of the shard until the stream ends.
    pub(crate) async fn run(mut self, over: watch::Receiver<bool>) -> Self {
        loop {
            self.hold.ended().await;
            let is_over = *over.borrow();
            self.read();
            if self.next < self.records.len() {
                let size = self.random.usize(1..=20).min(self.records.len() - self.next);
                let mut batch = self.disturbed(self.next, size);
                self.unaddressable.add_to(&mut batch, &self.faults);
                self.next += size;
                self.deliver(batch).await;
            } else if is_over {
                return self;
            }
            if self.random.u8(0..8) == 0 {
                self.tick().await;
            }
            tokio::time::sleep(Duration::from_millis(self.random.u64(1..=300))).await;
        }
    }

    /// Delivers the remaining records without faults, once the newer release is deployed:
    /// - new records,
    /// - records whose retries were used up,
    /// - unless `is_made_up_for`, the newest record of each order that concerns each read model, twice. The first delivery takes the
    ///   place of the order's next event. If the record itself was parked, the row now follows it directly, and only the repeat finds
    ///   the note.
    pub(crate) async fn settle(&mut self, is_made_up_for: bool) {
        self.kills.percent = 0;
        self.deployed.retain(|deployed| deployed.is_newer);
        self.read();
        let new = self.records.split_off(self.next);
        self.deliver(new.clone()).await;
        self.records.extend(new);
        self.next = self.records.len();
        let mut left = std::mem::take(&mut self.exhausted);
        if self.disturbances.losses && !is_made_up_for {
            let newest = newest_for_each_model(&self.records);
            left.extend(newest.iter().flat_map(|record| [record.clone(), record.clone()]));
        }
        for record in left {
            self.deliver(vec![record]).await;
        }
    }

    /// The newest version of each order in the stream.
    pub(crate) fn newest(&self) -> BTreeMap<String, u64> {
        let mut newest = BTreeMap::new();
        for (order, version) in self.records.iter().filter_map(|record| position(&record["dynamodb"]["Keys"])) {
            let known = newest.entry(order).or_insert(version);
            *known = version.max(*known);
        }
        newest
    }

    /// The orders with records whose retries were used up.
    pub(crate) fn orders_exhausted(&self) -> impl Iterator<Item = String> {
        self.exhausted.iter().filter_map(order_of)
    }

    /// Runs the scheduled work of one of the releases.
    async fn tick(&mut self) {
        if let Some(deployed) = self.random.choice(&self.deployed) {
            self.kills.run(&mut self.random, "a tick", deployed.function.tick()).await;
        }
    }

    fn read(&mut self) {
        let read_to = self.read_to.as_deref();
        let read = embedded_dynamodb::stream::all(&self.database, EVENTS, read_to).unwrap_or_default();
        let Some(last) = read.last() else { return };
        self.read_to = last["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
        self.records.extend(read.into_iter().filter(|record| self.shard.holds(record)));
    }

    fn disturbed(&mut self, next: usize, size: usize) -> Vec<Value> {
        let mut batch = self.records[next..next + size].to_vec();
        let drawn = self.random.u8(0..10);
        let may_disturb = self.faults.may(Fault::DisturbedDelivery);
        match drawn {
            0 if may_disturb && self.disturbances.shuffles => self.random.shuffle(&mut batch),
            1 if may_disturb => {
                let again = self.records[self.random.usize(0..next + size)].clone();
                batch.insert(self.random.usize(0..=batch.len()), again);
            }
            2 if may_disturb => batch = self.records[..next + size].to_vec(),
            3 if self.disturbances.losses && self.faults.may(Fault::LostRecord) => {
                let lost = batch.remove(self.random.usize(0..batch.len()));
                self.lose(&lost);
                return batch;
            }
            _ => return batch,
        }
        if batch != self.records[next..next + size] {
            self.faults.struck(Fault::DisturbedDelivery);
        }
        batch
    }

    /// Delivers a batch as Lambda does, a limited number of times: from the first failed record if the response names one, and in
    /// halves if the invocation failed.
    async fn deliver(&mut self, batch: Vec<Value>) {
        let mut open = vec![(batch, 0)];
        while let Some((mut batch, deliveries)) = open.pop() {
            if batch.is_empty() {
                continue;
            }
            if deliveries == DELIVERIES {
                self.give_up(batch);
                continue;
            }
            match self.invoke(&batch).await {
                Some(failed) => {
                    let is_failed =
                        |record: &Value| failed.iter().any(|id| record["dynamodb"]["SequenceNumber"] == *id.as_str());
                    if let Some(first) = batch.iter().position(is_failed) {
                        batch.drain(..first);
                        open.push((batch, deliveries + 1));
                    }
                }
                None if batch.len() > 1 => {
                    let second = batch.split_off(batch.len() / 2);
                    open.extend([(second, deliveries), (batch, deliveries)]);
                }
                None => open.push((batch, deliveries + 1)),
            }
            tokio::time::sleep(Duration::from_millis(self.random.u64(1..=100))).await;
        }
    }

    fn give_up(&mut self, batch: Vec<Value>) {
        let (unaddressable, batch): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|it| unaddressable::name(it).is_some());
        self.exhausted.extend(unaddressable);
        if self.disturbances.losses && self.faults.may(Fault::LostRecord) {
            batch.iter().for_each(|record| self.lose(record));
        } else {
            self.exhausted.extend(batch);
        }
    }

    /// Loses a record. Consumers ignore later changes of a commit, which are its corrupted snapshots.
    fn lose(&mut self, record: &Value) {
        if record["eventName"] != "INSERT" {
            return;
        }
        self.lost.extend(order_of(record));
        self.faults.struck(Fault::LostRecord);
    }

    /// Returns the sequence numbers to retry, or `None` if the function was killed, panicked or failed.
    async fn invoke(&mut self, batch: &[Value]) -> Option<Vec<String>> {
        let deployed = self.random.choice(&self.deployed)?;
        if !deployed.is_newer && self.newer_began {
            self.faults.struck(Fault::RollingDeploy);
        }
        self.newer_began |= deployed.is_newer && self.deployed.len() > 1;
        let seen = batch.iter().map(|record| self.tampering.delivered(record.clone(), deployed.reads_all));
        let event: StreamEvent = serde_json::from_value(json!({ "Records": seen.collect::<Vec<_>>() })).ok()?;
        let before = deployed.network.rows_written();
        let invocation = deployed.function.handle(event);
        let Some(response) = self.kills.run(&mut self.random, "a consumer", invocation).await else {
            let orders = batch.iter().filter_map(order_of).collect::<BTreeSet<_>>().len() as u64;
            let written = deployed.network.rows_written() - before;
            if written > 0 && written < orders {
                self.faults.struck(Fault::KilledMidBatch);
            }
            return None;
        };
        let failures = response.ok()?.batch_item_failures;
        let failed: Vec<String> = failures.into_iter().filter_map(|failure| failure.item_identifier).collect();
        // An empty sequence number fails the whole batch.
        (!failed.iter().any(String::is_empty)).then_some(failed)
    }
}

/// The order of a record.
fn order_of(record: &Value) -> Option<String> {
    position(&record["dynamodb"]["Keys"]).map(|(order, _)| order)
}

/// The newest records of each order, until each read model has one that can change its row.
fn newest_for_each_model(records: &[Value]) -> Vec<Value> {
    let mut newest: BTreeMap<String, (BTreeSet<&str>, Vec<Value>)> = BTreeMap::new();
    for record in records.iter().rev().filter(|record| record["eventName"] == "INSERT") {
        let Some(order) = order_of(record) else { continue };
        let (models, records) = newest.entry(order).or_default();
        if models.len() == MODELS.len() {
            continue;
        }
        let Some(commit) = commit(record) else { continue };
        let before = models.len();
        models.extend(MODELS.iter().filter(|model| (model.concerns)(&commit)).map(|model| model.name));
        if models.len() > before {
            records.push(record.clone());
        }
    }
    newest.into_values().flat_map(|(_, records)| records).collect()
}

/// The commit of a record.
fn commit(record: &Value) -> Option<OrderCommit> {
    let event: StreamEvent = serde_json::from_value(json!({ "Records": [record] })).ok()?;
    stream_consumer::read(event).delivered.pop()?.record.ok()
}
