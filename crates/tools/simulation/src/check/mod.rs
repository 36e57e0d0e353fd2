//! What must hold of a history, whatever struck. A model of its own: it knows what was sent, told and stored, and no code
//! that is under test but the domain's rules, the form of events and the CloudEvents of a commit.
//!
//! - [`findings`]: the invariants, and what does not hold
//! - `mishaps`: what must not happen while a history is told
//! - `commands`: what is recorded, and what clients were told of it
//! - `decisions`: refusals, and that nothing need change
//! - `ledger`: an order as its events say it, added up apart from the domain
//! - `money`: money, units and ids by that ledger
//! - [`deeds`]: how often each kind of command was recorded
//! - `queries`, `lists`: what clients were told of what they asked
//! - `rights`, `quotes`: callers and their scopes; prices, and what quotes make
//! - `rows`: the read model at every moment
//! - `parked`: what waits for a fix
//! - `strays`: records that name no order
//! - `totals`: what customers' orders come to
//! - `verified`: what a verification said of late rows and wrong snapshots
//! - `published`: the bus

mod commands;
mod decisions;
pub mod deeds;
pub mod findings;
mod ledger;
mod lists;
mod mishaps;
mod money;
mod parked;
mod published;
mod queries;
mod quotes;
mod rights;
mod rows;
mod strays;
mod totals;
mod verified;

pub use deeds::DEEDS;
pub use findings::{Findings, Invariant, Violation};

use crate::history::History;

/// Looks at everything that must hold of a history.
#[must_use]
pub fn check(history: &History) -> Findings {
    let mut findings = Findings::default();
    mishaps::check(history, &mut findings);
    for (order, commits) in &history.recorded {
        commands::check(order, commits, history, &mut findings);
        money::check(order, commits, history, &mut findings);
        deeds::count(order, commits, history, &mut findings);
        rows::check(order, commits, history, &mut findings);
    }
    rights::check(history, &mut findings);
    quotes::check(history, &mut findings);
    queries::check(history, &mut findings);
    parked::check(history, &mut findings);
    strays::check(history, &mut findings);
    totals::check(history, &mut findings);
    verified::check(history, &mut findings);
    published::check(history, &mut findings);
    findings
}

/// Everything that does not hold of a history.
#[must_use]
pub fn violations(history: &History) -> Vec<Violation> {
    check(history).violations
}
