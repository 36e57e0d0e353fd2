//! Eventually consistent reads of a replica that lags: they show the table as it was a moment ago.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::world::names::EVENTS;
use crate::world::shared::Shared;
use crate::world::wire::position;

/// The longest lag of a replica. AWS documents that a write is usually on every copy within a second.
pub(crate) const LONGEST_LAG: Duration = Duration::from_secs(1);

/// An item's table, and its order with its version or without.
type Key = (String, String);

/// Every item that was written, with the moment of the write. Clones share it.
///
/// Only loads of an order's events and reads of rows by key lag. Queries of rows and of indexes show the present.
#[derive(Clone, Default)]
pub(crate) struct LaggingReplica(Shared<BTreeMap<Key, Vec<(Instant, Value)>>>);

impl LaggingReplica {
    /// Notes that a request put an item.
    pub(crate) fn written(&self, table: &str, body: &[u8]) {
        let put: Value = serde_json::from_slice(body).unwrap_or_default();
        if let Some(key) = key(table, &put["Item"]) {
            self.0.lock().entry(key).or_default().push((Instant::now(), put["Item"].clone()));
        }
    }

    /// Returns the answer to a read as it was before `lag`. `None` if the read is strongly consistent, if it is of another
    /// kind, or if nothing has changed since.
    pub(crate) fn answer(&self, operation: &str, body: &[u8], answer: &str, lag: Duration) -> Option<String> {
        let then = Instant::now().checked_sub(lag)?;
        let request: Value = serde_json::from_slice(body).ok()?;
        let mut answer: Value = serde_json::from_str(answer).ok()?;
        let has_changed = match operation {
            "Query" if request["TableName"] == EVENTS && request["ConsistentRead"] != true => {
                let has_changed = self.go_back(EVENTS, answer["Items"].as_array_mut()?, then);
                answer["Count"] = json!(answer["Items"].as_array()?.len());
                has_changed
            }
            "BatchGetItem" => {
                let (table, keys) = request["RequestItems"].as_object()?.iter().next()?;
                keys["ConsistentRead"] != true && self.go_back(table, answer["Responses"][table].as_array_mut()?, then)
            }
            _ => false,
        };
        has_changed.then(|| answer.to_string())
    }

    /// Replaces each item by the one of that moment. Returns true if one differs.
    fn go_back(&self, table: &str, items: &mut Vec<Value>, then: Instant) -> bool {
        let written = self.0.lock();
        let mut has_changed = false;
        items.retain_mut(|item| {
            let writes = key(table, item).and_then(|key| written.get(&key));
            let Some(writes) = writes.filter(|writes| writes.last().is_some_and(|(at, _)| *at > then)) else {
                return true;
            };
            has_changed = true;
            let Some((_, earlier)) = writes.iter().rfind(|(at, _)| *at <= then) else { return false };
            *item = earlier.clone();
            true
        });
        has_changed
    }
}

fn key(table: &str, item: &Value) -> Option<Key> {
    let key = match position(item) {
        Some((order, version)) => format!("{order}/{version}"),
        None => item["orderId"]["S"].as_str()?.to_owned(),
    };
    Some((table.to_owned(), key))
}
