//! Shrinking: it removes commands, clients and faults from a failing plan as long as the plan still fails.

use std::collections::BTreeSet;

use crate::campaign::run::run_and_check;
use crate::faults::fault::Fault;
use crate::workload::plan::{Numbers, Plan};
use crate::workload::shape::Shape;
use crate::world::release::Release;

/// Returns the smallest failing plan that it finds in at most `tries` histories.
/// A smaller plan whose history cannot be run does not count as failing.
pub fn shrink(failing: &Plan, release: &dyn Release, tries: u32) -> Plan {
    let mut shrinking = Shrinking { plan: failing.clone(), release, left: tries };
    shrinking.cut_off_commands();
    shrinking.switch_off_faults();
    shrinking.remove_clients();
    shrinking.drop_commands();
    shrinking.plan
}

struct Shrinking<'a> {
    /// The smallest failing plan so far.
    plan: Plan,
    release: &'a dyn Release,
    left: u32,
}

impl Shrinking<'_> {
    /// Keeps a smaller plan if it fails too.
    fn take(&mut self, smaller: Plan) -> bool {
        if self.left == 0 || smaller == self.plan {
            return false;
        }
        self.left -= 1;
        let fails = run_and_check(&smaller, self.release).is_ok_and(|(_, findings)| !findings.violations.is_empty());
        if fails {
            self.plan = smaller;
        }
        fails
    }

    fn commands(&self) -> Vec<u8> {
        let all = || (0..Shape::of(&self.plan).commands).collect();
        self.plan.commands.as_ref().map_or_else(all, |numbers| numbers.0.iter().copied().collect())
    }

    fn with(&self, commands: impl IntoIterator<Item = u8>) -> Plan {
        Plan { commands: Some(Numbers(commands.into_iter().collect())), ..self.plan.clone() }
    }

    /// Removes the last commands: half of them, a quarter, and so on.
    fn cut_off_commands(&mut self) {
        let mut cut = self.commands().len() / 2;
        while cut > 0 {
            let commands = self.commands();
            let kept = commands.len().saturating_sub(cut);
            if !self.take(self.with(commands.into_iter().take(kept))) {
                cut /= 2;
            }
        }
    }

    /// Removes one fault after the other.
    fn switch_off_faults(&mut self) {
        for fault in Fault::ALL.into_iter().filter(|fault| fault.consequence_of().is_none()) {
            let mut without: BTreeSet<Fault> = self.plan.without.clone();
            without.insert(fault);
            self.take(Plan { without, ..self.plan.clone() });
        }
    }

    /// Tries one client, two, and so on.
    fn remove_clients(&mut self) {
        for clients in 1..Shape::of(&self.plan).clients {
            if self.take(Plan { clients: Some(clients), ..self.plan.clone() }) {
                break;
            }
        }
    }

    /// Removes single commands, the last first, because later commands need the first ones.
    fn drop_commands(&mut self) {
        for dropped in self.commands().into_iter().rev() {
            let kept = self.commands().into_iter().filter(|number| *number != dropped);
            self.take(self.with(kept));
        }
    }
}
