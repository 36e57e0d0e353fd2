//! Errors of the harness.

use std::error::Error;

use crate::faults::fault::Fault;
use crate::workload::plan::Plan;

/// A history that could not be run. The cause is in the harness, and not in the code under test.
#[derive(Debug, thiserror::Error)]
#[error("the history of '{plan}' could not be run")]
pub struct RunError {
    /// Its plan.
    pub plan: Box<Plan>,
    /// The cause.
    #[source]
    pub cause: Cause,
}

/// The cause of a [`RunError`].
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The fault follows from another one, so it cannot be left out alone.
    #[error("{0} cannot be left out alone: {1}")]
    NotByItself(Fault, &'static str),
    /// The harness or a check has panicked.
    #[error("the harness has panicked: {0}")]
    Panicked(String),
    /// A part of the harness failed: the database, the template, the keys for quotes, the past of the first order, or a task.
    #[error(transparent)]
    Failed(#[from] Box<dyn Error + Send + Sync>),
}
