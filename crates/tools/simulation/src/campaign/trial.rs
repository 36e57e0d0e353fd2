//! One history that is run and checked.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::campaign::run_error::{Cause, RunError};
use crate::check::check;
use crate::check::findings::Findings;
use crate::check::history::History;
use crate::workload::plan::Plan;
use crate::world::release::Release;
use crate::world::unexpected_errors::panic_message;

/// Runs a history and checks it. A panic of either is a [`RunError`] that names the plan.
pub(crate) fn run_and_check(plan: &Plan, release: &dyn Release) -> Result<(History, Findings), RunError> {
    let attempt = || {
        let history = History::run(plan, release)?;
        let findings = check(&history);
        Ok((history, findings))
    };
    let panicked = |panic: Box<dyn Any + Send>| {
        Err(RunError { plan: Box::new(plan.clone()), cause: Cause::Panicked(panic_message(&*panic)) })
    };
    catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(panicked)
}
