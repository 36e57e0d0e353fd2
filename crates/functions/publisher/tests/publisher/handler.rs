//! Batches from the embedded DynamoDB's own stream, valid and invalid.

use lambda_runtime::Context;
use serde_json::json;

use crate::bus::{Bus, batch, go_on_from, no_time_left};
use crate::stream;

#[tokio::test]
async fn a_batch_is_published_in_order_and_nothing_is_retried() {
    let (bus, stream) = (Bus::start().await, stream::of(12).await);
    assert_eq!(bus.answer(&stream).await, json!({ "batchItemFailures": [] }));
    assert_eq!(bus.server.published().await, stream::events(&stream).iter().map(|e| json!(e)).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_repeated_batch_is_published_again_under_the_same_ids() {
    let (bus, stream) = (Bus::start().await, stream::of(3).await);
    for _ in 0..2 {
        assert_eq!(bus.answer(&stream).await, go_on_from(None));
    }
    let ids = stream::ids(&stream);
    assert_eq!(bus.published_ids().await, [&ids[..], &ids[..]].concat());
}

#[tokio::test]
async fn a_record_that_is_twice_in_a_batch_is_published_twice() {
    let (bus, stream) = (Bus::start().await, stream::of(2).await);
    let mut again = stream[0].clone();
    again["dynamodb"]["SequenceNumber"] = json!("99999999999999999999999");
    let batch = [stream[0].clone(), stream[1].clone(), again];
    assert_eq!(bus.answer(&batch).await, go_on_from(None));
    let ids = stream::ids(&stream);
    assert_eq!(bus.published_ids().await, [&*ids[0], &*ids[1], &*ids[0]]);
}

#[tokio::test]
async fn every_event_of_a_commit_is_published() {
    let (bus, mut stream) = (Bus::start().await, stream::of(2).await);
    stream::add_an_event(&mut stream[0]);
    assert_eq!(bus.answer(&stream).await, go_on_from(None));
    let published = bus.server.published().await;
    let sequences: Vec<_> = published.iter().map(|event| event["sequence"].as_str().unwrap()).collect();
    assert_eq!(sequences, ["0000000001", "0000000001.001", "0000000001"]);
    assert_eq!(bus.published_ids().await, stream::ids(&stream));
}

#[tokio::test]
async fn a_change_of_a_stored_commit_is_not_published() {
    let (bus, mut stream) = (Bus::start().await, stream::of(4).await);
    stream[1]["eventName"] = json!("MODIFY");
    stream[2]["eventName"] = json!("REMOVE");
    stream[2]["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    assert_eq!(bus.answer(&stream).await, go_on_from(None));
    assert_eq!(bus.published_ids().await, [&stream::ids(&stream[..1])[..], &stream::ids(&stream[3..])].concat());
}

#[tokio::test]
async fn when_the_time_is_over_one_call_is_made_and_the_rest_retried() {
    let (bus, mut stream) = (Bus::start().await, stream::of(25).await);
    stream::add_an_event(&mut stream[9]);
    // The tenth record has the tenth and the eleventh event. With only one of them published, the record is not done.
    assert_eq!(bus.answer_in(no_time_left(), &stream).await, go_on_from(Some(&stream[9])));
    assert_eq!(bus.published_ids().await, stream::ids(&stream)[..10]);
    assert_eq!(bus.server.counts().calls, 1);

    assert_eq!(bus.answer(&stream[9..]).await, go_on_from(None));
    assert_eq!(bus.published_ids().await[10..], stream::ids(&stream[9..]));
}

#[tokio::test]
async fn a_missing_bus_fails_the_batch_from_its_first_record() {
    let (bus, stream) = (Bus::start().await, stream::of(3).await);
    let response = bus.publisher("NoSuchBus").handle(batch(&stream, Context::default())).await.unwrap();
    assert_eq!(serde_json::to_value(response).unwrap(), go_on_from(Some(&stream[0])));
}

#[tokio::test]
async fn a_record_without_a_sequence_number_is_published_like_any_other() {
    for sequence_number in [json!(""), json!(null)] {
        let (bus, mut stream) = (Bus::start().await, stream::of(3).await);
        stream[1]["dynamodb"]["SequenceNumber"] = sequence_number;
        assert_eq!(bus.answer(&stream).await, go_on_from(None));
        assert_eq!(bus.published_ids().await, stream::ids(&stream));
    }
}

/// Lambda documents that an empty sequence number fails the whole batch.
#[tokio::test]
async fn a_record_without_a_sequence_number_is_retried_with_its_whole_batch() {
    let (bus, mut stream) = (Bus::start().await, stream::of(3).await);
    stream[0]["dynamodb"]["SequenceNumber"] = json!(null);
    let response = bus.publisher("NoSuchBus").handle(batch(&stream, Context::default())).await.unwrap();
    let whole = json!({ "batchItemFailures": [{ "itemIdentifier": "" }] });
    assert_eq!(serde_json::to_value(response).unwrap(), whole);
}

#[tokio::test]
async fn an_empty_batch_is_answered_without_a_call() {
    let bus = Bus::start().await;
    assert_eq!(bus.answer(&[]).await, json!({ "batchItemFailures": [] }));
    assert_eq!(bus.server.counts().calls, 0);
}
