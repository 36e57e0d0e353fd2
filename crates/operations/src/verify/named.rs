//! Differences by name: the first ones that a verification finds. State files contain these names, so they must never
//! change.

use event_store::ChangedValue;
use read_models::{Difference, RowKey};
use serde::{Deserialize, Serialize};

/// The maximum number of differences that are named.
pub const NAMED: usize = 20;

/// A difference, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedDifference {
    /// The read model.
    pub read_model: String,
    /// The order, if the row's key names one.
    pub order: Option<String>,
    /// The key of the row.
    pub row: RowKey,
    /// A description of the difference.
    pub problem: String,
    /// The values that differ.
    #[serde(default)]
    pub changes: Vec<ChangedValue>,
    /// True if it was repaired.
    pub repaired: bool,
}

/// A snapshot that differs from the fold of the events, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedSnapshot {
    /// The order.
    pub order: String,
    /// The version of the commit that carries the snapshot.
    pub version: u64,
    /// The values that differ.
    pub changes: Vec<ChangedValue>,
}

/// Returns the values in which a row differs.
pub(super) fn changes(difference: &Difference) -> Vec<ChangedValue> {
    match difference {
        Difference::Different { changes, .. } => changes.clone(),
        Difference::Missing
        | Difference::Behind { .. }
        | Difference::Ahead { .. }
        | Difference::OlderProjection { .. }
        | Difference::NewerProjection { .. }
        | Difference::WithoutAggregate => Vec::new(),
    }
}
