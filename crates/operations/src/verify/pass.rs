//! A pass over the events and the read models.

use std::sync::Arc;

use event_store::DynamoEventStore;
use read_models::ReadModels;

use super::lag::LagRule;
use super::progress::Verification;
use super::repair::Rules;

/// A pass over the events and the read models. It counts, or it repairs the findings of an earlier pass.
#[derive(Clone)]
pub struct Verify {
    pub(super) store: DynamoEventStore,
    pub(super) models: ReadModels,
    pub(super) rules: Arc<Rules>,
}

impl Verify {
    /// Creates a pass that continues from `known`. It repairs if `known` contains a decision to repair.
    #[must_use]
    pub fn new(store: DynamoEventStore, models: ReadModels, rule: LagRule, known: &Verification) -> Self {
        Self { store, models, rules: Arc::new(Rules { lag: rule, repair: known.limits() }) }
    }
}
