//! One history, told and checked.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::campaign::run::tell;
use crate::campaign::run_error::{Cause, Untold};
use crate::check::check;
use crate::check::findings::Findings;
use crate::check::history::History;
use crate::workload::plan::Plan;
use crate::world::release::Release;
use crate::world::unexpected_errors::said;

/// Tells a history and checks it; a panic of either is an [`Untold`] that names the plan.
pub(crate) fn look(plan: &Plan, release: &dyn Release) -> Result<(History, Findings), Untold> {
    let looking = || {
        let history = tell(plan, release)?;
        let findings = check(&history);
        Ok((history, findings))
    };
    let panicked = |panic: Box<dyn Any + Send>| {
        Err(Untold { plan: Box::new(plan.clone()), cause: Cause::Panicked(said(&*panic)) })
    };
    catch_unwind(AssertUnwindSafe(looking)).unwrap_or_else(panicked)
}
