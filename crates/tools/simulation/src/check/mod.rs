//! The checks of a history: every invariant must hold, whichever faults struck.
//!
//! The checks have their own model. They use the requests, replies and stored data of a history, and of the code under test only
//! the domain's rules, the stored form of events, and the CloudEvents of a commit.
//!
//! | file | checks |
//! |---|---|
//! | [`history`], [`findings`] | the history; the invariants, and the result of a check |
//! | `commands`, `decisions` | recorded commits and replies to commands; rejections and no-op replies |
//! | `facts` | the meaning of each event for the checks |
//! | `ledger`, `book`, `step` | an order by its events, added up apart from the domain |
//! | `money` | money, units and ids by it |
//! | [`deeds`] | the number of commands of each kind |
//! | `queries`, `lists`, `staleness` | replies to queries |
//! | `rights`, `quotes` | callers with their scopes; prices and quotes |
//! | `rows`, `totals`, `open_orders` | the order summaries at every moment; totals and open orders in replies and at the end |
//! | `parked` | parked orders |
//! | `published` | the bus |
//! | `operations` | verifications; records that name no order; errors and panics that no fault explains |

mod book;
mod commands;
mod decisions;
pub mod deeds;
mod facts;
pub mod findings;
pub mod history;
mod ledger;
mod lists;
mod money;
mod open_orders;
mod operations;
mod parked;
mod published;
mod queries;
mod quotes;
mod rights;
mod rows;
mod staleness;
mod step;
mod totals;

use book::Book;
use findings::{Findings, Violation};
use history::History;
use step::Step;

/// Checks every invariant of a history.
#[must_use]
pub fn check(history: &History) -> Findings {
    let mut findings = Findings::default();
    operations::check(history, &mut findings);
    let books = Book::each(history);
    for book in &books {
        commands::check(book, &mut findings);
        Step::each(book, |step| {
            money::check(step, &mut findings);
            deeds::count(step, &mut findings);
        });
        deeds::count_answers(book, &mut findings);
        rows::check(book, &mut findings);
        open_orders::check(book, &mut findings);
    }
    rights::check(&books, history, &mut findings);
    quotes::check(&books, history, &mut findings);
    queries::check(&books, history, &mut findings);
    parked::check(&books, history, &mut findings);
    totals::check(&books, history, &mut findings);
    published::check(history, &mut findings);
    findings
}

/// The violations of a history.
#[must_use]
pub fn violations(history: &History) -> Vec<Violation> {
    check(history).violations
}
