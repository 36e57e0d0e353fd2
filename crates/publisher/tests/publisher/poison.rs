//! A commit that can never be published: it ends alone among what was given up, and all that came with it is on the bus.

use std::collections::HashMap;

use lambda_runtime::Context;
use serde_json::{Value, json};

use crate::bus::{Bus, go_on_from};
use crate::stream;

/// As the template has it.
const BATCH_SIZE: usize = 100;
/// As the template has it.
const RETRIES: u32 = 60;

/// A stream in which some commits are of an event type that no release knows.
async fn stream_with_poison(at: &[usize]) -> Vec<Value> {
    let mut stream = stream::of(BATCH_SIZE).await;
    for &poison in at {
        stream[poison]["dynamodb"]["NewImage"]["events"]["L"][0]["M"]["eventType"]["S"] = json!("PaymentPromised");
    }
    stream
}

/// Delivers a batch by what the Lambda Developer Guide says and no more, and returns the batches that were given up. An error
/// splits a batch in two. A report cuts it at the record that is named; where that is the first, nothing is cut off, and the
/// same batch uses up a retry.
async fn deliver(bus: &Bus, records: &[Value]) -> Vec<Vec<Value>> {
    let (mut pending, mut given_up) = (vec![(records.to_vec(), 0)], Vec::new());
    while let Some((mut batch, retries)) = pending.pop() {
        match bus.invoke(Context::default(), &batch).await {
            Ok(answer) if answer == go_on_from(None) => {}
            Ok(answer) => match batch.iter().position(|record| answer == go_on_from(Some(record))).unwrap() {
                0 if retries == RETRIES => given_up.push(batch),
                0 => pending.push((batch, retries + 1)),
                first_failed => pending.push((batch.split_off(first_failed), retries)),
            },
            Err(_) if batch.len() > 1 => {
                pending.push((batch.split_off(batch.len().div_ceil(2)), retries));
                pending.push((batch, retries));
            }
            Err(error) => panic!("alone, it can be named: {error}"),
        }
    }
    given_up
}

/// How often each event was published.
async fn publications(bus: &Bus) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for id in bus.published_ids().await {
        *times.entry(id).or_default() += 1;
    }
    times
}

#[tokio::test]
async fn wherever_poison_stands_in_a_batch_it_alone_is_given_up() {
    for at in [0, 1, 37, 98, 99] {
        let (bus, stream) = (Bus::start().await, stream_with_poison(&[at]).await);
        assert_eq!(deliver(&bus, &stream).await, [stream[at..=at].to_vec()], "poison at {at}");
        let published = publications(&bus).await;
        assert_eq!(published.len(), BATCH_SIZE - 1, "poison at {at}");
        // Most often the next record: with the whole batch, with what is cut off before the poison, with each of six halves
        // that hold both, and at last without the poison.
        assert!(published.values().all(|&times| times <= 9), "poison at {at}: {published:?}");
        assert!(published.values().sum::<usize>() < 4 * BATCH_SIZE, "poison at {at}: {published:?}");
    }
}

#[tokio::test]
async fn several_poison_records_are_given_up_one_by_one() {
    let poison = [0, 1, 50, 99];
    let (bus, stream) = (Bus::start().await, stream_with_poison(&poison).await);
    let expected: Vec<_> = poison.iter().map(|&at| vec![stream[at].clone()]).collect();
    assert_eq!(deliver(&bus, &stream).await, expected);
    assert_eq!(publications(&bus).await.len(), BATCH_SIZE - poison.len());
}

#[tokio::test]
async fn a_batch_that_begins_with_poison_fails_whole_after_all_else_is_published() {
    let (bus, stream) = (Bus::start().await, stream_with_poison(&[0]).await);
    let error = bus.invoke(Context::default(), &stream[..3]).await.unwrap_err();
    assert!(error.contains(stream[0]["dynamodb"]["SequenceNumber"].as_str().unwrap()), "{error}");
    assert_eq!(bus.published_ids().await, stream::ids(&stream[1..3]));
}

#[tokio::test]
async fn poison_behind_a_record_that_needs_no_publication_is_named() {
    let (bus, mut stream) = (Bus::start().await, stream_with_poison(&[1]).await);
    stream[0]["eventName"] = json!("MODIFY");
    assert_eq!(bus.answer(&stream[..3]).await, go_on_from(Some(&stream[1])));
}
