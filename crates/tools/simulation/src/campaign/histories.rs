//! Many histories, one after another from a seed on, on several threads, until one fails.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::campaign::run_error::RunError;
use crate::campaign::shrink::shrink;
use crate::campaign::trial::run_and_check;
use crate::check::findings::Findings;
use crate::check::history::History;
use crate::check::invariant::{Invariant, Violation};
use crate::faults::fault::Counts;
use crate::workload::plan::Plan;
use crate::world::release::Release;

/// How many histories may be told to make a failing plan smaller.
const SHRINKING_TRIES: u32 = 60;

/// Which histories are told.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The plan of the first; each that follows has the next seed.
    pub first: Plan,
    /// How many.
    pub histories: u64,
    /// How many at once, from 1. It changes no history.
    pub jobs: usize,
}

/// What histories came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    /// Histories that were told.
    pub histories: u64,
    /// Commands that were sent, each as often as a client sent it anew.
    pub commands: u64,
    /// Commits that were recorded.
    pub commits: u64,
    /// Entries that the bus took.
    pub published: u64,
    /// How often each fault struck.
    pub faults: Counts,
    /// How often each invariant was looked at.
    pub checked: BTreeMap<Invariant, u64>,
    /// The times that each of [`DEEDS`](crate::check::DEEDS) was done.
    pub deeds: BTreeMap<&'static str, u64>,
}

/// A history in which something does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its plan.
    pub plan: Plan,
    /// A smaller plan that fails too.
    pub shrunk: Plan,
    /// What does not hold in the history of the smaller plan.
    pub violations: Vec<Violation>,
}

/// What does not hold, and what to type to see it again.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} violates what must hold. Shrunk, it still does:", self.plan.seed)?;
        for Violation { invariant, order, what } in &self.violations {
            writeln!(f, "- not so: {}\n  order {order}: {what}", invariant.sentence())?;
        }
        write!(f, "again: orders chaos --histories 1 {}\nwhole: orders chaos --histories 1 {}", self.shrunk, self.plan)
    }
}

/// What a campaign came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Of all histories that were told.
    pub sum: Sum,
    /// The failing one with the lowest seed, if any failed.
    pub failure: Option<Failure>,
}

impl Campaign {
    /// Tells the histories; `told` hears of the sum after each. With the first that fails, those under way are the last.
    ///
    /// # Errors
    /// When the surroundings fail.
    pub fn run(&self, release: &dyn Release, told: impl Fn(&Sum) + Sync) -> Result<Verdict, RunError> {
        let next = AtomicU64::new(0);
        let sum = Mutex::new(Sum::default());
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.histories {
                    return Ok(None);
                }
                let plan = Plan { seed: self.first.seed.wrapping_add(number), ..self.first.clone() };
                // With the first that cannot be told, those under way are the last too.
                let looked_at =
                    run_and_check(&plan, release).inspect_err(|_| next.store(self.histories, Ordering::Relaxed));
                let (history, findings) = looked_at?;
                {
                    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                    sum.add(&history, &findings);
                    told(&sum);
                }
                if !findings.violations.is_empty() {
                    next.store(self.histories, Ordering::Relaxed);
                    return Ok(Some((number, plan)));
                }
            }
        };
        let ended: Vec<Result<Option<(u64, Plan)>, RunError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.jobs.max(1)).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        let (mut first, mut untold) = (None, None);
        for one in ended {
            match one {
                Ok(failed) => first = first.into_iter().chain(failed).min_by_key(|(number, _): &(u64, Plan)| *number),
                Err(error) => untold = Some(error),
            }
        }
        // What fails says more than what cannot be told.
        if let (None, Some(untold)) = (&first, untold) {
            return Err(untold);
        }
        let failure = first.map(|(_, plan)| Failure::of(plan, release)).transpose()?;
        Ok(Verdict { sum: sum.into_inner().unwrap_or_else(PoisonError::into_inner), failure })
    }
}

impl Failure {
    fn of(plan: Plan, release: &dyn Release) -> Result<Self, RunError> {
        let shrunk = shrink(&plan, release, SHRINKING_TRIES);
        let violations = run_and_check(&shrunk, release)?.1.violations;
        Ok(Self { plan, shrunk, violations })
    }
}

impl Sum {
    fn add(&mut self, history: &History, findings: &Findings) {
        self.histories += 1;
        self.commands += history.exchanges.len() as u64;
        self.commits += history.recorded.iter().map(|(_, commits)| commits.len() as u64).sum::<u64>();
        self.published += history.published.len() as u64;
        for (fault, times) in &history.faults {
            *self.faults.entry(*fault).or_default() += times;
        }
        for (invariant, times) in &findings.checked {
            *self.checked.entry(*invariant).or_default() += times;
        }
        for (deed, times) in &findings.deeds {
            *self.deeds.entry(deed).or_default() += times;
        }
    }
}
