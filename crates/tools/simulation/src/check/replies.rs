//! Commits as replies and queries show them.

use event_store::{Commit, RecordedEvent};
use order_domain::Event;
use serde_json::{Value, json};

use super::ledger::Ledger;

/// The reply to the command that recorded a commit.
pub(super) fn reply(commit: &Commit<Event>, ledger: &Ledger) -> Value {
    let events = commit.events.iter().map(|recorded| event(commit, recorded));
    json!({
        "orderId": commit.aggregate_id, "version": commit.version, "status": ledger.status(),
        "paymentStatus": ledger.payment_status(), "fulfillmentStatus": ledger.fulfillment_status(),
        "events": events.collect::<Vec<_>>(),
    })
}

/// An event as replies and queries show it.
pub(super) fn event(commit: &Commit<Event>, recorded: &RecordedEvent<Event>) -> Value {
    let stored = order_domain::stored::encode(&recorded.event);
    let (event_type, data) = stored.map_or((String::new(), Value::Null), |it| (it.event_type.to_owned(), it.data));
    json!({
        "eventId": recorded.event_id, "eventType": event_type, "version": commit.version,
        "recordedAt": commit.recorded_at.to_string(), "data": data,
    })
}
