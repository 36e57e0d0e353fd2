//! The checks of a history: every invariant must hold, whichever faults struck.
//!
//! The checks have their own model. They use the requests, replies and stored data of a history, and of the code under test only
//! the domain's rules, the stored form of events, and the CloudEvents of a commit.
//!
//! | file | checks |
//! |---|---|
//! | [`history`], [`invariant`], [`findings`] | the history, the invariants, and the result of a check |
//! | `commands`, `decisions` | recorded commits and replies to commands; rejections and no-op replies |
//! | `ledger`, `money`, `book`, `replies` | an order by its events, added up apart from the domain; money, units and ids by it |
//! | [`deeds`] | the number of commands of each kind |
//! | `queries`, `lists`, `staleness` | replies to queries |
//! | `rights`, `quotes` | callers with their scopes; prices and quotes |
//! | `rows`, `totals` | the read models at every moment |
//! | `parked`, `unaddressable` | parked orders; records that name no order |
//! | `verified`, `published` | a verification; the bus |
//! | `unexpected_errors` | errors and panics that no fault explains |

mod book;
mod commands;
mod decisions;
pub mod deeds;
pub mod findings;
pub mod history;
pub mod invariant;
mod ledger;
mod lists;
mod money;
mod parked;
mod published;
mod queries;
mod quotes;
mod replies;
mod rights;
mod rows;
mod staleness;
mod totals;
mod unaddressable;
mod unexpected_errors;
mod verified;

use findings::Findings;
use history::History;
use invariant::Violation;

/// Checks every invariant of a history.
#[must_use]
pub fn check(history: &History) -> Findings {
    let mut findings = Findings::default();
    unexpected_errors::check(history, &mut findings);
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
    unaddressable::check(history, &mut findings);
    totals::check(history, &mut findings);
    verified::check(history, &mut findings);
    published::check(history, &mut findings);
    findings
}

/// The violations of a history.
#[must_use]
pub fn violations(history: &History) -> Vec<Violation> {
    check(history).violations
}
