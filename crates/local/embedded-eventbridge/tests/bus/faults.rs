//! Injected faults.

use embedded_eventbridge::{Counts, EmbeddedEventBridge, Faults, Fired};
use serde_json::Value;

use crate::{client_without_retries, numbered, numbers, put, start};

type Answers = Vec<Result<Vec<Option<String>>, String>>;

/// Returns the replies to twenty calls of five entries, the resulting log, and the faults that occurred.
async fn run(faults: Faults) -> (Answers, Vec<u64>, Fired, Counts) {
    let bus = start().await;
    bus.set_faults(faults);
    let answers = twenty_calls(&bus).await;
    (answers, numbers(&bus.published().await), bus.fired(), bus.counts())
}

async fn twenty_calls(bus: &EmbeddedEventBridge) -> Answers {
    let client = client_without_retries(bus);
    let mut answers = Vec::new();
    for call in 0..20 {
        answers.push(put(&client, (call * 5..call * 5 + 5).map(numbered).collect()).await);
    }
    answers
}

fn some_of_everything(seed: u64) -> Faults {
    Faults { seed, entries_percent: 30, calls_percent: 20, cut_percent: 20 }
}

#[tokio::test]
async fn without_faults_everything_is_accepted() {
    let (answers, published, fired, counts) = run(Faults::default()).await;
    assert_eq!(answers, vec![Ok(vec![None; 5]); 20]);
    assert_eq!(published, (0..100).collect::<Vec<_>>());
    assert_eq!((fired, counts), (Fired::default(), Counts { calls: 20, entries: 100, accepted: 100, refused: 0 }));
}

#[tokio::test]
async fn a_seed_reproduces_its_faults() {
    let first = run(some_of_everything(7)).await;
    assert_eq!(first, run(some_of_everything(7)).await);
    assert_ne!(first, run(some_of_everything(8)).await);
}

#[tokio::test]
async fn every_fault_is_counted_and_the_log_has_only_accepted_events() {
    let mut struck = [0; 3];
    for seed in 0..5 {
        let bus = start().await;
        bus.set_faults(some_of_everything(seed));
        let (mut taken, mut lost_answers, mut refused, mut entries) = (Vec::new(), 0, 0, 0);
        for (call, answer) in (0..).zip(twenty_calls(&bus).await) {
            match answer {
                Ok(codes) => {
                    let accepted = codes.iter().zip(call * 5..).filter(|(code, _)| code.is_none());
                    taken.extend(accepted.map(|(_, n)| n));
                    entries += codes.len() as u64;
                    refused += codes.iter().flatten().count() as u64;
                }
                Err(_) => lost_answers += 1,
            }
        }
        let (fired, counts, published) = (bus.fired(), bus.counts(), numbers(&bus.published().await));
        assert_eq!(fired.calls + fired.cuts, lost_answers, "seed {seed}");
        struck = [struck[0] + fired.entries, struck[1] + fired.calls, struck[2] + fired.cuts];
        assert_eq!((counts.calls, counts.refused), (20, fired.entries), "seed {seed}");
        assert_eq!(counts.entries, entries + 5 * fired.cuts, "seed {seed}");
        assert_eq!(counts.accepted, counts.entries - counts.refused, "seed {seed}");
        assert!(refused <= counts.refused);
        assert_eq!(published.len() as u64, counts.accepted, "seed {seed}");
        assert!(taken.iter().all(|n| published.contains(n)), "seed {seed}: an accepted entry is not in the log");
    }
    assert!(!struck.contains(&0), "{struck:?}");
}

#[tokio::test]
async fn entries_fail_in_the_two_ways_that_may_pass() {
    let (answers, published, fired, _) = run(Faults { entries_percent: 100, ..Faults::default() }).await;
    let [internal, throttled] = ["InternalFailure", "ThrottlingException"].map(|code| Some(code.to_owned()));
    assert_eq!(answers[0], Ok(vec![internal.clone(), throttled.clone(), internal.clone(), throttled, internal]));
    assert_eq!((published, fired.entries), (vec![], 100));
}

#[tokio::test]
async fn a_call_that_fails_leaves_nothing() {
    let (answers, published, fired, counts) = run(Faults { calls_percent: 100, ..Faults::default() }).await;
    assert_eq!(answers, vec![Err("InternalFailure".to_owned()); 20]);
    assert_eq!((published, fired.calls, counts.entries), (vec![], 20, 0));
}

#[tokio::test]
async fn a_call_that_is_cut_off_was_taken() {
    let (answers, published, fired, _) = run(Faults { cut_percent: 100, ..Faults::default() }).await;
    assert_eq!(answers[..2], [Err("InternalFailure".to_owned()), Err("no answer".to_owned())]);
    assert_eq!((published, fired.cuts), ((0..100).collect(), 20));
}

#[tokio::test]
async fn the_sdk_tries_again_whatever_way_a_call_fails() {
    let bus = start().await;
    for (cut_percent, calls_percent) in [(0, 100), (100, 0)] {
        bus.set_faults(Faults { cut_percent, calls_percent, ..Faults::default() });
        let before = bus.counts().calls;
        put(&bus.client(), vec![numbered(1)]).await.unwrap_err();
        assert_eq!(bus.counts().calls - before, 3);
    }
    bus.set_faults(Faults::default());
    put(&bus.client(), vec![numbered(2)]).await.unwrap();
    assert_eq!(numbers(&bus.published().await), [1, 1, 1, 2]);
}

#[tokio::test]
async fn an_entry_that_breaks_a_rule_costs_no_fault() {
    let bus = start().await;
    bus.set_faults(Faults { entries_percent: 100, ..Faults::default() });
    let mut entry = numbered(1);
    entry.detail = Some("[]".to_owned());
    assert_eq!(put(&bus.client(), vec![entry]).await, Ok(vec![Some("MalformedDetail".to_owned())]));
    assert_eq!((bus.fired(), bus.published().await), (Fired::default(), Vec::<Value>::new()));
}
