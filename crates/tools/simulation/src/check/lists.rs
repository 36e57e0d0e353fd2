//! Customers' lists, and their `stale` flags.

use std::collections::BTreeSet;

use serde_json::Value;

use super::book::Book;
use super::findings::Findings;
use super::history::History;
use super::invariant::Invariant;
use super::staleness::stale;
use crate::workload::inquiry::{Inquiry, Page};
use crate::world::journal::{SeenRow, Waiting};
use crate::world::names::SUMMARY_CONSUMER;

pub(super) fn check(
    customer: &str,
    status: Option<&str>,
    inquiry: &Inquiry,
    books: &[Book<'_>],
    history: &History,
    findings: &mut Findings,
) {
    let pages: Vec<&Page> = inquiry.pages.iter().filter(|page| page.status == 200).collect();
    let mut listed: Vec<&Value> = Vec::new();
    for page in &pages {
        let items = page.body["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        for item in items {
            if let Some(book) = books.iter().find(|book| item["orderId"] == book.order) {
                book.shows(item, findings);
                stale(book.order, item, page, history, findings);
            }
            let belongs = item["customerId"] == customer && status.is_none_or(|status| item["status"] == status);
            let what = || format!("the list of {customer}'s orders with status {status:?} has {item}");
            findings.must(Invariant::Listed, item["orderId"].as_str().unwrap_or_default(), belongs, what);
        }
        listed.extend(items);
        page_is_stale(customer, page, items, books, history, findings);
    }
    let place = |item: &&Value| (item["placedAt"].to_string(), item["orderId"].to_string());
    let places: Vec<_> = listed.iter().map(place).collect();
    let what = || format!("{customer}'s orders are listed as {places:?}");
    findings.must(Invariant::Listed, customer, places.is_sorted_by(|newer, older| newer > older), what);
    let is_whole = pages.last().is_some_and(|page| page.body["nextCursor"].is_null());
    let (Some(first), Some(last), true) = (pages.first(), pages.last(), is_whole) else { return };
    let listed: BTreeSet<&str> = listed.iter().filter_map(|item| item["orderId"].as_str()).collect();
    for book in books.iter().filter(|book| book.is_of(customer)) {
        let mut states = history
            .kept
            .summaries
            .during(first.began, last.ended)
            .map(|rows| rows.iter().find(|row| row.order == book.order).and_then(|row| row.row.as_ref()));
        let must_be_listed = states.all(|row| match (row, status) {
            (Some(_), None) => true,
            (Some(SeenRow::Older(row)), Some(status)) => row.status.as_str() == status,
            // The status filter of this release does not see the newer release's rows.
            (Some(SeenRow::Newer(_)), Some(_)) | (None, _) => false,
        });
        if must_be_listed {
            let what = || format!("its row existed all the time, and {customer}'s list has only {listed:?}");
            findings.must(Invariant::Listed, book.order, listed.contains(book.order), what);
        }
    }
}

/// A page is stale if an order of the customer is parked at a version that the page does not show.
fn page_is_stale(
    customer: &str,
    page: &Page,
    items: &[Value],
    books: &[Book<'_>],
    history: &History,
    findings: &mut Findings,
) {
    let is_shown = |order: &str, held_up_to: u64| {
        items.iter().any(|item| item["orderId"] == order && item["version"].as_u64() >= Some(held_up_to))
    };
    let is_lacking = |notes: &Waiting| {
        books.iter().filter(|book| book.is_of(customer)).any(|book| {
            let note = notes.get(&(SUMMARY_CONSUMER, book.order.to_owned()));
            note.is_some_and(|held_up_to| !is_shown(book.order, *held_up_to))
        })
    };
    let is_stale = page.body["stale"] == true;
    let mut notes = history.kept.notes.during(page.began, page.ended);
    let what = || format!("the list of {customer} is stale: {is_stale}, and the notes contradict that");
    findings.must(Invariant::StaleIsSaid, customer, notes.any(|notes| is_lacking(notes) == is_stale), what);
}
