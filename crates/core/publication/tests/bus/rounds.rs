//! Rounds of publishing: events that are retried, events that are not, and the end of the rounds.

use std::time::{Duration, Instant};

use embedded_eventbridge::Faults;
use publication::{EventBus, UnpublishedEvent, UnpublishedReason};
use serde_json::json;

use crate::scene::{NAME, bus, events, start};

fn always(entries: u8, calls: u8) -> Faults {
    Faults { entries_percent: entries, calls_percent: calls, ..Faults::default() }
}

#[tokio::test]
async fn a_missing_bus_is_refused_at_once() {
    let server = start().await;
    let publication = bus(&server, "NoSuchBus").publish(&events(11), None).await;
    assert_eq!(publication.failed.len(), 11);
    for (index, failure) in publication.failed.iter().enumerate() {
        assert_eq!(failure.index, index);
        let is_named = matches!(&failure.reason, UnpublishedReason::Refused { cause } if cause.contains("NoSuchBus"));
        assert!(is_named, "{failure:?}");
    }
    assert_eq!(server.counts().calls, 2, "each call was made once");
}

#[tokio::test]
async fn an_event_that_is_too_large_is_not_sent_and_delays_no_other() {
    let (server, mut events) = (start().await, events(3));
    events[1].data = json!({ "padding": "x".repeat(262_144) });
    let publication = bus(&server, NAME).publish(&events, None).await;
    let [UnpublishedEvent { index: 1, reason: UnpublishedReason::Unpublishable { .. } }] = &publication.failed[..]
    else {
        unreachable!("{publication:?}")
    };
    let published = server.published().await;
    let ids: Vec<_> = published.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [events[0].id.to_string(), events[2].id.to_string()]);
    assert_eq!(publication.counters.entries, 2);
}

#[tokio::test]
async fn without_a_time_to_give_up_there_are_ten_rounds() {
    for faults in [always(100, 0), always(0, 100)] {
        let server = start().await;
        server.set_faults(faults);
        let publication = bus(&server, NAME).publish(&events(2), None).await;
        let indices: Vec<_> = publication.failed.iter().map(|failure| failure.index).collect();
        assert_eq!(indices, [0, 1]);
        for UnpublishedEvent { reason, .. } in publication.failed {
            let is_injected =
                matches!(&reason, UnpublishedReason::Unavailable { cause } if cause.contains("injected fault"));
            assert!(is_injected, "{reason}");
        }
        assert_eq!((publication.counters.calls, publication.counters.retried), (10, 18));
    }
}

#[tokio::test]
async fn rounds_end_in_time_to_report_it() {
    let server = start().await;
    server.set_faults(always(100, 0));
    let give_up = Instant::now() + Duration::from_millis(100);
    let publication = bus(&server, NAME).publish(&events(2), Some(give_up)).await;
    assert_eq!(publication.failed.len(), 2);
    assert!(Instant::now() >= give_up, "while there is time, there are rounds");
}

#[tokio::test]
async fn a_pause_that_would_outlast_the_time_is_not_begun() {
    let server = start().await;
    server.set_faults(always(100, 0));
    let patient = EventBus::new(server.client(), NAME);
    let publication = patient.publish(&events(1), Some(Instant::now())).await;
    assert_eq!(publication.counters.calls, 1);
}

#[tokio::test]
async fn while_nothing_answers_events_stay_unpublished_for_now() {
    let server = start().await;
    let event_bus = bus(&server, NAME);
    server.stop().await;
    let publication = event_bus.publish(&events(2), None).await;
    assert_eq!(publication.failed.len(), 2);
    let is_transient = |failure: &UnpublishedEvent| matches!(failure.reason, UnpublishedReason::Unavailable { .. });
    assert!(publication.failed.iter().all(is_transient));
}

#[tokio::test]
async fn a_connection_is_made_by_a_call_that_publishes_nothing() {
    let server = start().await;
    bus(&server, NAME).connect().await.unwrap();
    assert_eq!(server.counts().calls, 1);
    assert!(server.published().await.is_empty());
    let event_bus = bus(&server, NAME);
    server.stop().await;
    assert!(event_bus.connect().await.is_err(), "there is no response");
}
