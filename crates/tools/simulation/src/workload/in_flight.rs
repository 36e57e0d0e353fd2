//! The requests that are in flight.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::faults::fault::{Fault, Faults};
use crate::workload::command::Command;

#[derive(Debug, Default)]
struct Attempts {
    bodies: BTreeMap<String, Vec<Value>>,
    /// How many have begun and ended so far.
    moments: u64,
}

impl Attempts {
    fn moment(&mut self) -> u64 {
        self.moments += 1;
        self.moments
    }
}

/// What is under way: keys, each with its bodies. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<Attempts>>);

impl UnderWay {
    /// Whether a command meets none under way that it must not meet.
    pub(super) fn may_begin(&self, command: &Command, faults: &Faults) -> bool {
        let under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.bodies.get(&command.key).into_iter().flatten().all(|body| {
            let is_same = *body == command.body;
            faults.may(if is_same { Fault::IdenticalAtOnce } else { Fault::SameKeyOtherBody })
        })
    }

    pub(super) fn begin(&self, command: &Command, faults: &Faults) -> u64 {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bodies = under_way.bodies.entry(command.key.clone()).or_default();
        if bodies.contains(&command.body) {
            faults.struck(Fault::IdenticalAtOnce);
        }
        if bodies.iter().any(|body| *body != command.body) {
            faults.struck(Fault::SameKeyOtherBody);
        }
        bodies.push(command.body.clone());
        under_way.moment()
    }

    pub(super) fn end(&self, command: &Command) -> u64 {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bodies = under_way.bodies.entry(command.key.clone()).or_default();
        if let Some(ended) = bodies.iter().position(|body| *body == command.body) {
            bodies.remove(ended);
        }
        under_way.moment()
    }
}
