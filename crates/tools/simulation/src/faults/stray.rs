//! Records of the stream that name no order, among those of orders.
//!
//! They are in the batches of consumers only, and not in the table: these histories test the readers of the stream.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::faults::fault::{Fault, Faults};

/// The beginning of the names of these records.
const NAME: &str = "stray-";

/// The records that name no order in the batches of one consumer.
#[derive(Debug)]
pub(crate) struct Strays {
    /// The function that is to note them.
    pub(crate) function: &'static str,
    pub(crate) percent: u8,
    pub(crate) random: Rng,
    pub(crate) faults: Faults,
    /// The shard in which they are: numbers of two shards differ.
    pub(crate) shard: u8,
    /// The names of those that were delivered.
    pub(crate) delivered: Vec<String>,
}

impl Strays {
    /// Puts such records into a batch.
    pub(crate) fn join(&mut self, batch: &mut Vec<Value>) {
        if self.percent == 0 || !self.faults.may(Fault::UnaddressableRecord) {
            return;
        }
        for place in (0..=batch.len()).rev() {
            if self.random.u8(0..100) < self.percent {
                let name = format!("{NAME}{}-{}-{}", self.function, self.shard, self.delivered.len());
                let stray = record(&name, self.random.u8(0..6));
                batch.insert(place, stray);
                self.delivered.push(name);
                self.faults.struck(Fault::UnaddressableRecord);
            }
        }
    }
}

/// Returns true for a record of these.
pub(crate) fn is_one(record: &Value) -> bool {
    name(record).is_some()
}

/// The name of a record of these: its id, which is also its sequence number where it has one.
pub(crate) fn name(record: &Value) -> Option<&str> {
    record["eventID"].as_str().filter(|id| id.starts_with(NAME))
}

/// A record of one of six kinds.
fn record(name: &str, kind: u8) -> Value {
    let key = |id: Value, version: Value| json!({ "aggregateId": id, "version": version });
    let (id, version) = (json!({ "S": "stray" }), json!({ "N": "1" }));
    let keys = match kind {
        0 => key(id, json!({ "N": "1.5" })),
        1 => key(id, json!({ "N": "0" })),
        2 => key(json!({ "S": "no order has this id" }), version),
        3 => key(json!({ "N": "7" }), version),
        _ => json!({}),
    };
    let mut record = json!({
        "awsRegion": "local", "eventID": name, "eventName": "INSERT",
        "dynamodb": { "SequenceNumber": name, "SizeBytes": 1, "Keys": keys, "NewImage": keys },
    });
    match kind {
        // Not as Lambda documents records.
        4 => record["dynamodb"]["NewImage"] = json!("an image"),
        // Nothing that an answer could name.
        5 => record["dynamodb"]["SequenceNumber"] = json!(null),
        _ => {}
    }
    record
}

/// The record and the function of each note that a consumer has to have written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StrayRecords {
    /// The records that were delivered, by name, each with the function that has to note it.
    pub delivered: Vec<(String, &'static str)>,
    /// The records that were still retried in the end, by name.
    pub left: Vec<String>,
    /// The functions that noted a record in the end, by its name. A note's time is that of the wall clock, and no history's.
    pub notes: BTreeMap<String, BTreeSet<String>>,
}
