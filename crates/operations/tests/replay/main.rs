//! A replay in this process, against both embedded services: the progress after an outage or a stop, and the work of a second
//! run.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::future::{Future, pending, poll_fn};
use std::task::Poll;
use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::retry::RetryConfig;
use embedded_dynamodb::ANY_PORT;
use embedded_eventbridge::{EmbeddedEventBridge, Faults, LogLocation};
use operations::replay::{Replay, ReplayProgress, ReplayRequest};
use operations::{Ended, OperationError};
use publication::{EventBus, Pauses};
use test_support::recorded::{Recorded, arrived, events_of, in_sequence, second, sorted};

async fn bus() -> EmbeddedEventBridge {
    let buses = ["OrderBus".to_owned()];
    EmbeddedEventBridge::start(ANY_PORT, buses, LogLocation::Temporary).await.unwrap()
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

/// Creates a replay of all orders, or of one, that retries a failed call at once.
fn replay(recorded: &Recorded, bus: &EmbeddedEventBridge, order: Option<&str>) -> Replay {
    let order = order.map(str::to_owned);
    let request = ReplayRequest { from: second(0), to: second(1000), order, name: "late".parse().unwrap() };
    let client = Client::from_conf(bus.config().retry_config(RetryConfig::disabled()).build());
    let at_once = Pauses { first: Duration::ZERO, longest: Duration::ZERO };
    let bus = EventBus::new(client, "OrderBus").with_pauses(at_once);
    Replay::new(recorded.store.clone(), bus, request, 100_000)
}

/// Runs a replay as the command does, from the progress in a state file.
async fn run(
    mut replay: Replay,
    progress: &mut ReplayProgress,
    stop_requested: impl Future<Output = ()>,
) -> Result<Ended, OperationError> {
    let after = progress.after.clone();
    let ended = replay.run(after, stop_requested, |commits| {
        progress.add(commits);
        Ok::<_, OperationError>(())
    });
    let ended = ended.await;
    *progress = serde_json::from_str(&serde_json::to_string(progress).unwrap()).unwrap();
    ended
}

#[tokio::test]
async fn a_replay_continues_after_an_outage_and_loses_nothing() {
    let (recorded, bus, mut progress) = (Recorded::nothing().await, bus().await, ReplayProgress::default());
    recorded.orders(30).await;

    let first = replay(&recorded, &bus, None).with_patience(Duration::ZERO);
    let error = run(first, &mut progress, outage_after(&bus, 30)).await.unwrap_err();
    let unavailable = "the event bus did not accept a call: unavailable: ";
    assert!(error.to_string().starts_with(unavailable), "{error}");
    let kept = (progress.counts.published, progress.counts.calls);
    assert_eq!(kept, (30, 3), "only acknowledged calls are in the progress");
    assert_eq!(bus.counts().accepted, 30);

    bus.set_faults(Faults::default());
    let second = replay(&recorded, &bus, None);
    assert_eq!(run(second, &mut progress, pending()).await.unwrap(), Ended::Complete);
    assert_eq!((progress.counts.published, progress.counts.calls), (60, 6));
    let arrived = arrived(&bus.published().await);
    assert!(in_sequence(&arrived));
    assert_eq!(sorted(arrived), events_of(30), "acknowledged events are not sent again");
}

#[tokio::test]
async fn an_unreadable_commit_is_counted_once_in_all_runs() {
    let (recorded, bus, mut progress) = (Recorded::nothing().await, bus().await, ReplayProgress::default());
    recorded.orders(20).await;
    for number in [0, 5, 10, 15] {
        recorded.poison(&format!("o-{number}"), 3, second(number)).await;
    }
    for stop_at in [10, 20, 30] {
        let ended = run(replay(&recorded, &bus, None), &mut progress, once_accepted(&bus, stop_at)).await;
        assert_eq!(ended.unwrap(), Ended::Stopped);
    }
    let ended = run(replay(&recorded, &bus, None), &mut progress, pending()).await;
    assert_eq!(ended.unwrap(), Ended::Complete);
    assert_eq!((progress.counts.published, progress.counts.left_out), (40, 4));
    assert_eq!(sorted(arrived(&bus.published().await)), events_of(20));
}

#[tokio::test]
async fn rejected_entries_are_sent_again() {
    let (recorded, bus, mut progress) = (Recorded::nothing().await, bus().await, ReplayProgress::default());
    recorded.orders(30).await;
    bus.set_faults(Faults { seed: 7, entries_percent: 20, ..Faults::default() });
    let ended = run(replay(&recorded, &bus, None), &mut progress, pending()).await;
    assert_eq!(ended.unwrap(), Ended::Complete);
    assert!(progress.counts.retried > 0);
    assert_eq!(progress.counts.published, 60);
    assert_eq!(sorted(arrived(&bus.published().await)), events_of(30));
}

#[tokio::test]
async fn a_stopped_replay_sends_no_further_call_and_continues_later() {
    let (recorded, bus, mut progress) = (Recorded::nothing().await, bus().await, ReplayProgress::default());
    recorded.orders(30).await;
    for stop_at in [0, 10, 40] {
        let ended = run(replay(&recorded, &bus, None), &mut progress, once_accepted(&bus, stop_at)).await;
        assert_eq!(ended.unwrap(), Ended::Stopped);
        assert_eq!((bus.counts().accepted, progress.counts.published), (stop_at, stop_at));
    }
    let ended = run(replay(&recorded, &bus, None), &mut progress, pending()).await;
    assert_eq!(ended.unwrap(), Ended::Complete);
    let arrived = arrived(&bus.published().await);
    assert!(in_sequence(&arrived));
    assert_eq!(sorted(arrived), events_of(30));
}

#[tokio::test]
async fn commits_of_several_events_stay_together_and_fill_calls() {
    let (recorded, bus, mut progress) = (Recorded::nothing().await, bus().await, ReplayProgress::default());
    recorded.orders(1).await;
    for number in 0..4 {
        let payment =
            |index| ("PaymentReceived", serde_json::json!({ "paymentId": format!("{number}-{index}"), "amount": 1 }));
        recorded.record("o-0", second(10 + number), &[payment(0), payment(1), payment(2), payment(3)]).await;
    }
    let ended = run(replay(&recorded, &bus, Some("o-0")), &mut progress, pending()).await;
    assert_eq!(ended.unwrap(), Ended::Complete);
    let arrived = arrived(&bus.published().await);
    assert_eq!((arrived.len(), arrived.is_sorted()), (18, true));
    assert_eq!(progress.counts.calls, 2, "2 + 4 + 4, and 4 + 4");
}
