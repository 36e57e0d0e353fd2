use proptest::prelude::*;

use super::*;

fn at(epoch_ms: i64) -> Timestamp {
    Timestamp::from_epoch_ms(epoch_ms).unwrap()
}

/// Returns the answer for commits with these times, version 1 first, and the number of times that the search looked up.
fn search(times: &[i64], instant: i64) -> (u64, usize) {
    let head = (times.len() as u64, at(*times.last().unwrap()));
    if head.1 <= at(instant) {
        return (head.0, 0);
    }
    let mut search = Search::new(at(instant), head);
    let mut looks = 0;
    while let Some(version) = search.next() {
        search.learn(version, at(times[usize::try_from(version).unwrap() - 1]));
        looks += 1;
    }
    (search.answer(), looks)
}

/// The definition: the newest commit recorded at the instant or before it.
fn by_definition(times: &[i64], instant: i64) -> u64 {
    times.iter().filter(|time| **time <= instant).count() as u64
}

/// Returns times that increase strictly, in steps from a millisecond to a year.
fn rising(steps: &[u64]) -> Vec<i64> {
    let mut now = 0;
    steps
        .iter()
        .map(|step| {
            now += i64::try_from(*step).unwrap();
            now
        })
        .collect()
}

fn steps() -> impl Strategy<Value = Vec<u64>> {
    let step = prop_oneof![Just(1u64), 1u64..1_000, 1u64..31_536_000_000];
    prop::collection::vec(step, 1..400)
}

proptest! {
    #[test]
    fn the_search_agrees_with_the_definition_at_and_around_every_commit(steps in steps(), beyond in 0i64..1_000_000) {
        let times = rising(&steps);
        let around = times.iter().flat_map(|time| [time - 1, *time, time + 1]);
        for instant in around.chain([0, -beyond, times[times.len() - 1] + beyond]) {
            let (answer, looks) = search(&times, instant);
            prop_assert_eq!(answer, by_definition(&times, instant), "at {}", instant);
            // The bound: the first commit, and then one guess and one halving for each step of a binary search.
            let halvings = (usize::BITS - times.len().leading_zeros()) as usize;
            prop_assert!(looks <= 1 + 2 * halvings, "{} looks at {} commits", looks, times.len());
        }
    }
}

#[test]
fn an_evenly_spaced_history_needs_three_looks_at_most() {
    let times: Vec<i64> = (1..=9_300).map(|version| version * 60_000).collect();
    for instant in [60_000, 60_001, 4_650 * 60_000, 4_650 * 60_000 + 1, 9_299 * 60_000, 9_300 * 60_000 - 1] {
        let (answer, looks) = search(&times, instant);
        assert_eq!(answer, by_definition(&times, instant));
        assert!(looks <= 3, "{looks} looks for {instant}");
    }
}

/// Interpolation alone would visit every commit of such a history.
#[test]
fn a_history_with_one_long_pause_is_halved() {
    let mut times: Vec<i64> = (1..=9_299).collect();
    times.push(i64::from(i32::MAX) * 1_000);
    let most = times.iter().map(|time| search(&times, *time).1).max();
    assert!(most.is_some_and(|looks| looks <= 29), "{most:?}");
}
