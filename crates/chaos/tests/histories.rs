//! Everything that goes wrong, and the checker under bugs that are planted.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking; a bug is in one place, and nowhere else"
)]

mod planted;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chaos::check::{Invariant, check};
use chaos::{AsDeployed, Fault, Plan, Release, Shape, Violation, shrink, tell, violations};
use planted::Bug;

/// The seeds of the ordinary run.
const SEEDS: std::ops::Range<u64> = 0..500;

/// How many histories the long mode tells: `HISTORIES=10000`.
fn seeds() -> std::ops::Range<u64> {
    std::env::var("HISTORIES").map_or(SEEDS, |histories| 0..histories.parse().unwrap())
}

/// What to type to see a history again.
fn again(plan: &Plan, violations: &[Violation]) -> String {
    format!("{plan}: {violations:#?}\nagain: SEED={} cargo test -p chaos --test histories one_history", plan.seed)
}

/// Tells histories on two threads.
fn on_two_threads(seeds: std::ops::Range<u64>, tell: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            tell(seed);
        }
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        for thread in threads {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

#[test]
fn nothing_is_lost_doubled_or_misreported_whatever_strikes() {
    let sums = Mutex::new((chaos::Counts::new(), std::collections::BTreeMap::<Invariant, u64>::new(), 0));
    on_two_threads(seeds(), |seed| {
        let plan = Plan::of(seed);
        let history = tell(&plan, &AsDeployed).unwrap();
        let findings = check(&history);
        assert!(findings.violations.is_empty(), "{}", again(&plan, &findings.violations));
        let (faults, checked, commits) = &mut *sums.lock().unwrap();
        for (fault, times) in history.faults {
            *faults.entry(fault).or_default() += times;
        }
        for (invariant, times) in findings.checked {
            *checked.entry(invariant).or_default() += times;
        }
        *commits += history.recorded.iter().map(|(_, commits)| commits.len()).sum::<usize>();
    });
    let (faults, checked, commits) = sums.into_inner().unwrap();
    println!("{commits} commits");
    for fault in Fault::ALL {
        let times = faults.get(&fault).copied().unwrap_or(0);
        println!("{:>2} {:<22} {times:>7}  {}", fault.number(), fault.name(), fault.counted());
    }
    for invariant in Invariant::ALL {
        println!("{:>7}  {}", checked.get(&invariant).copied().unwrap_or(0), invariant.sentence());
    }
    for fault in Fault::ALL {
        assert!(faults.contains_key(&fault), "{fault} never struck");
    }
    for invariant in Invariant::ALL {
        assert!(checked.contains_key(&invariant), "{invariant:?} was never looked at");
    }
}

/// A history that failed, once more: `SEED=7 cargo test -p chaos --test histories one_history`.
#[test]
fn one_history() {
    let plan = Plan::of(std::env::var("SEED").map_or(0, |seed| seed.parse().unwrap()));
    let violations = violations(&tell(&plan, &AsDeployed).unwrap());
    assert!(violations.is_empty(), "{}", again(&plan, &violations));
}

#[test]
fn the_same_seed_tells_the_same_history() {
    for seed in [3, 5, 8, 13] {
        let told = || tell(&Plan::of(seed), &AsDeployed).unwrap();
        let (first, second) = std::thread::scope(|scope| {
            let other = scope.spawn(told);
            (told(), other.join().unwrap())
        });
        assert!(first == second, "seed {seed} told two histories");
    }
}

/// The first seed of the ordinary run that catches a bug, and what it finds.
fn caught(bug: Bug) -> Option<(u64, Violation)> {
    SEEDS.map(Plan::of).find_map(|plan| {
        let found = violations(&tell(&plan, &bug as &dyn Release).unwrap());
        found.into_iter().next().map(|violation| (plan.seed, violation))
    })
}

#[test]
fn every_planted_bug_is_caught() {
    on_two_threads(0..Bug::ALL.len() as u64, |index| {
        let bug = Bug::ALL[usize::try_from(index).unwrap()];
        let Some((seed, violation)) = caught(bug) else { panic!("{bug:?} was not caught") };
        let what: String = violation.what.chars().take(100).collect();
        println!("{bug:?} | {seed} | {}: {what}", violation.invariant.sentence());
    });
}

#[test]
fn a_failing_plan_shrinks_to_a_small_one_that_fails_the_same_way_whenever_it_is_told() {
    let bug = Bug::DropsTheRowGuard;
    let failing = Plan::of(caught(bug).unwrap().0);
    let small = shrink(&failing, &bug, 40).unwrap();
    println!("{small}");
    let first = violations(&tell(&small, &bug).unwrap());
    assert!(!first.is_empty());
    assert_eq!(first, violations(&tell(&small, &bug).unwrap()));
    let commands = small.commands.unwrap().0.len();
    assert!(commands < usize::from(Shape::of(&failing).commands) / 2, "{commands} commands are left");
    assert!(small.without.len() > 9, "only {:?} could be switched off", small.without);
}
