//! Customers' lists, and their `stale` flags.

use std::collections::BTreeSet;

use serde_json::Value;

use super::book::Book;
use super::findings::{Findings, Invariant};
use super::history::History;
use super::staleness;
use crate::workload::query::Inquiry;
use crate::world::journal::Waiting;
use crate::world::names::SUMMARY_CONSUMER;

pub(super) fn check(
    customer: &str,
    status: Option<&str>,
    inquiry: &Inquiry,
    books: &[Book<'_>],
    history: &History,
    findings: &mut Findings,
) {
    let pages: Vec<_> = inquiry.shown().collect();
    let mut listed: Vec<&Value> = Vec::new();
    for page in &pages {
        let items = page.body["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        for item in items {
            if let Some(book) = books.iter().find(|book| item["orderId"] == book.order) {
                book.shows(item, findings);
                staleness::of_order(book, item, page, findings);
            }
            let belongs = item["customerId"] == customer && status.is_none_or(|status| item["status"] == status);
            let what = || format!("the list of {customer}'s orders with status {status:?} has {item}");
            findings.must(Invariant::Listed, item["orderId"].as_str().unwrap_or_default(), belongs, what);
        }
        listed.extend(items);
        // A page is stale if an order of the customer is parked at a version that the page does not show.
        let is_shown = |order: &str, held_up_to: u64| {
            items.iter().any(|item| item["orderId"] == order && item["version"].as_u64() >= Some(held_up_to))
        };
        let is_lacking = |notes: &Waiting| {
            books.iter().filter(|book| book.is_of(customer)).any(|book| {
                let note = notes.get(&(SUMMARY_CONSUMER, book.order.to_owned()));
                note.is_some_and(|held_up_to| !is_shown(book.order, *held_up_to))
            })
        };
        staleness::check(customer, &page.body, page, history, is_lacking, findings);
    }
    let place = |item: &&Value| (item["placedAt"].to_string(), item["orderId"].to_string());
    let places: Vec<_> = listed.iter().map(place).collect();
    let what = || format!("{customer}'s orders are listed as {places:?}");
    findings.must(Invariant::Listed, customer, places.is_sorted_by(|newer, older| newer > older), what);
    let (Some(first), Some(last), true) = (pages.first(), pages.last(), inquiry.is_whole()) else { return };
    let listed: BTreeSet<&str> = listed.iter().filter_map(|item| item["orderId"].as_str()).collect();
    for book in books.iter().filter(|book| book.is_of(customer)) {
        let mut states = history.kept.summaries.during(first.began, last.ended);
        let must_be_listed = states.all(|rows| {
            let row = rows.iter().find(|row| row.order == book.order).and_then(|row| row.row.as_ref());
            // The status filter of this release does not see the newer release's rows.
            let is_filtered =
                |status| row.is_some_and(|row| row.commits.is_none() && row.summary.status.as_str() == status);
            status.map_or(row.is_some(), is_filtered)
        });
        if must_be_listed {
            let what = || format!("its row existed all the time, and {customer}'s list has only {listed:?}");
            findings.must(Invariant::Listed, book.order, listed.contains(book.order), what);
        }
    }
}
