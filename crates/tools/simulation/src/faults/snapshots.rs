//! Snapshots that cannot be used, or that are not the fold of the events.

use aws_smithy_types::base64;
use embedded_dynamodb::Database;
use event_store::Aggregate;
use event_store::ring::RequestRing;
use order_aggregate::Orders;
use order_domain::Order;
use serde_json::{Value, json};

use crate::world::names::EVENTS;
use crate::world::wire::{Position, put};

/// A snapshot that was replaced.
pub(crate) struct Replaced {
    /// The commit that carries it.
    pub(crate) at: Position,
    original: Value,
}

impl Replaced {
    /// Replaces the snapshot of a commit, whose item is `original`, by one of an order without events.
    pub(super) fn in_table(database: &Database, at: Position, original: Value) -> Option<Self> {
        let mut bytes = base64::decode(original["snapshot"]["B"].as_str()?).ok()?;
        bytes.truncate(2 + RequestRing::bytes_at(at.1));
        bytes.extend(rmp_serde::to_vec(&Order::default()).ok()?);
        let mut wrong = original.clone();
        wrong["snapshot"] = json!({ "B": base64::encode(&bytes) });
        put(database, EVENTS, &wrong).then_some(Self { at, original })
    }

    /// Restores the original.
    pub(crate) fn put_back(self, database: &Database) -> Position {
        put(database, EVENTS, &self.original);
        self.at
    }
}

/// Makes an item's snapshot unusable by one of four kinds: missing, truncated, invalid, or of an older schema with another
/// state.
pub(super) fn spoil(item: &mut Value, kind: u8) {
    let version = item["version"]["N"].as_str().and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let state_at = 2 + RequestRing::bytes_at(version);
    let mut bytes = base64::decode(item["snapshot"]["B"].as_str().unwrap_or_default()).unwrap_or_default();
    match kind {
        0 => {
            item.as_object_mut().map(|attributes| attributes.remove("snapshot"));
            return;
        }
        1 => bytes.truncate(state_at.saturating_sub(1)),
        // MessagePack never uses the byte 0xc1.
        2 => {
            bytes.truncate(state_at);
            bytes.push(0xc1);
        }
        _ => {
            let older = u16::try_from(Orders::STATE_SCHEMA - 1).unwrap_or_default();
            bytes.truncate(state_at);
            bytes.splice(..2.min(bytes.len()), older.to_be_bytes());
            bytes.extend(rmp_serde::to_vec(&Order::default()).unwrap_or_default());
        }
    }
    item["snapshot"] = json!({ "B": base64::encode(&bytes) });
}
