//! What must not happen while a history is told: panics, records that cannot be read, parked orders that cannot be redriven.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;

use crate::check::invariant::{Invariant, Violation};

/// The mishaps of a history. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mishaps(Arc<Mutex<Vec<Violation>>>);

impl Mishaps {
    pub(crate) fn note(&self, invariant: Invariant, order: &str, what: String) {
        let violation = Violation { invariant, order: order.to_owned(), what };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(violation);
    }

    /// What can be had; the mishap otherwise.
    pub(crate) fn good<T, E: std::fmt::Display>(
        &self,
        invariant: Invariant,
        order: &str,
        tried: Result<T, E>,
    ) -> Option<T> {
        tried.map_err(|error| self.note(invariant, order, error.to_string())).ok()
    }

    /// What an invocation comes to; nothing where it panicked.
    pub(crate) async fn outlive<T>(&self, function: &str, invocation: impl Future<Output = T>) -> Option<T> {
        let ended = AssertUnwindSafe(invocation).catch_unwind().await;
        ended
            .map_err(|panic| self.note(Invariant::NoPanic, "of every kind", format!("{function}: {}", said(&*panic))))
            .ok()
    }

    pub(crate) fn all(&self) -> Vec<Violation> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a panic said.
pub(crate) fn said(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|it| (*it).to_owned());
    literal.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}
