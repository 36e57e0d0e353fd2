//! What publishing costs: EventBridge bills each event, and every call takes time.

use embedded_eventbridge::Faults;
use published_events::CloudEvent;

use crate::bus::{Bus, NAME};
use crate::ledger::Ledger;
use crate::stream::{self, place};

#[tokio::test]
async fn an_event_is_one_entry_and_ten_entries_are_one_call() {
    let stream = stream::of(37).await;
    for events in [1, 9, 10, 11, 20, 37] {
        let bus = Bus::start().await;
        bus.answer(&stream[..events]).await;
        let counts = bus.server.counts();
        assert_eq!((counts.entries, counts.calls), (events as u64, events.div_ceil(10) as u64));
        assert_eq!(counts.accepted, events as u64);
    }
}

#[tokio::test]
async fn large_events_are_split_by_their_bytes_into_as_few_calls_as_can_be() {
    let ledger = Ledger::new().await;
    let shapes = [(100, 200), (100, 200), (100, 190), (100, 120), (3, 10), (100, 200), (100, 200), (1, 1), (100, 200)];
    for (number, (items, letters)) in shapes.into_iter().cycle().take(27).enumerate() {
        // Three bytes a letter.
        ledger.record(&format!("o-{number}"), place(items, &"茶".repeat(letters)), "2026-11-21T09:30:00.123Z").await;
    }
    let (bus, events) = (Bus::start().await, stream::events(&ledger.stream()));
    let publication = bus.named(NAME).publish(&events, None).await;
    assert_eq!(publication.failed, []);
    assert_eq!(bus.published_ids().await.len(), 27);
    // A call that was too large was refused, and some of its events would be missing.
    let fewest = fewest_calls(&events.iter().map(size).collect::<Vec<_>>());
    assert!(fewest > 3, "by their number alone they would take three");
    assert_eq!(bus.server.counts().calls, fewest);
    assert_eq!(publication.counters.calls, fewest);
}

#[tokio::test]
async fn what_failed_is_sent_again_alone() {
    let (bus, events) = (Bus::start().await, stream::events(&stream::of(35).await));
    bus.server.set_faults(Faults { seed: 1, entries_percent: 40, ..Faults::default() });
    let publication = bus.named(NAME).publish(&events, None).await;
    assert_eq!(publication.failed, []);
    let counts = bus.server.counts();
    assert_eq!(counts.accepted, 35, "what was taken was not sent again");
    assert!(counts.refused > 5);
    assert_eq!(publication.counters.retried, counts.refused);
    assert_eq!(publication.counters.entries, 35 + counts.refused);
    assert!(counts.calls < 4 + counts.refused, "and packed anew");
}

/// An entry's size as EventBridge counts it.
fn size(event: &CloudEvent) -> usize {
    14 + "order-ledger".len() + event.event_type.len() + serde_json::to_string(event).unwrap().len()
}

/// The fewest calls of all ways to cut events of these sizes into calls, found by trying every last call.
fn fewest_calls(sizes: &[usize]) -> u64 {
    let mut fewest = vec![0];
    for end in 1..=sizes.len() {
        let fits = |&begin: &usize| end - begin <= 10 && sizes[begin..end].iter().sum::<usize>() <= 262_144;
        fewest.push((0..end).filter(fits).map(|begin| fewest[begin] + 1).min().unwrap());
    }
    fewest[sizes.len()]
}
