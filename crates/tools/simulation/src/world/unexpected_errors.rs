//! Errors and panics that no fault explains, collected while a history runs.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::world::shared::Shared;

/// The work that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// An invocation, which panicked.
    Invocation,
    /// A read of stored data.
    Read,
    /// A redrive of a parked order.
    Redrive,
    /// A repair of the rows.
    Repair,
    /// A verification while rows lag.
    Verification,
}

/// An error that no fault explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnexpectedError {
    /// The work that failed.
    pub work: Work,
    /// The order that it was about, or a phrase for several.
    pub order: String,
    /// The error.
    pub error: String,
}

/// The unexpected errors of a history. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnexpectedErrors(Shared<Vec<UnexpectedError>>);

impl UnexpectedErrors {
    /// Records an error.
    pub(crate) fn record(&self, work: Work, order: &str, error: String) {
        self.0.lock().push(UnexpectedError { work, order: order.to_owned(), error });
    }

    /// Returns the value of a result, or records its error.
    pub(crate) fn ok<T, E: std::fmt::Display>(&self, work: Work, order: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.record(work, order, error.to_string())).ok()
    }

    /// Returns the output of an invocation, or records its panic.
    pub(crate) async fn catch_panic<T>(&self, function: &str, invocation: impl Future<Output = T>) -> Option<T> {
        let ended = AssertUnwindSafe(invocation).catch_unwind().await;
        let error = |panic: Box<dyn Any + Send>| format!("{function}: {}", panic_message(&*panic));
        ended.map_err(|panic| self.record(Work::Invocation, "of every kind", error(panic))).ok()
    }

    /// Every error so far.
    pub(crate) fn all(&self) -> Vec<UnexpectedError> {
        self.0.lock().clone()
    }
}

/// The message of a panic.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|it| (*it).to_owned());
    literal
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
