//! Fault 13: PutEvents fails in part, again and again. No event may be lost, and every one is delivered at least once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use embedded_eventbridge::Faults;
use fastrand::Rng;
use lambda_runtime::Context;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::bus::{Bus, no_time_left};
use crate::stream;

const RUNS: u64 = 1_000;

/// How many go at once. It changes nothing in any of them: each has its own bus.
const SIDE_BY_SIDE: usize = 4;

/// More invocations than any run needs: beyond, it does not come to an end.
const ENDLESS: u64 = 1_000;

/// How often what was done to the publisher.
type Struck = BTreeMap<&'static str, u64>;

const EVERYTHING: [&str; 7] = [
    "an entry was refused",
    "a call failed",
    "an answer was cut after the entries were taken",
    "an invocation ran out of time",
    "a batch went on in its middle",
    "a batch was bisected",
    "an event was published again",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_lost_in_a_thousand_runs_of_partial_failure() {
    let stream = Arc::new(stream_with_larger_commits().await);
    let mut lanes = JoinSet::new();
    for lane in 0..SIDE_BY_SIDE {
        let stream = Arc::clone(&stream);
        lanes.spawn(async move {
            let mut struck = Struck::new();
            for seed in (0..RUNS).skip(lane).step_by(SIDE_BY_SIDE) {
                run(seed, &stream, &mut struck).await;
            }
            struck
        });
    }
    let mut struck = Struck::new();
    for (what, times) in lanes.join_all().await.into_iter().flatten() {
        count(&mut struck, what, times);
    }
    for what in EVERYTHING {
        assert!(struck.get(what).is_some_and(|&times| times >= RUNS / 10), "{what}: hardly ever: {struck:?}");
    }
}

fn count(struck: &mut Struck, what: &'static str, times: u64) {
    assert!(EVERYTHING.contains(&what), "{what}");
    *struck.entry(what).or_default() += times;
}

/// Some commits have two events, as the stream of a later release may.
async fn stream_with_larger_commits() -> Vec<Value> {
    let mut stream = stream::of(150).await;
    for record in stream.iter_mut().step_by(4) {
        stream::add_an_event(record);
    }
    stream
}

/// Delivers some of the stream as Lambda does, until it is done, to a publisher whose bus fails.
async fn run(seed: u64, stream: &[Value], struck: &mut Struck) {
    let (bus, mut random) = (Bus::start().await, Rng::with_seed(seed));
    bus.server.set_faults(Faults {
        seed,
        entries_percent: random.u8(0..50),
        calls_percent: random.u8(0..25),
        cut_percent: random.u8(0..25),
    });
    let begin = random.usize(..stream.len() - 40);
    let records = &stream[begin..begin + random.usize(1..=40)];

    // What is still to be delivered; the next batch last.
    let mut pending = vec![records.to_vec()];
    let mut invocations = 0;
    while let Some(batch) = pending.pop() {
        invocations += 1;
        assert!(invocations < ENDLESS, "seed {seed}: it does not end");
        let out_of_time = random.u8(0..3) == 0;
        count(struck, "an invocation ran out of time", u64::from(out_of_time));
        let context = if out_of_time { no_time_left() } else { Context::default() };
        let answer = bus.answer_in(context, &batch).await;
        deliver_again(&answer, batch, &mut pending, struck, seed);
    }

    let expected: BTreeSet<String> = stream::ids(records).into_iter().collect();
    let mut published: HashMap<String, Value> = HashMap::new();
    for event in bus.server.published().await {
        let id = event["id"].as_str().unwrap().to_owned();
        if let Some(earlier) = published.insert(id, event.clone()) {
            assert_eq!(earlier, event, "seed {seed}: a repeat differs");
            count(struck, "an event was published again", 1);
        }
    }
    let published: BTreeSet<String> = published.into_keys().collect();
    assert_eq!(published, expected, "seed {seed}: lost or invented");

    let fired = bus.server.fired();
    count(struck, "an entry was refused", fired.entries);
    count(struck, "a call failed", fired.calls);
    count(struck, "an answer was cut after the entries were taken", fired.cuts);
}

/// Lambda's rule, where `BisectBatchOnFunctionError` is set: it goes on from the record that is named, and where that is the
/// first, with each half of the batch.
fn deliver_again(answer: &Value, mut batch: Vec<Value>, pending: &mut Vec<Vec<Value>>, struck: &mut Struck, seed: u64) {
    let failures = answer["batchItemFailures"].as_array().unwrap();
    assert!(failures.len() <= 1, "seed {seed}: {answer}");
    let Some(failure) = failures.first() else { return };
    let is_named = |record: &Value| record["dynamodb"]["SequenceNumber"] == failure["itemIdentifier"];
    let first = batch.iter().position(is_named);
    let first = first.unwrap_or_else(|| panic!("seed {seed}: {failure} is not of the batch"));
    let mut rest = batch.split_off(first);
    if first > 0 {
        count(struck, "a batch went on in its middle", 1);
    } else if rest.len() > 1 {
        count(struck, "a batch was bisected", 1);
        pending.push(rest.split_off(rest.len().div_ceil(2)));
    }
    pending.push(rest);
}
