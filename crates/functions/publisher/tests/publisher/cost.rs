//! The cost of publishing: EventBridge bills each event, DynamoDB bills each read, and every call takes time.

use embedded_eventbridge::Faults;
use lambda_runtime::Context;
use parked_orders::ParkedOrderTable;
use publisher::Publisher;
use serde_json::json;
use test_support::ledger::Ledger;

use crate::bus::{Bus, NAME, NOTES, go_on_from};
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

/// The first records of the stream place orders, so nothing of them can wait.
#[tokio::test]
async fn without_parked_orders_a_batch_costs_one_unit_and_new_orders_none() {
    let stream = stream::of(100).await;
    for (records, units) in [(0..1, 0), (0..100, 0), (5..6, 1), (5..100, 1)] {
        let bus = Bus::start().await;
        let (client, meter) = bus.dynamodb.metered_client();
        let publisher = Publisher::new(bus.named(NAME), ParkedOrderTable::new(client, NOTES));
        let answer = Bus::invoke_by(&publisher, Context::default(), &stream[records]).await.unwrap();
        assert_eq!(answer, go_on_from(None));
        let reading = meter.take();
        assert_eq!((reading.requests_of("Query"), reading.total_requests()), (units, units));
        assert_eq!((reading.read_half_units(), reading.write_half_units()), (units * 2, 0));
    }
}

#[tokio::test]
async fn held_records_cost_one_write_for_each_order() {
    let (bus, mut stream) = (Bus::start().await, stream::of(20).await);
    stream[0]["dynamodb"]["NewImage"]["events"]["L"][0]["M"]["eventType"]["S"] = json!("OrderPromised");
    let (client, meter) = bus.dynamodb.metered_client();
    let publisher = Publisher::new(bus.named(NAME), ParkedOrderTable::new(client, NOTES));
    for batch in stream.chunks(10) {
        assert_eq!(Bus::invoke_by(&publisher, Context::default(), batch).await.unwrap(), go_on_from(None));
        let reading = meter.take();
        assert_eq!((reading.requests_of("Query"), reading.requests_of("UpdateItem")), (1, 1));
        assert_eq!(reading.total_requests(), 2);
    }
    assert_eq!(bus.parked().await[0].held_up_to, 4);
}

#[tokio::test]
async fn large_events_are_split_by_their_bytes_into_as_few_calls_as_can_be() {
    let ledger = Ledger::new().await;
    let shapes = [(100, 200), (100, 200), (100, 190), (100, 120), (3, 10), (100, 200), (100, 200), (1, 1), (100, 200)];
    for (number, (items, letters)) in shapes.into_iter().cycle().take(27).enumerate() {
        // Each letter takes three bytes.
        ledger.record(&format!("o-{number}"), place(items, &"茶".repeat(letters)), "2026-11-21T09:30:00.123Z").await;
    }
    let (bus, events) = (Bus::start().await, stream::events(&ledger.stream()));
    let publication = bus.named(NAME).publish(&events, None).await;
    assert_eq!(publication.failed, []);
    assert_eq!(bus.published_ids().await.len(), 27);
    // The number of events alone would need three calls. The bus rejects a call that is too large, and its events would be
    // missing. `packing.rs` tests that no other split takes fewer calls.
    assert_eq!(bus.server.counts().calls, 6);
    assert_eq!(publication.counters.calls, 6);
}

#[tokio::test]
async fn only_rejected_entries_are_sent_again() {
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
