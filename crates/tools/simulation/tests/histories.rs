//! Histories without a violation, and planted bugs that the checks must find.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking; a bug is in one place, and nowhere else"
)]

mod planted;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use planted::Bug;
use planted::commands::Contended;
use simulation::{AsDeployed, Campaign, Cause, Fault, History, Invariant, Plan, Release, Shape, Violation, violations};

/// The page whose tables name the faults, invariants, deeds and planted bugs.
const RELIABILITY: &str = include_str!("../../../../docs/RELIABILITY.md");
/// The number of histories without the environment variable `HISTORIES`.
const HISTORIES: u64 = 500;
/// The number of histories that run at once.
const JOBS: usize = 2;

#[test]
fn nothing_is_lost_doubled_or_misreported_under_any_fault() {
    let histories = std::env::var("HISTORIES").map_or(HISTORIES, |histories| histories.parse().unwrap());
    let campaign = Campaign { first: Plan::of(0), histories, jobs: JOBS };
    let verdict = campaign.run(&AsDeployed, |_| {}).unwrap();
    if let Some(failure) = verdict.failure {
        panic!("{failure}");
    }
    let sum = verdict.sum;
    println!("{} histories, {} commands, {} commits", sum.histories, sum.commands, sum.commits);
    for fault in Fault::ALL {
        let times = sum.faults.get(&fault).copied().unwrap_or(0);
        println!("{:>2} {:<22} {times:>7}  {}", fault.number(), fault.name(), fault.counted());
    }
    for invariant in Invariant::ALL {
        println!("{:>7}  {}", sum.checked.get(&invariant).copied().unwrap_or(0), invariant.sentence());
    }
    let deeds = listed("| deed | times |");
    for deed in &deeds {
        println!("{:>7}  {deed}", sum.deeds.get(*deed).copied().unwrap_or(0));
    }
    assert_eq!(BTreeSet::from_iter(deeds), sum.deeds.keys().map(String::as_str).collect(), "never done, or not listed");
    for fault in Fault::ALL {
        assert!(sum.faults.contains_key(&fault), "{fault} never struck");
    }
    for invariant in Invariant::ALL {
        assert!(sum.checked.contains_key(&invariant), "{invariant:?} was never checked");
    }
}

/// The rows of a table of the page, without the rightmost column, which holds figures.
fn listed(head: &str) -> Vec<&str> {
    let (_, table) = RELIABILITY.split_once(head).unwrap();
    let rows = table.lines().skip(2).map_while(|line| line.strip_prefix("| "));
    rows.map(|row| row.strip_suffix(" |").unwrap().rsplit_once(" | ").unwrap().0).collect()
}

#[test]
fn the_page_lists_each_fault_and_invariant_in_order_and_each_deed_once() {
    let fault = |it: Fault| format!("{} | `{it}` | {}", it.number(), it.counted());
    assert_eq!(listed("| # | fault | what is counted | struck |"), Fault::ALL.map(fault));
    assert_eq!(listed("| what must hold | checked |"), Invariant::ALL.map(Invariant::sentence));
    let deeds = listed("| deed | times |");
    assert_eq!(BTreeSet::from_iter(&deeds).len(), deeds.len());
}

#[test]
fn the_same_seed_gives_the_same_history() {
    // In 11 the stream is stopped while a verification runs.
    for seed in [3, 5, 8, 11, 13] {
        let run = || History::run(&Plan::of(seed), &AsDeployed).unwrap();
        let (first, second) = std::thread::scope(|scope| {
            let other = scope.spawn(run);
            (run(), other.join().unwrap())
        });
        assert!(first == second, "seed {seed} gave two histories");
    }
}

#[test]
fn a_command_that_is_answered_by_contention_is_retried() {
    for seed in 0..4 {
        let release = Contended::default();
        let history = History::run(&Plan::of(seed), &release).unwrap();
        assert_eq!(violations(&history), [], "seed {seed}");
        let commits: usize = history.recorded.iter().map(|(_, commits)| commits.len()).sum();
        assert!(commits > 0, "seed {seed} recorded nothing");
        let known = release.0.lock().unwrap();
        assert!(
            history
                .exchanges
                .iter()
                .all(|it| { it.sent < it.ended && known.contains(it.command.idempotency_key().unwrap_or("none")) })
        );
    }
}

/// The first seed that catches a bug by its invariant, and the violation.
fn caught(bug: Bug) -> Option<(u64, Violation)> {
    let mut plans = (0..HISTORIES).map(Plan::of).filter(|plan| bug.may_show(&Shape::of(plan)));
    plans.find_map(|plan| {
        let found = violations(&History::run(&plan, &bug as &dyn Release).unwrap());
        let expected = found.into_iter().find(|violation| bug.expected() == Some(violation.invariant));
        expected.map(|violation| (plan.seed, violation))
    })
}

#[test]
fn a_fault_that_is_left_out_does_not_strike() {
    let struck: Vec<_> =
        (0..40).map(|seed| (seed, History::run(&Plan::of(seed), &AsDeployed).unwrap().faults)).collect();
    for fault in Fault::ALL {
        let seeds = struck.iter().filter(|(_, faults)| faults.contains_key(&fault)).map(|(seed, _)| *seed);
        for seed in seeds.take(2) {
            let result = History::run(&Plan { without: [fault].into(), ..Plan::of(seed) }, &AsDeployed);
            if fault.consequence_of().is_some() {
                let refused = result.unwrap_err();
                assert!(matches!(refused.cause, Cause::NotByItself(named, _) if named == fault), "{refused:?}");
            } else {
                let history = result.unwrap();
                assert_eq!(history.faults.get(&fault), None, "{fault} struck seed {seed}, and was left out");
                assert_eq!(violations(&history), [], "seed {seed} without {fault}");
            }
        }
    }
}

/// The bug is caught by the invariant that docs/RELIABILITY.md names. Without the bug, the same history violates none.
#[test]
fn every_planted_bug_is_caught() {
    let (next, amiss) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(bug) = Bug::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some((seed, violation)) = caught(*bug) else {
                amiss.lock().unwrap().push(format!("{bug:?} was not caught"));
                continue;
            };
            let what: String = violation.what.chars().take(100).collect();
            let row = format!("| `{bug:?}` | {} |", violation.invariant.sentence());
            println!("{row} seed {seed}: {what}");
            if !RELIABILITY.contains(&row) {
                amiss.lock().unwrap().push(format!("docs/RELIABILITY.md has no line {row}"));
            }
            let sound = violations(&History::run(&Plan::of(seed), &Bug::Nothing).unwrap());
            amiss.lock().unwrap().extend(sound.first().map(|it| format!("seed {seed} fails without a bug: {it:?}")));
        }
    };
    std::thread::scope(|scope| (0..JOBS).for_each(|_| drop(scope.spawn(work))));
    let amiss = amiss.into_inner().unwrap();
    assert!(amiss.is_empty(), "{}", amiss.join("\n"));
}

#[test]
fn a_failing_history_shrinks_and_names_the_command_that_replays_it() {
    let bug = Bug::TakesALostRaceForAWin;
    // A long one, so that much can be removed.
    let is_long = |plan: &Plan| Shape::of(plan).commands >= 20;
    let fails = |plan: &Plan| !violations(&History::run(plan, &bug).unwrap()).is_empty();
    let whole = (0..500).map(Plan::of).filter(is_long).find(fails).unwrap();
    let campaign = Campaign { first: whole.clone(), histories: 3, jobs: 1 };
    let failure = campaign.run(&bug, |_| {}).unwrap().failure.unwrap();
    println!("{failure}");
    let replayed = format!("orders chaos --histories 1 {}", failure.shrunk);
    assert!(failure.to_string().contains(&replayed), "{failure}");
    assert_eq!(failure.violations, violations(&History::run(&failure.shrunk, &bug).unwrap()));
    assert!(!failure.violations.is_empty());
    let commands = failure.shrunk.commands.unwrap().0.len();
    assert!(commands < usize::from(Shape::of(&whole).commands) / 2, "{commands} commands are left");
    let without = failure.shrunk.without;
    assert!(without.len() >= Fault::ALL.len() / 2, "only {without:?} could be switched off");
}
