//! Unaddressable records: records of the stream that name no order.
//!
//! They are added to the batches of consumers, and not to the table, because they test the readers of the stream.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::faults::fault::{Fault, Faults};

/// The prefix of the names of these records.
const NAME: &str = "stray-";

/// Adds unaddressable records to the batches of one consumer.
#[derive(Debug)]
pub(crate) struct Injector {
    /// The function that must note them.
    pub(crate) function: &'static str,
    pub(crate) percent: u8,
    pub(crate) random: Rng,
    /// The shard of the batches. It is part of the names, so that they are unique.
    pub(crate) shard: u8,
    /// The names of the records that were delivered.
    pub(crate) delivered: Vec<String>,
}

impl Injector {
    /// Adds records to a batch.
    pub(crate) fn add_to(&mut self, batch: &mut Vec<Value>, faults: &Faults) {
        if self.percent == 0 || !faults.may(Fault::UnaddressableRecord) {
            return;
        }
        for place in (0..=batch.len()).rev() {
            if self.random.u8(0..100) < self.percent {
                let name = format!("{NAME}{}-{}-{}", self.function, self.shard, self.delivered.len());
                let stray = record(&name, self.random.u8(0..6));
                batch.insert(place, stray);
                self.delivered.push(name);
                faults.struck(Fault::UnaddressableRecord);
            }
        }
    }
}

/// The name of an unaddressable record. `None` for any other record. It is the id, which is also its sequence number if it has one.
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
        // A record that Lambda does not document.
        4 => record["dynamodb"]["NewImage"] = json!("an image"),
        // A record without a sequence number, so a response cannot name it.
        5 => record["dynamodb"]["SequenceNumber"] = json!(null),
        _ => {}
    }
    record
}

/// The unaddressable records of a history, and the notes on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnaddressableRecords {
    /// The names of the delivered records, each with the function that must note it.
    pub delivered: Vec<(String, &'static str)>,
    /// The names of the records that were still retried at the end.
    pub left: Vec<String>,
    /// The functions that noted each record, by its name. The time of a note is left out, because it is of the wall clock.
    pub notes: BTreeMap<String, BTreeSet<String>>,
}
