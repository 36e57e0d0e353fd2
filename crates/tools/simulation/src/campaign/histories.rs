//! A campaign: many histories with consecutive seeds, on several threads, until one fails.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::campaign::run::run_and_check;
use crate::campaign::run_error::RunError;
use crate::campaign::shrink::shrink;
use crate::check::findings::{Findings, Invariant, Violation};
use crate::check::history::History;
use crate::faults::fault::Counts;
use crate::workload::plan::Plan;
use crate::world::release::Release;

/// The largest number of histories for shrinking a failing plan.
const SHRINKING_TRIES: u32 = 60;

/// The histories to run.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The plan of the first one. Each that follows has the next seed.
    pub first: Plan,
    /// The number of histories.
    pub histories: u64,
    /// The number of histories that run at once, from 1. It changes no history.
    pub jobs: usize,
}

/// The figures of all histories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    /// Histories that were run.
    pub histories: u64,
    /// Commands that clients sent, without the retries of one exchange.
    pub commands: u64,
    /// Commits that were recorded.
    pub commits: u64,
    /// Entries that the bus accepted.
    pub published: u64,
    /// The count of each fault.
    pub faults: Counts,
    /// The number of checks of each invariant.
    pub checked: BTreeMap<Invariant, u64>,
    /// The count of each kind of [deed](crate::check::deeds).
    pub deeds: BTreeMap<String, u64>,
}

/// A history that violates an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its plan.
    pub plan: Plan,
    /// A smaller plan that fails too.
    pub shrunk: Plan,
    /// The violations in the history of the smaller plan.
    pub violations: Vec<Violation>,
}

/// The violations, and the commands that reproduce them.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} violates an invariant. The shrunk plan violates it too:", self.plan.seed)?;
        for Violation { invariant, order, what } in &self.violations {
            writeln!(f, "- violated: {}\n  order {order}: {what}", invariant.sentence())?;
        }
        write!(f, "shrunk: orders chaos --histories 1 {}\nwhole: orders chaos --histories 1 {}", self.shrunk, self.plan)
    }
}

/// The result of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The figures of all histories that were run.
    pub sum: Sum,
    /// The failing one with the lowest seed, if any failed.
    pub failure: Option<Failure>,
}

impl Campaign {
    /// Runs the histories, and passes the figures to `report` after each. After the first failure no more histories are started.
    ///
    /// # Errors
    /// When the harness fails.
    pub fn run(&self, release: &dyn Release, report: impl Fn(&Sum) + Sync) -> Result<Verdict, RunError> {
        let (next, sum, failed) = (AtomicU64::new(0), Mutex::new(Sum::default()), Mutex::new(BTreeMap::new()));
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.histories {
                    return;
                }
                let plan = Plan { seed: self.first.seed.wrapping_add(number), ..self.first.clone() };
                let failure = match run_and_check(&plan, release) {
                    Ok((history, findings)) => {
                        let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                        sum.add(&history, &findings);
                        report(&sum);
                        (!findings.violations.is_empty()).then_some(Ok(plan))
                    }
                    Err(error) => Some(Err(error)),
                };
                if let Some(failure) = failure {
                    next.store(self.histories, Ordering::Relaxed);
                    // A failure says more than an error of the harness, so it comes first.
                    let place = (failure.is_err(), number);
                    failed.lock().unwrap_or_else(PoisonError::into_inner).insert(place, failure);
                }
            }
        };
        std::thread::scope(|scope| (0..self.jobs.max(1)).for_each(|_| drop(scope.spawn(work))));
        let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        let first = failed.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().next().transpose()?;
        Ok(Verdict { sum, failure: first.map(|plan| Failure::of(plan, release)).transpose()? })
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
            *self.deeds.entry(deed.clone()).or_default() += times;
        }
    }
}
