//! Fault 13: PutEvents repeatedly fails in part. No event may be lost, and every event is delivered at least once.
//!
//! The publisher, the SDK and HTTP are real. EventBridge is the embedded one. The event source mapping is emulated by
//! [`deliver_again`], which retries without end. This test covers neither the behaviour after the mapping's sixty retries
//! nor poison; `parking.rs` covers poison.
//!
//! A run depends only on its seed. A failed run prints the command that repeats it:
//! `SEED=17 cargo test -p publisher thousand_runs`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use embedded_dynamodb::EmbeddedDynamoDb;
use embedded_eventbridge::Faults;
use fastrand::Rng;
use lambda_runtime::Context;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::bus::{Bus, go_on_from, no_notes, no_time_left};
use crate::stream;

const RUNS: u64 = 1_000;

/// The number of concurrent runs. They do not affect each other, because each has its own bus.
const SIDE_BY_SIDE: usize = 4;

/// More invocations than any run needs. A run that exceeds this number does not end.
const ENDLESS: u64 = 1_000;

/// The number of occurrences of each fault.
type Struck = BTreeMap<&'static str, u64>;

const EVERYTHING: [&str; 9] = [
    "an entry was refused",
    "a call failed",
    "an answer was cut after the entries were taken",
    "an invocation ran out of time",
    "a batch was done",
    "a batch went on in its middle",
    "a batch was bisected",
    "a batch came again as it was",
    "an event was published again",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_lost_in_a_thousand_runs_of_partial_failure() {
    let stream = Arc::new(stream_with_larger_commits().await);
    // No order is ever parked, so all runs may share the notes.
    let notes = no_notes().await;
    if let Ok(seed) = std::env::var("SEED") {
        run(seed.parse().unwrap(), &stream, &notes, &mut Struck::new()).await;
        return;
    }
    let mut lanes = JoinSet::new();
    for lane in 0..SIDE_BY_SIDE {
        let (stream, notes) = (Arc::clone(&stream), Arc::clone(&notes));
        lanes.spawn(async move {
            let mut struck = Struck::new();
            for seed in (0..RUNS).skip(lane).step_by(SIDE_BY_SIDE) {
                run(seed, &stream, &notes, &mut struck).await;
            }
            struck
        });
    }
    let mut struck = Struck::new();
    for (what, times) in lanes.join_all().await.into_iter().flatten() {
        count(&mut struck, what, times);
    }
    for what in EVERYTHING {
        assert!(struck.get(what).is_some_and(|&times| times >= RUNS / 50), "{what}: hardly ever: {struck:?}");
    }
}

fn count(struck: &mut Struck, what: &'static str, times: u64) {
    assert!(EVERYTHING.contains(&what), "{what}");
    *struck.entry(what).or_default() += times;
}

/// Returns a stream in which some commits have two events, as the stream of a later release may have.
async fn stream_with_larger_commits() -> Vec<Value> {
    let mut stream = stream::of(150).await;
    for record in stream.iter_mut().step_by(4) {
        stream::add_an_event(record);
    }
    stream
}

/// Delivers a part of the stream as Lambda does, until it is done, to a publisher whose bus fails.
async fn run(seed: u64, stream: &[Value], notes: &Arc<EmbeddedDynamoDb>, struck: &mut Struck) {
    let (bus, mut random) = (Bus::beside(Arc::clone(notes)).await, Rng::with_seed(seed));
    let again = format!("SEED={seed} cargo test -p publisher thousand_runs");
    let first_named = if random.bool() { FirstNamed::Bisects } else { FirstNamed::ComesAgain };
    bus.server.set_faults(Faults {
        seed,
        entries_percent: random.u8(0..50),
        calls_percent: random.u8(0..25),
        cut_percent: random.u8(0..25),
    });
    let begin = random.usize(..stream.len() - 40);
    let records = &stream[begin..begin + random.usize(1..=40)];

    // The batches that are not delivered yet; the next batch is the last.
    let mut pending = vec![records.to_vec()];
    let mut invocations = 0;
    while let Some(batch) = pending.pop() {
        invocations += 1;
        assert!(invocations < ENDLESS, "it does not end; {again}");
        let out_of_time = random.u8(0..3) == 0;
        count(struck, "an invocation ran out of time", u64::from(out_of_time));
        let context = if out_of_time { no_time_left() } else { Context::default() };
        let answer = bus.invoke(context, &batch).await.unwrap_or_else(|error| panic!("{error}; {again}"));
        count(struck, deliver_again(&answer, batch, first_named, &mut pending), 1);
    }

    let expected: BTreeSet<String> = stream::ids(records).into_iter().collect();
    let mut published: HashMap<String, Value> = HashMap::new();
    for event in bus.server.published().await {
        let id = event["id"].as_str().unwrap().to_owned();
        if let Some(earlier) = published.insert(id, event.clone()) {
            assert_eq!(earlier, event, "a repeat differs; {again}");
            count(struck, "an event was published again", 1);
        }
    }
    let published: BTreeSet<String> = published.into_keys().collect();
    assert_eq!(published, expected, "lost or invented; {again}");

    let fired = bus.server.fired();
    count(struck, "an entry was refused", fired.entries);
    count(struck, "a call failed", fired.calls);
    count(struck, "an answer was cut after the entries were taken", fired.cuts);
}

/// The handling of a batch whose first record is named. Lambda's guide does not define it, so no event may be lost in
/// either case.
#[derive(Debug, Clone, Copy)]
enum FirstNamed {
    Bisects,
    ComesAgain,
}

/// Emulates the event source mapping's handling of a reply: it continues from the named record. Returns its actions.
fn deliver_again(
    answer: &Value,
    mut batch: Vec<Value>,
    first_named: FirstNamed,
    pending: &mut Vec<Vec<Value>>,
) -> &'static str {
    if *answer == go_on_from(None) {
        return "a batch was done";
    }
    let first_failed = batch.iter().position(|record| *answer == go_on_from(Some(record)));
    let mut rest = batch.split_off(first_failed.unwrap_or_else(|| panic!("{answer} is not of the batch")));
    let done = match first_named {
        FirstNamed::Bisects | FirstNamed::ComesAgain if !batch.is_empty() => "a batch went on in its middle",
        FirstNamed::Bisects if rest.len() > 1 => {
            pending.push(rest.split_off(rest.len().div_ceil(2)));
            "a batch was bisected"
        }
        FirstNamed::Bisects | FirstNamed::ComesAgain => "a batch came again as it was",
    };
    pending.push(rest);
    done
}
