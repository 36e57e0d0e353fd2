//! A batch of the stream as Lambda delivers it, to both of its consumers.

use std::collections::BTreeSet;

use event_store::{Delivered, InMemoryEventStore};
use order_aggregate::OrderCommit;
use order_domain::Event;
use order_domain::values::{CustomerId, OrderId};
use publication::{CloudEvent, cloud_events};
use read_models::{Engine, InMemoryRows, OrderSummaryByCustomer};
use stream_consumer::StreamEvent;
use tokio::runtime::Builder;

use crate::schemas::assert_published;

/// The versions whose `sequence` sorts as text.
const PUBLISHED_VERSIONS: std::ops::RangeInclusive<u64> = 1..=9_999_999_999;

/// Reads a batch, publishes it and projects it.
pub fn stream_batch(input: &[u8]) {
    let Ok(event) = serde_json::from_slice::<StreamEvent>(input) else { return };
    let records = event.records.len();
    let batch = stream_consumer::read(event);
    assert_eq!(batch.records(), records, "nothing is ignored silently");
    assert_eq!(batch.to_retry(|_| true).count(), records - batch.violations.len());
    assert!(batch.delivered.iter().all(|it| it.position().is_some()), "what cannot be parked is not handed on");
    assert!(batch.unaddressable.iter().all(|record| !record.id().is_empty() && !record.reason.is_empty()));
    assert!(stream_consumer::lag_ms(&batch.delivered).is_none_or(|lag_ms| lag_ms < u64::MAX / 2));
    for delivered in &batch.delivered {
        match &delivered.record {
            Ok(commit) => published(commit),
            Err(poison) => assert!(!poison.cause.is_empty()),
        }
    }
    projected(&batch.delivered);
}

/// Checks that a published event is read back unchanged, and matches its schema.
fn published(commit: &OrderCommit) {
    let Ok(events) = cloud_events(commit) else { return };
    assert_eq!(events.len(), commit.events.len());
    // Three digits distinguish a thousand events of one commit. No command appends as many.
    assert!(events.iter().take(1000).is_sorted_by(|one, next| one.sequence < next.sequence));
    // Only events that this service would write: valid ids, and no empty lists.
    let ours = OrderId::parse(&commit.aggregate_id).is_ok()
        && order_aggregate::customer_id(commit).is_some_and(|id| CustomerId::parse(id).is_ok())
        && PUBLISHED_VERSIONS.contains(&commit.version)
        && commit.request.correlation_id.as_deref() != Some("")
        && commit.request.causation_id.as_deref() != Some("")
        && events.iter().all(|event| event.data["items"].as_array().is_none_or(|items| !items.is_empty()));
    for event in events {
        let detail = serde_json::to_value(&event).unwrap();
        if ours {
            assert_published(&detail);
        }
        assert_eq!(serde_json::from_value::<CloudEvent>(detail).unwrap(), event);
    }
}

/// Checks that the rows do not depend on the number of deliveries or on the order of the records.
fn projected(delivered: &[Delivered<Event>]) {
    let runtime = Builder::new_current_thread().build().unwrap();
    let project = |rows: &InMemoryRows<OrderSummaryByCustomer>, batch: Vec<Delivered<Event>>| {
        let ids: BTreeSet<_> = batch.iter().map(|it| it.id.clone()).collect();
        let engine = Engine::new(InMemoryEventStore::default(), rows.clone());
        let outcome = runtime.block_on(engine.project(batch, None));
        assert!(outcome.failed.iter().all(|failure| ids.contains(&failure.id)), "{outcome:?}");
    };
    let (rows, reversed) = (InMemoryRows::default(), InMemoryRows::default());
    project(&rows, delivered.to_vec());
    let once = rows.all();
    project(&rows, delivered.to_vec());
    assert_eq!(rows.all(), once, "a repeat changes nothing");
    if positions_are_unique(delivered) {
        project(&reversed, delivered.iter().rev().cloned().collect());
        assert_eq!(reversed.all(), once, "no order is assumed");
    }
}

/// Returns true if every position has one commit. A conditional write guarantees this in the real table.
fn positions_are_unique(delivered: &[Delivered<Event>]) -> bool {
    let mut seen = BTreeSet::new();
    let position = |it: &Delivered<Event>| match &it.record {
        Ok(commit) => Some((commit.aggregate_id.clone(), commit.version)),
        Err(poison) => poison.position.clone(),
    };
    delivered.iter().all(|it| position(it).is_none_or(|position| seen.insert(position)))
}
