//! Rounds: what is sent again, what is not, and when it ends.

use std::time::{Duration, Instant};

use embedded_eventbridge::Faults;
use parked_orders::ParkedOrders;
use publisher::{EventBus, Failure, Publisher, Reason};
use serde_json::json;

use crate::bus::{Bus, NAME, NOTES};
use crate::stream;

fn always(entries: u8, calls: u8) -> Faults {
    Faults { entries_percent: entries, calls_percent: calls, ..Faults::default() }
}

#[tokio::test]
async fn a_missing_bus_is_refused_at_once() {
    let (bus, events) = (Bus::start().await, stream::events(&stream::of(11).await));
    let publication = bus.named("NoSuchBus").publish(&events, None).await;
    assert_eq!(publication.failed.len(), 11);
    for (index, failure) in publication.failed.iter().enumerate() {
        assert_eq!(failure.index, index);
        assert!(matches!(&failure.reason, Reason::Refused { cause } if cause.contains("NoSuchBus")), "{failure:?}");
    }
    assert_eq!(bus.server.counts().calls, 2, "each call was made once");
}

#[tokio::test]
async fn an_event_that_is_too_large_is_not_sent_and_holds_up_nobody() {
    let (bus, mut events) = (Bus::start().await, stream::events(&stream::of(3).await));
    events[1].data = json!({ "padding": "x".repeat(262_144) });
    let publication = bus.named(NAME).publish(&events, None).await;
    assert!(matches!(&publication.failed[..], [Failure { index: 1, reason: Reason::Unpublishable { .. } }]));
    assert_eq!(bus.published_ids().await, [events[0].id.to_string(), events[2].id.to_string()]);
    assert_eq!(publication.counters.entries, 2);
}

#[tokio::test]
async fn without_a_time_to_give_up_there_are_ten_rounds() {
    for faults in [always(100, 0), always(0, 100)] {
        let (bus, events) = (Bus::start().await, stream::events(&stream::of(2).await));
        bus.server.set_faults(faults);
        let publication = bus.named(NAME).publish(&events, None).await;
        let indices: Vec<_> = publication.failed.iter().map(|failure| failure.index).collect();
        assert_eq!(indices, [0, 1]);
        for Failure { reason, .. } in publication.failed {
            assert!(matches!(&reason, Reason::Unavailable { cause } if cause.contains("told to fail")), "{reason}");
        }
        assert_eq!((publication.counters.calls, publication.counters.retried), (10, 18));
    }
}

#[tokio::test]
async fn rounds_end_in_time_to_say_so() {
    let (bus, events) = (Bus::start().await, stream::events(&stream::of(2).await));
    bus.server.set_faults(always(100, 0));
    let give_up = Instant::now() + Duration::from_millis(100);
    let publication = bus.named(NAME).publish(&events, Some(give_up)).await;
    assert_eq!(publication.failed.len(), 2);
    assert!(Instant::now() >= give_up, "while there is time, there are rounds");
}

#[tokio::test]
async fn a_pause_that_would_outlast_the_time_is_not_begun() {
    let (bus, events) = (Bus::start().await, stream::events(&stream::of(1).await));
    bus.server.set_faults(always(100, 0));
    let patient = EventBus::new(bus.server.client(), NAME);
    let publication = patient.publish(&events, Some(Instant::now())).await;
    assert_eq!(publication.counters.calls, 1);
}

#[tokio::test]
async fn while_nothing_answers_events_stay_unpublished_for_now() {
    let (bus, events) = (Bus::start().await, stream::events(&stream::of(2).await));
    let event_bus = bus.named(NAME);
    bus.server.stop().await;
    let publication = event_bus.publish(&events, None).await;
    assert_eq!(publication.failed.len(), 2);
    assert!(publication.failed.iter().all(|failure| matches!(failure.reason, Reason::Unavailable { .. })));
}

#[tokio::test]
async fn priming_reaches_the_bus_and_the_notes_and_changes_neither() {
    let bus = Bus::start().await;
    let (client, meter) = bus.dynamodb.metered_client();
    Publisher::new(bus.named(NAME), ParkedOrders::new(client, NOTES)).prime().await;
    assert_eq!(bus.server.counts().calls, 1);
    assert!(bus.server.published().await.is_empty());
    let reading = meter.take();
    assert_eq!((reading.requests_of("Query"), reading.total_requests()), (1, 1));
}

#[tokio::test]
async fn a_function_starts_although_nothing_answers_its_priming() {
    let bus = Bus::start().await;
    let event_bus = bus.named(NAME);
    bus.server.stop().await;
    event_bus.prime().await;
}
