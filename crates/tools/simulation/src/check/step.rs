//! The events of an order, each with the ledger before and after it.

use order_aggregate::OrderCommit;
use order_domain::Event;
use order_domain::event::ItemQuantity;
use serde_json::Value;

use super::book::Book;
use super::facts::{Facts, facts};
use super::ledger::Ledger;

/// One event, and the order before and after it.
pub(super) struct Step<'a> {
    pub(super) order: &'a str,
    pub(super) version: u64,
    pub(super) before: &'a Ledger,
    pub(super) event: &'a Event,
    pub(super) facts: Facts<'a>,
    pub(super) after: &'a Ledger,
    /// The reduction that the request names. All bodies of a key name the same one.
    pub(super) named: Option<u64>,
}

impl Step<'_> {
    /// Passes each event of an order to `check`.
    pub(super) fn each(book: &Book<'_>, mut check: impl FnMut(&Step<'_>)) {
        let mut ledger = Ledger::default();
        for commit @ OrderCommit { version, events, .. } in book.commits {
            let request = book.exchanges.iter().find(|it| it.command.key == commit.request.request_id);
            let named = request.map(|it| &it.command.body["reduction"]).and_then(Value::as_u64);
            for recorded in events {
                let before = ledger.clone();
                ledger.enter(&recorded.event);
                let (event, after) = (&recorded.event, &ledger);
                let (order, version, before, facts) = (book.order, *version, &before, facts(event));
                check(&Step { order, version, before, event, facts, after, named });
            }
        }
    }
}

/// The number of units in some lines.
pub(super) fn units(items: &[ItemQuantity]) -> u64 {
    items.iter().map(|item| u64::from(item.quantity.get())).sum()
}
