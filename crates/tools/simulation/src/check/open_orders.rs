//! The list of open orders: at the end it is the fold of all events.

use order_aggregate::OrderCommit;
use read_models::{OpenOrderRow, OrdersByStatus, projection};

use super::book::Book;
use super::findings::{Findings, Invariant};

pub(super) fn check(book: &Book<'_>, findings: &mut Findings) {
    let listed = book.history.open_orders.iter().find(|row| row.order_id == book.order);
    let expected = open_order(book.commits);
    findings.must(Invariant::OpenOrders, book.order, listed == expected.as_ref(), || {
        format!("the open orders have {listed:?}, and the events give {expected:?}")
    });
}

/// The order in the list of open orders, if its events leave it open.
fn open_order(commits: &[OrderCommit]) -> Option<OpenOrderRow> {
    let fold = |row, (version, commit)| projection::fold::<OrdersByStatus>(row, version, commit).ok().flatten();
    (0..).zip(commits).fold(None, fold).filter(OpenOrderRow::is_open)
}
