//! A shard of the stream, and how it may be delivered to a consumer: repeated, out of order, split, with gaps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use embedded_dynamodb::Database;
use fastrand::Rng;
use serde_json::{Value, json};
use stream_consumer::StreamEvent;
use tokio::sync::watch;

use crate::faults::fault::{Fault, Faults};
use crate::faults::kill::Kills;
use crate::faults::network::Network;
use crate::faults::stray::{self, Strays};
use crate::faults::tampering::Tampering;
use crate::world::function::StreamFunction;
use crate::world::names::EVENTS;
use crate::world::unexpected_errors::Mishaps;
use crate::world::wire::position;

/// How often a batch is delivered before it is given up: few, so that this happens.
const DELIVERIES: u32 = 6;

/// A release of a consumer.
pub(crate) struct Deployed {
    pub(crate) function: Box<dyn StreamFunction>,
    /// Its way to the tables.
    pub(crate) network: Network,
    /// Whether it stays when the deployment is over.
    pub(crate) is_newer: bool,
    /// Whether it knows every type of event already.
    pub(crate) reads_all: bool,
}

/// What is done to the batches of a consumer, beside what Lambda promises to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disturbances {
    /// Whether records change places. Each record of an order is an item of its own, and the stream keeps the order of an
    /// item's records only.
    pub(crate) shuffles: bool,
    /// Whether records are lost. Otherwise what is given up is kept, and delivered again at the end.
    pub(crate) losses: bool,
}

/// A shard of the stream. All records of an order are in one; consumers work on several at once, and meet where orders do: in
/// what a customer's orders come to.
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

/// An event source mapping's work on one shard.
pub(crate) struct Mapping {
    pub(crate) database: Database,
    pub(crate) shard: Shard,
    /// The releases; where there are two, each batch meets one of them.
    pub(crate) deployed: Vec<Deployed>,
    pub(crate) tampering: Tampering,
    pub(crate) disturbances: Disturbances,
    pub(crate) kills: Kills,
    pub(crate) faults: Faults,
    pub(crate) mishaps: Mishaps,
    pub(crate) random: Rng,
    /// Records that name no order.
    pub(crate) strays: Strays,
    /// What was given up, and is kept.
    pub(crate) given_up: Vec<Value>,
    /// The orders of the records that are lost.
    pub(crate) lost: BTreeSet<String>,
    /// The shard's records.
    pub(crate) records: Vec<Value>,
    /// The sequence number up to which the stream was read.
    pub(crate) read_to: Option<String>,
    /// How many of the records were delivered.
    pub(crate) next: usize,
    /// Whether the newer release has worked on this shard.
    pub(crate) newer_began: bool,
    /// True while the stream stands still.
    pub(crate) held: watch::Receiver<bool>,
}

impl Mapping {
    /// Delivers what is in the stream until nothing more will come.
    pub(crate) async fn run(mut self, over: watch::Receiver<bool>) -> Self {
        loop {
            if *self.held.borrow() {
                // An error says that its holder is gone, and holds it no more.
                let _released = self.held.wait_for(|is_held| !is_held).await.is_ok();
            }
            let is_over = *over.borrow();
            self.read();
            if self.next < self.records.len() {
                let size = self.random.usize(1..=20).min(self.records.len() - self.next);
                let mut batch = self.disturbed(self.next, size);
                self.strays.join(&mut batch);
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

    /// Delivers what is left, once all is well and the newer release is deployed: what is new, what was given up, and, unless
    /// that is made up for, of each order whose records may be lost the newest one and the newest that moves money, which stand
    /// for the order's next events.
    pub(crate) async fn settle(&mut self, is_made_up_for: bool) {
        self.kills.percent = 0;
        self.deployed.retain(|deployed| deployed.is_newer);
        self.read();
        let new = self.records.split_off(self.next);
        self.deliver(new.clone()).await;
        self.records.extend(new);
        self.next = self.records.len();
        let mut left = std::mem::take(&mut self.given_up);
        if self.disturbances.losses && !is_made_up_for {
            let mut newest = BTreeMap::new();
            for record in self.records.iter().filter(|record| record["eventName"] == "INSERT") {
                let order = record["dynamodb"]["Keys"]["aggregateId"].to_string();
                newest.insert((order.clone(), false), record.clone());
                if moves_money(record) {
                    newest.insert((order, true), record.clone());
                }
            }
            left.extend(newest.into_values());
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

    /// The records that name no order and were given up, by name.
    pub(crate) fn strays_given_up(&self) -> impl Iterator<Item = String> {
        self.given_up.iter().filter_map(stray::name).map(str::to_owned)
    }

    /// The orders with records that were given up.
    pub(crate) fn orders_given_up(&self) -> impl Iterator<Item = String> {
        self.given_up.iter().filter_map(|record| position(&record["dynamodb"]["Keys"])).map(|(order, _)| order)
    }

    /// Has one of the releases do what its schedule asks for.
    async fn tick(&mut self) {
        if let Some(deployed) = self.random.choice(&self.deployed) {
            let ticking = self.mishaps.outlive("a tick", deployed.function.tick());
            self.kills.spare(&mut self.random, ticking).await;
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

    /// Delivers a batch as Lambda does: from the first failed record where the answer names one, in halves where there was
    /// no answer, and not for ever.
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
        let (strays, batch): (Vec<_>, Vec<_>) = batch.into_iter().partition(stray::is_one);
        self.given_up.extend(strays);
        if self.disturbances.losses && self.faults.may(Fault::LostRecord) {
            batch.iter().for_each(|record| self.lose(record));
        } else {
            self.given_up.extend(batch);
        }
    }

    /// Loses a record. Of what is written to a commit later, its spoiled snapshot, no consumer takes notice.
    fn lose(&mut self, record: &Value) {
        if record["eventName"] != "INSERT" {
            return;
        }
        self.lost.extend(position(&record["dynamodb"]["Keys"]).map(|(order, _)| order));
        self.faults.struck(Fault::LostRecord);
    }

    /// The sequence numbers that must come again; nothing where the function was killed, panicked, or failed.
    async fn invoke(&mut self, batch: &[Value]) -> Option<Vec<String>> {
        let deployed = self.random.choice(&self.deployed)?;
        if !deployed.is_newer && self.newer_began {
            self.faults.struck(Fault::RollingDeploy);
        }
        self.newer_began |= deployed.is_newer && self.deployed.len() > 1;
        let seen = batch.iter().map(|record| self.tampering.delivered(record.clone(), deployed.reads_all));
        let event: StreamEvent = serde_json::from_value(json!({ "Records": seen.collect::<Vec<_>>() })).ok()?;
        let before = deployed.network.rows_written();
        let invocation = self.mishaps.outlive("a consumer", deployed.function.handle(event));
        let Some(response) = self.kills.spare(&mut self.random, invocation).await else {
            let orders =
                batch.iter().filter_map(|record| position(&record["dynamodb"]["Keys"])).map(|(order, _)| order);
            let orders = orders.collect::<BTreeSet<_>>().len() as u64;
            let written = deployed.network.rows_written() - before;
            if written > 0 && written < orders {
                self.faults.struck(Fault::KilledMidBatch);
            }
            return None;
        };
        let failures = response?.ok()?.batch_item_failures;
        let failed: Vec<String> = failures.into_iter().filter_map(|failure| failure.item_identifier).collect();
        // An empty name fails the batch as a whole.
        (!failed.iter().any(String::is_empty)).then_some(failed)
    }
}

/// True if a record is of a commit that concerns its customer's totals.
fn moves_money(record: &Value) -> bool {
    let types = ["OrderPlaced", "PaymentReceived", "PaymentCorrected", "PaymentRefunded"];
    let events = record["dynamodb"]["NewImage"]["events"]["L"].as_array();
    events.into_iter().flatten().any(|event| types.iter().any(|it| event["M"]["eventType"]["S"] == **it))
}
