//! The command side under everything that goes wrong, and the checker under bugs that are planted.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells what struck"
)]

mod planted;

use std::collections::BTreeMap;

use chaos::delivery::StreamMischief;
use chaos::{Fault, Moment, Violation, tell, violations};
use event_store::DynamoEventStore;
use planted::{Bug, Planted};

/// The seeds of the ordinary run.
const SEEDS: std::ops::Range<u64> = 0..500;

/// What to type to see a history again.
fn again(seed: u64, violations: &[Violation]) -> String {
    format!("seed {seed}: {violations:#?}\nagain: SEED={seed} cargo test -p chaos --test histories one_history")
}

#[test]
fn nothing_is_lost_doubled_or_misreported_whatever_strikes() {
    let mut fired: BTreeMap<(Moment, Fault), u64> = BTreeMap::new();
    let mut stream = StreamMischief::default();
    let (mut kills, mut retries, mut duplicates, mut jumps, mut stops, mut commits) = (0, 0, 0, 0, 0, 0);
    for seed in SEEDS {
        let history = tell(seed, |store: DynamoEventStore| store).unwrap();
        let violations = violations(&history);
        assert!(violations.is_empty(), "{}", again(seed, &violations));
        for (fault, times) in history.fired {
            *fired.entry(fault).or_default() += times;
        }
        kills += history.mischief.kills;
        retries += history.mischief.retries;
        duplicates += history.mischief.duplicates;
        stream.repeats += history.stream.repeats;
        stream.shuffles += history.stream.shuffles;
        stream.losses += history.stream.losses;
        stream.replays += history.stream.replays;
        stream.kills += history.stream.kills;
        stream.redeliveries += history.stream.redeliveries;
        jumps += history.mischief.clock.jumps;
        stops += history.mischief.clock.stops;
        commits += history.recorded.iter().map(|(_, commits)| commits.len()).sum::<usize>();
    }
    for fault in Fault::ALL {
        for moment in [Moment::Before, Moment::After] {
            assert!(fired.contains_key(&(moment, fault)), "{fault:?} {moment:?} never struck");
        }
    }
    println!(
        "{commits} commits; {fired:?}; {kills} kills, {retries} retries, {duplicates} duplicates, {jumps}+{stops} clocks"
    );
    println!("{stream:?}");
    let StreamMischief { repeats, shuffles, losses, replays, kills: projectors, redeliveries } = stream;
    assert!([repeats, shuffles, losses, replays, projectors, redeliveries].iter().all(|&times| times > 0));
    assert!([kills, retries, duplicates, jumps, stops].iter().all(|&times| times > 0));
}

/// A history that failed, once more: `SEED=7 cargo test -p chaos --test histories one_history`.
#[test]
fn one_history() {
    let seed = std::env::var("SEED").map_or(0, |seed| seed.parse().unwrap());
    let history = tell(seed, |store: DynamoEventStore| store).unwrap();
    let violations = violations(&history);
    assert!(violations.is_empty(), "{}", again(seed, &violations));
}

#[test]
fn the_same_seed_tells_the_same_history() {
    for seed in [3, 5] {
        let (first, second) = (tell(seed, |store| store).unwrap(), tell(seed, |store| store).unwrap());
        assert!(first == second, "seed {seed} told two histories");
    }
}

/// The first seed of the ordinary run that catches a bug.
#[track_caller]
fn is_caught(bug: Bug) {
    let caught = SEEDS.map(|seed| (seed, tell(seed, |store| Planted { store, bug }).unwrap()));
    let caught = caught.into_iter().find(|(_, history)| !violations(history).is_empty());
    let Some((seed, history)) = caught else { panic!("{bug:?} was not caught") };
    println!("{bug:?} is caught by seed {seed}: {}", violations(&history)[0].what);
}

#[test]
fn a_store_that_takes_a_lost_race_for_a_win_is_caught() {
    is_caught(Bug::TakesALostRaceForAWin);
}

#[test]
fn a_store_that_does_not_know_its_own_commit_again_is_caught() {
    is_caught(Bug::DoesNotKnowItsOwnCommit);
}

#[test]
fn a_store_that_believes_the_clock_is_caught() {
    is_caught(Bug::BelievesTheClock);
}

#[test]
fn a_store_that_leaves_out_a_version_is_caught() {
    is_caught(Bug::LeavesOutAVersion);
}

#[test]
fn a_store_that_takes_an_outage_for_success_is_caught() {
    is_caught(Bug::TakesAnOutageForSuccess);
}
