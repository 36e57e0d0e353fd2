//! A replay in this process, against both embedded services: the state after an outage or a stop, and the work of a second
//! run.

use std::future::{Future, pending, poll_fn};
use std::path::Path;
use std::task::Poll;
use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::retry::RetryConfig;
use embedded_eventbridge::{EmbeddedEventBridge, Faults, LogLocation};
use publication::Pauses;

use super::*;
use test_support::recorded::{Recorded, arrived, events_of, in_sequence, second, sorted};

use crate::stop::Ended;

async fn bus() -> EmbeddedEventBridge {
    let buses = ["OrderBus".to_owned()];
    EmbeddedEventBridge::start(embedded_dynamodb::ANY_PORT, buses, LogLocation::Temporary).await.unwrap()
}

/// Completes once the bus has accepted a number of events. It is polled before each call.
fn once_accepted(bus: &EmbeddedEventBridge, events: u64) -> impl Future<Output = ()> {
    poll_fn(move |_| if bus.counts().accepted >= events { Poll::Ready(()) } else { Poll::Pending })
}

/// Waits for the same condition, then starts an outage. It does not stop the replay.
async fn outage_after(bus: &EmbeddedEventBridge, events: u64) {
    once_accepted(bus, events).await;
    bus.set_faults(Faults { calls_percent: 100, ..Faults::default() });
    pending::<()>().await;
}

fn parameters(order: Option<&str>) -> Parameters {
    Parameters {
        bus: "OrderBus".to_owned(),
        table: "OrderEvents".to_owned(),
        from: second(0),
        to: second(1000),
        order: order.map(str::to_owned),
        name: "late".parse().unwrap(),
        local: true,
    }
}

/// Creates a run as the command does, from the content of the file.
fn replay(recorded: &Recorded, bus: &EmbeddedEventBridge, file: &Path) -> Replay {
    patient_replay(recorded, bus, file, PATIENCE)
}

fn patient_replay(recorded: &Recorded, bus: &EmbeddedEventBridge, file: &Path, patience: Duration) -> Replay {
    let client = Client::from_conf(bus.config().retry_config(RetryConfig::disabled()).build());
    let at_once = Pauses { first: Duration::ZERO, longest: Duration::ZERO };
    let file = StateFile::new(file.to_owned());
    let state = file.read("replay's state").unwrap().unwrap_or_else(|| State::new(parameters(None)));
    Replay {
        store: recorded.store.clone(),
        bus: EventBus::new(client, "OrderBus").with_pauses(at_once),
        patience,
        pace: Pace::new(100_000),
        progress: Progress::new(None, &state.tally).unwrap(),
        file,
        state,
    }
}

#[tokio::test]
async fn a_replay_that_an_outage_ended_goes_on_where_it_was_and_loses_nothing() {
    let (recorded, bus, folder) = (Recorded::nothing().await, bus().await, tempfile::tempdir().unwrap());
    recorded.orders(30).await;
    let file = folder.path().join("state.json");

    let mut first = patient_replay(&recorded, &bus, &file, Duration::ZERO);
    let error = first.run(outage_after(&bus, 30)).await.unwrap_err();
    assert!(error.to_string().starts_with("the event bus is unavailable: "), "{error}");
    let kept = StateFile::new(file.clone()).read::<State>("replay's state").unwrap().unwrap();
    assert_eq!((kept.tally.published, kept.tally.calls), (30, 3), "what is kept was acknowledged");
    assert_eq!(bus.counts().accepted, 30);

    bus.set_faults(Faults::default());
    let mut second = replay(&recorded, &bus, &file);
    assert_eq!(second.run(pending()).await.unwrap(), Ended::Complete);
    assert_eq!((second.state.tally.published, second.state.tally.calls), (60, 6));
    let arrived = arrived(&bus.published().await);
    assert!(in_sequence(&arrived));
    assert_eq!(sorted(arrived), events_of(30), "everything once: what was acknowledged is not sent again");
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_once_however_often_a_replay_goes_on() {
    let (recorded, bus, folder) = (Recorded::nothing().await, bus().await, tempfile::tempdir().unwrap());
    recorded.orders(20).await;
    for number in [0, 5, 10, 15] {
        recorded.poison(&format!("o-{number}"), 3, second(number)).await;
    }
    let file = folder.path().join("state.json");
    for stop_at in [10, 20, 30] {
        assert_eq!(replay(&recorded, &bus, &file).run(once_accepted(&bus, stop_at)).await.unwrap(), Ended::Stopped);
    }
    let mut last = replay(&recorded, &bus, &file);
    assert_eq!(last.run(pending()).await.unwrap(), Ended::Complete);
    assert_eq!((last.state.tally.published, last.state.tally.left_out), (40, 4));
    assert_eq!(sorted(arrived(&bus.published().await)), events_of(20));
}

#[tokio::test]
async fn entries_that_the_bus_refuses_now_and_then_are_sent_again() {
    let (recorded, bus, folder) = (Recorded::nothing().await, bus().await, tempfile::tempdir().unwrap());
    recorded.orders(30).await;
    bus.set_faults(Faults { seed: 7, entries_percent: 20, ..Faults::default() });
    let mut replay = replay(&recorded, &bus, &folder.path().join("state.json"));
    assert_eq!(replay.run(pending()).await.unwrap(), Ended::Complete);
    assert!(replay.state.tally.retried > 0);
    assert_eq!(replay.state.tally.published, 60);
    assert_eq!(sorted(arrived(&bus.published().await)), events_of(30));
}

#[tokio::test]
async fn a_replay_that_is_told_to_stop_sends_no_further_call_and_goes_on_later() {
    let (recorded, bus, folder) = (Recorded::nothing().await, bus().await, tempfile::tempdir().unwrap());
    recorded.orders(30).await;
    let file = folder.path().join("state.json");
    for stop_at in [0, 10, 40] {
        let mut stopped = replay(&recorded, &bus, &file);
        assert_eq!(stopped.run(once_accepted(&bus, stop_at)).await.unwrap(), Ended::Stopped);
        assert_eq!((bus.counts().accepted, stopped.state.tally.published), (stop_at, stop_at));
    }
    assert_eq!(replay(&recorded, &bus, &file).run(pending()).await.unwrap(), Ended::Complete);
    let arrived = arrived(&bus.published().await);
    assert!(in_sequence(&arrived));
    assert_eq!(sorted(arrived), events_of(30));
}

#[tokio::test]
async fn commits_of_several_events_stay_together_and_fill_calls() {
    let (recorded, bus, folder) = (Recorded::nothing().await, bus().await, tempfile::tempdir().unwrap());
    recorded.orders(1).await;
    for number in 0..4 {
        let payment =
            |index| ("PaymentReceived", serde_json::json!({ "paymentId": format!("{number}-{index}"), "amount": 1 }));
        recorded.record("o-0", second(10 + number), &[payment(0), payment(1), payment(2), payment(3)]).await;
    }
    let mut replay = replay(&recorded, &bus, &folder.path().join("state.json"));
    replay.state = State::new(parameters(Some("o-0")));
    assert_eq!(replay.run(pending()).await.unwrap(), Ended::Complete);
    let arrived = arrived(&bus.published().await);
    assert_eq!((arrived.len(), arrived.is_sorted()), (18, true));
    assert_eq!(replay.state.tally.calls, 2, "2 + 4 + 4, and 4 + 4");
}
