//! An order by its recorded commits, for comparison with what queries show.

use order_aggregate::OrderCommit;
use serde_json::{Value, json};

use super::findings::Findings;
use super::invariant::Invariant;
use super::ledger::{self, Ledger};

/// The commits of an order, and the ledger after each.
pub(super) struct Book<'a> {
    pub(super) order: &'a str,
    pub(super) commits: &'a [OrderCommit],
    ledgers: Vec<Ledger>,
}

impl<'a> Book<'a> {
    pub(super) fn of(order: &'a str, commits: &'a [OrderCommit]) -> Self {
        Self { order, commits, ledgers: ledger::after_each(commits) }
    }

    pub(super) fn is_of(&self, customer: &str) -> bool {
        self.ledgers.first().is_some_and(|ledger| ledger.customer == customer)
    }

    /// The order as a query shows it at a version, without its metadata. `None` for an unknown version.
    fn shown(&self, version: u64) -> Option<Value> {
        let place = usize::try_from(version).ok()?.checked_sub(1)?;
        let (first, newest, ledger) = (self.commits.first()?, self.commits.get(place)?, self.ledgers.get(place)?);
        let mut shown = ledger.shown(self.order, version);
        shown["placedAt"] = json!(first.recorded_at.to_string());
        shown["lastUpdated"] = json!(newest.recorded_at.to_string());
        Some(shown)
    }

    /// Checks an order that a query showed.
    pub(super) fn shows(&self, body: &Value, findings: &mut Findings) {
        let mut shown = body.clone();
        // Queries leave out empty metadata.
        let metadata =
            shown.as_object_mut().and_then(|members| members.remove("metadata")).unwrap_or_else(|| json!({}));
        let recorded = self.ledgers.first().map(|ledger| Value::Object(ledger.metadata.clone()));
        let what = || format!("the query shows the metadata {metadata}, and {recorded:?} is recorded");
        findings.must(Invariant::Shown, self.order, recorded.as_ref() == Some(&metadata), what);
        if let Some(members) = shown.as_object_mut() {
            members.retain(|name, _| !matches!(name.as_str(), "asOf" | "stale" | "staleReason"));
        }
        let recorded = body["version"].as_u64().and_then(|version| self.shown(version));
        let what = || format!("the query shows {shown}, and {recorded:?} is recorded");
        findings.must(Invariant::Shown, self.order, recorded.as_ref() == Some(&shown), what);
    }
}
