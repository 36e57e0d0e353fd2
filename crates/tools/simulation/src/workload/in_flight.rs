//! The requests that are in flight.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::faults::fault::{Fault, Faults};
use crate::workload::command::Command;
use crate::world::shared::Shared;

#[derive(Debug, Default)]
struct Attempts {
    bodies: BTreeMap<String, Vec<Value>>,
    /// The number of beginnings and ends so far.
    moments: u64,
}

/// The keys in flight, each with its bodies. Clones share their state.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight(Shared<Attempts>);

impl InFlight {
    /// Returns true if no request in flight forbids the command: the plan may leave out identical requests and reused keys.
    pub(super) fn may_begin(&self, command: &Command, faults: &Faults) -> bool {
        let attempts = self.0.lock();
        attempts.bodies.get(&command.key).into_iter().flatten().all(|body| {
            let is_same = *body == command.body;
            faults.may(if is_same { Fault::IdenticalAtOnce } else { Fault::SameKeyOtherBody })
        })
    }

    pub(super) fn begin(&self, command: &Command, faults: &Faults) -> u64 {
        let mut attempts = self.0.lock();
        let bodies = attempts.bodies.entry(command.key.clone()).or_default();
        if bodies.contains(&command.body) {
            faults.struck(Fault::IdenticalAtOnce);
        }
        if bodies.iter().any(|body| *body != command.body) {
            faults.struck(Fault::SameKeyOtherBody);
        }
        bodies.push(command.body.clone());
        attempts.moments += 1;
        attempts.moments
    }

    pub(super) fn end(&self, command: &Command) -> u64 {
        let mut attempts = self.0.lock();
        let bodies = attempts.bodies.entry(command.key.clone()).or_default();
        if let Some(ended) = bodies.iter().position(|body| *body == command.body) {
            bodies.remove(ended);
        }
        attempts.moments += 1;
        attempts.moments
    }
}
