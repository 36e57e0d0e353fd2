//! The versions of orders that clients know.

use std::collections::BTreeMap;

use event_store::Timestamp;
use serde_json::Value;

use crate::world::shared::Shared;

/// The versions of orders that clients know, with the time of each. Clones share their state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known(Shared<BTreeMap<String, BTreeMap<u64, Timestamp>>>);

impl Known {
    /// Adds the versions in a reply to a command.
    pub(crate) fn learn(&self, order: &str, reply: &Value) {
        let mut known = self.0.lock();
        for event in reply["events"].as_array().into_iter().flatten() {
            let recorded_at = event["recordedAt"].as_str().and_then(|text| text.parse().ok());
            if let (Some(version), Some(recorded_at)) = (event["version"].as_u64(), recorded_at) {
                known.entry(order.to_owned()).or_default().insert(version, recorded_at);
            }
        }
    }

    pub(super) fn of(&self, order: &str) -> BTreeMap<u64, Timestamp> {
        self.0.lock().get(order).cloned().unwrap_or_default()
    }
}
