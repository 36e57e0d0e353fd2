//! An order by its recorded commits, for comparison with what clients and consumers received.

use event_store::{RecordedEvent, Timestamp};
use order_aggregate::OrderCommit;
use order_domain::Event;
use serde_json::{Value, json};

use super::findings::{Findings, Invariant};
use super::history::History;
use super::ledger::Ledger;
use crate::workload::command::Exchange;

/// An order: its commits, and the commands that clients sent to it.
pub(super) struct Book<'a> {
    pub(super) order: &'a str,
    pub(super) commits: &'a [OrderCommit],
    pub(super) exchanges: Vec<&'a Exchange>,
    pub(super) history: &'a History,
    /// The ledger at each version, from 0.
    pub(super) ledgers: Vec<Ledger>,
}

impl<'a> Book<'a> {
    /// A book of each order of a history.
    pub(super) fn each(history: &'a History) -> Vec<Self> {
        let of = |(order, commits): &'a (String, Vec<OrderCommit>)| {
            let exchanges = history.exchanges.iter().filter(|it| it.command.order == *order).collect();
            Self { order, commits, exchanges, history, ledgers: Ledger::of_versions(commits) }
        };
        history.recorded.iter().map(of).collect()
    }

    /// The event that placed the order.
    pub(super) fn placed(&self) -> Option<&'a Event> {
        let first = &self.commits.first()?.events.first()?.event;
        matches!(first, Event::OrderPlaced(_)).then_some(first)
    }

    /// Returns true if a commit of this version would have the recorded time again, if it were appended now. A repeat that the
    /// load does not show then looks like the SDK's own retry (decision 0011): placements load nothing, and other loads may be
    /// late.
    pub(super) fn has_time_of_commit(&self, version: u64, now: Timestamp) -> bool {
        let commit = |version: u64| self.commits.iter().find(|commit| commit.version == version);
        let earliest = version.checked_sub(1).and_then(commit).map(|earlier| earlier.recorded_at.next());
        commit(version).map(|commit| commit.recorded_at) == Some(earliest.map_or(now, |earliest| earliest.max(now)))
    }

    pub(super) fn is_of(&self, customer: &str) -> bool {
        self.ledgers.get(1).is_some_and(|ledger| ledger.customer == customer)
    }

    /// The commit of a version, and the ledger after it. `None` for an unknown version.
    pub(super) fn at(&self, version: u64) -> Option<(&'a OrderCommit, &Ledger)> {
        let version = usize::try_from(version).ok()?;
        self.commits.get(version.checked_sub(1)?).zip(self.ledgers.get(version))
    }

    /// The commit that a request recorded, and the ledger after it.
    pub(super) fn recorded_by(&self, key: &str) -> Option<(&'a OrderCommit, &Ledger)> {
        let mut ledgers = self.commits.iter().zip(self.ledgers.iter().skip(1));
        ledgers.find(|(commit, _)| commit.request.request_id == key)
    }

    /// The highest version that clients knew before a moment, from the replies to commands.
    pub(super) fn known_before(&self, moment: u64) -> u64 {
        let before = self.exchanges.iter().filter(|exchange| exchange.ended < moment);
        before.filter_map(|it| it.accepted()?["version"].as_u64()).max().unwrap_or(0)
    }

    /// The order as a query shows it at a version, without its metadata. `None` for an unknown version.
    fn shown(&self, version: u64) -> Option<Value> {
        let (newest, ledger) = self.at(version)?;
        let mut shown = ledger.shown(self.order, version);
        shown["placedAt"] = json!(self.commits.first()?.recorded_at.to_string());
        shown["lastUpdated"] = json!(newest.recorded_at.to_string());
        Some(shown)
    }

    /// Checks an order that a query showed.
    pub(super) fn shows(&self, body: &Value, findings: &mut Findings) {
        let mut shown = body.clone();
        // Queries leave out empty metadata.
        let metadata =
            shown.as_object_mut().and_then(|members| members.remove("metadata")).unwrap_or_else(|| json!({}));
        let recorded = self.ledgers.get(1).map(|ledger| Value::Object(ledger.metadata.clone()));
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

/// The reply to the command that recorded a commit.
pub(super) fn reply(commit: &OrderCommit, ledger: &Ledger) -> Value {
    let events = commit.events.iter().map(|recorded| event(commit, recorded));
    json!({
        "orderId": commit.aggregate_id, "version": commit.version, "status": ledger.status(),
        "paymentStatus": ledger.payment_status(), "fulfillmentStatus": ledger.fulfillment_status(),
        "events": events.collect::<Vec<_>>(),
    })
}

/// An event as replies and queries show it.
pub(super) fn event(commit: &OrderCommit, recorded: &RecordedEvent<Event>) -> Value {
    let stored = order_domain::stored::encode(&recorded.event);
    let (event_type, data) = stored.map_or((String::new(), Value::Null), |it| (it.event_type.to_owned(), it.data));
    json!({
        "eventId": recorded.event_id, "eventType": event_type, "version": commit.version,
        "recordedAt": commit.recorded_at.to_string(), "data": data,
    })
}
