//! Redriving waiting events to the bus.

use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::operation::delete_item::DeleteItemInput;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use embedded_eventbridge::Faults;
use operations::redrive::{RedriveError, Redriven};
use parked_orders::Consumer;
use serde_json::{Value, json};
use test_support::interceptor::BeforeEach;

use crate::scene::Scene;

const BY: Consumer = Consumer::PUBLISHER;

#[tokio::test]
async fn after_the_repair_waiting_events_are_published_in_sequence() {
    let scene = Scene::with_versions(5).await;
    let sound = scene.spoil(3).await;
    scene.park(&BY, 3, 5).await;
    let Redriven::StillParked { commits: 0, version: 3, reason } = scene.redrive(&BY).await.unwrap() else {
        unreachable!("it is as it was")
    };
    assert!(reason.contains("PaymentPromised"), "{reason}");
    let note = scene.parked(&BY).await.unwrap();
    assert_eq!((note.version, note.held_up_to, note.attempts, note.reason), (3, 5, 2, reason));
    assert_eq!(scene.published().await, [0; 0]);

    scene.put(sound).await;
    assert_eq!(scene.redrive(&BY).await.unwrap(), Redriven::Done { commits: 3 });
    assert_eq!(scene.published().await, [3, 4, 5]);
    let marks: Vec<Value> = scene.bus.published().await.iter().map(|event| event["replayname"].clone()).collect();
    assert_eq!(marks, [json!(null), json!(null), json!(null)], "they are no replay: they never were published");
    assert_eq!(scene.parked(&BY).await, None);
    assert_eq!(scene.redrive(&BY).await.unwrap(), Redriven::NotParked);
}

#[tokio::test]
async fn events_are_published_up_to_a_later_poison_commit() {
    let scene = Scene::with_versions(6).await;
    let sound = scene.spoil(4).await;
    scene.park(&BY, 2, 6).await;
    let outcome = scene.redrive(&BY).await.unwrap();
    assert!(matches!(outcome, Redriven::StillParked { commits: 2, version: 4, .. }), "{outcome:?}");
    let note = scene.parked(&BY).await.unwrap();
    assert_eq!((note.version, note.held_up_to, note.customer_id.as_deref()), (4, 6, Some("alice")));
    scene.put(sound).await;
    assert_eq!(scene.redrive(&BY).await.unwrap(), Redriven::Done { commits: 3 });
    assert_eq!(scene.published().await, [2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_record_held_between_publishing_and_unparking_is_published() {
    let scene = Scene::with_versions(6).await;
    scene.park(&BY, 3, 5).await;
    let (database, arrived) = (scene.recorded.dynamodb.database().clone(), AtomicBool::new(false));
    let hold = move |input: &mut Input| {
        if input.downcast_ref::<DeleteItemInput>().is_some() && !arrived.swap(true, Ordering::SeqCst) {
            let update = json!({
                "TableName": "ParkedOrders",
                "Key": { "consumer": { "S": "publisher" }, "aggregateId": { "S": "o-0" } },
                "UpdateExpression": "SET heldUpTo = :held",
                "ExpressionAttributeValues": { ":held": { "N": "6" } },
            });
            database.update_item(serde_json::from_value(update).unwrap()).unwrap();
        }
    };
    let config = scene.recorded.dynamodb.config().interceptor(BeforeEach(hold));
    let client = aws_sdk_dynamodb::Client::from_conf(config.build());
    assert_eq!(scene.redrive_through(client, &BY).await.unwrap(), Redriven::Done { commits: 4 });
    assert_eq!(scene.published().await, [3, 4, 5, 6], "each once");
    assert_eq!(scene.parked(&BY).await, None);
}

#[tokio::test]
async fn a_bus_that_rejects_some_entries_does_not_change_the_sequence() {
    let scene = Scene::with_versions(40).await;
    scene.park(&BY, 1, 40).await;
    scene.bus.set_faults(Faults { seed: 3, entries_percent: 40, ..Faults::default() });
    assert_eq!(scene.redrive(&BY).await.unwrap(), Redriven::Done { commits: 40 });
    assert!(scene.bus.fired().entries > 10);
    assert_eq!(scene.published().await, (1..=40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_bus_that_is_out_ends_it_and_the_order_stays_parked_as_it_was() {
    let scene = Scene::with_versions(4).await;
    scene.park(&BY, 2, 4).await;
    let before = scene.parked(&BY).await;
    scene.bus.set_faults(Faults { entries_percent: 100, ..Faults::default() });
    let error = scene.redrive(&BY).await.unwrap_err();
    assert!(matches!(error, RedriveError::Bus { .. }), "{error}");
    assert_eq!(scene.parked(&BY).await, before);
}

#[tokio::test]
async fn a_commit_that_is_not_there_is_not_passed_over() {
    let scene = Scene::with_versions(4).await;
    scene.park(&BY, 3, 9).await;
    let outcome = scene.redrive(&BY).await.unwrap();
    let reason = "it is not in the event store".to_owned();
    assert_eq!(outcome, Redriven::StillParked { commits: 2, version: 5, reason });
    assert_eq!(scene.published().await, [3, 4]);
    assert_eq!(scene.parked(&BY).await.map(|note| (note.version, note.held_up_to)), Some((5, 9)));
}

#[tokio::test]
async fn commits_that_are_not_known_to_wait_are_left_to_the_publisher() {
    let scene = Scene::with_versions(5).await;
    scene.park(&BY, 2, 3).await;
    assert_eq!(scene.redrive(&BY).await.unwrap(), Redriven::Done { commits: 2 });
    assert_eq!(scene.published().await, [2, 3]);
}
