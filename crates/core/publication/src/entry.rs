//! An event as an EventBridge entry, and its size as EventBridge counts it.

use aws_sdk_eventbridge::primitives::{DateTime, DateTimeFormat};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use crate::cloud_event::CloudEvent;

/// The source of all entries. Rules match on it, so it must never change.
pub(crate) const SOURCE: &str = "order-ledger";

/// The largest total size of the entries in one PutEvents call, in bytes. It also limits a single entry.
///
/// EventBridge accepts entries of up to 1 MB. docs/EVENTS.md promises 256 KB, because targets have lower limits (256 KB
/// for SNS) that also count EventBridge's envelope around the detail. The largest event of an order is far smaller than
/// the promise; a test of this crate measures it.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// The size of a `Time` in any format, in bytes.
const TIME_BYTES: usize = 14;

/// An event to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The position of the event among the events given.
    pub(crate) index: usize,
    /// The entry in the request.
    pub(crate) request: PutEventsRequestEntry,
    /// The size in bytes, at most [`MAX_BYTES`].
    pub(crate) bytes: usize,
    /// The error of the last attempt; `None` before the first one.
    pub(crate) last_failure: Option<String>,
}

/// The reason why an event cannot be an entry.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnEntry {
    /// The event is larger than allowed.
    #[error("it has {0} bytes, more than the {MAX_BYTES} of an entry")]
    TooLarge(usize),
    /// The event's time is invalid.
    #[error("its time cannot be read")]
    Time(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The event cannot be written as JSON.
    #[error("it cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl Entry {
    /// Builds the entry of an event.
    ///
    /// # Errors
    /// Returns the reason if the event cannot be an entry. A retry does not help.
    pub(crate) fn new(index: usize, event: &CloudEvent, bus: &str) -> Result<Self, NotAnEntry> {
        let time = DateTime::from_str(&event.time, DateTimeFormat::DateTime).map_err(|e| NotAnEntry::Time(e.into()))?;
        let request = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(SOURCE)
            .detail_type(&event.event_type)
            .time(time)
            .detail(serde_json::to_string(event)?)
            .build();
        let bytes = bytes(&request);
        if bytes > MAX_BYTES {
            return Err(NotAnEntry::TooLarge(bytes));
        }
        Ok(Self { index, request, bytes, last_failure: None })
    }
}

/// Returns an entry's size ("Calculating PutEvents event entry size" in the EventBridge User Guide).
fn bytes(entry: &PutEventsRequestEntry) -> usize {
    let texts = [entry.source(), entry.detail_type(), entry.detail()];
    let texts = texts.into_iter().flatten().chain(entry.resources().iter().map(String::as_str));
    entry.time().map_or(0, |_| TIME_BYTES) + texts.map(str::len).sum::<usize>()
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// Returns an event whose entry has that many bytes.
    pub(crate) fn event_of(bytes: usize) -> CloudEvent {
        let mut event: CloudEvent = serde_json::from_value(json!({
            "specversion": "1.0", "id": "0a32eac1-e77e-511d-9f82-39fa61d6de86", "source": "order-ledger/orders/o-1",
            "type": "OrderPlaced", "subject": "o-1", "time": "2026-11-21T09:30:00.123Z",
            "dataschema": "urn:order-ledger:event:OrderPlaced:2", "sequence": "0000000001", "correlationid": "c",
            "customerid": "anna", "data": { "padding": "" }
        }))
        .unwrap();
        let least = Entry::new(0, &event, "bus").unwrap().bytes;
        event.data = json!({ "padding": "x".repeat(bytes - least) });
        event
    }

    #[test]
    fn an_entry_has_type_and_time_and_contains_the_cloud_event() {
        let event = event_of(1000);
        let entry = Entry::new(7, &event, "the-bus").unwrap();
        assert_eq!(entry.index, 7);
        assert_eq!(entry.request.event_bus_name(), Some("the-bus"));
        assert_eq!(entry.request.source(), Some("order-ledger"));
        assert_eq!(entry.request.detail_type(), Some("OrderPlaced"));
        assert_eq!(entry.request.time(), Some(&DateTime::from_millis(1_795_253_400_123)));
        let detail: CloudEvent = serde_json::from_str(entry.request.detail().unwrap()).unwrap();
        assert_eq!(detail, event);
    }

    #[test]
    fn a_size_is_that_of_time_source_type_detail_and_resources_in_utf_8() {
        let entry = PutEventsRequestEntry::builder().source("äö").detail_type("abc").detail("{}").event_bus_name("bus");
        assert_eq!(bytes(&entry.clone().build()), 4 + 3 + 2);
        let entry = entry.time(DateTime::from_millis(1)).resources("arn:1").resources("é");
        assert_eq!(bytes(&entry.build()), 4 + 3 + 2 + 14 + 5 + 2);
    }

    #[test]
    fn an_entry_may_be_as_large_as_a_call_and_no_larger() {
        assert_eq!(Entry::new(0, &event_of(262_144), "bus").unwrap().bytes, 262_144);
        let error = Entry::new(0, &event_of(262_145), "bus").unwrap_err();
        assert_eq!(error.to_string(), "it has 262145 bytes, more than the 262144 of an entry");
    }

    #[test]
    fn an_event_without_a_time_is_no_entry() {
        let event = CloudEvent { time: "yesterday".to_owned(), ..event_of(1000) };
        assert!(matches!(Entry::new(0, &event, "bus"), Err(NotAnEntry::Time(_))));
    }
}
