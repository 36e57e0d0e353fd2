//! Replies to queries, compared with the events, and with the rows and notes between request and reply.

use order_aggregate::OrderCommit;
use serde_json::{Value, json};

use super::book::{Book, event};
use super::findings::{Findings, Invariant};
use super::history::History;
use super::lists;
use super::staleness;
use super::totals;
use crate::workload::caller::Caller;
use crate::workload::query::{At, Inquiry, Page, Query};
use crate::world::sdk_config::TRIES;

pub(super) fn check(books: &[Book<'_>], history: &History, findings: &mut Findings) {
    for inquiry in &history.inquiries {
        inquiry.pages.iter().for_each(|page| answered(inquiry, page, findings));
        let of_order = books.iter().find(|book| inquiry.query.order() == Some(book.order));
        match (&inquiry.query, of_order) {
            (Query::Order { at: At::Now | At::Least(_), .. }, Some(book)) => {
                for page in inquiry.shown() {
                    book.shows(&page.body, findings);
                    staleness::of_order(book, &page.body, page, findings);
                }
            }
            (Query::Order { at: At::Version(version), .. }, Some(book)) => {
                let commit = book.at(*version).map(|(commit, _)| commit);
                let as_of = commit.map(|commit| commit.recorded_at.to_string());
                // A version that no client knew may have been recorded since.
                travelled(book, inquiry, commit, as_of.as_deref(), *version > inquiry.known, findings);
            }
            (Query::Order { at: At::Time(at), .. }, Some(book)) => {
                let commit = book.commits.iter().rev().find(|commit| commit.recorded_at <= *at);
                travelled(book, inquiry, commit, Some(&at.to_string()), false, findings);
            }
            (Query::Events { .. }, Some(book)) => trail(book, inquiry, findings),
            (Query::List { customer, status, .. }, _) => {
                lists::check(customer, *status, inquiry, books, history, findings);
            }
            (Query::Totals { customer }, _) => totals::shown(customer, inquiry, books, history, findings),
            (Query::Order { .. } | Query::Events { .. }, None) => {}
        }
    }
}

/// A query is answered by 503 only if every attempt of a call was struck.
fn answered(Inquiry { query, known, .. }: &Inquiry, page: &Page, findings: &mut Findings) {
    let order = query.order().unwrap_or("of every kind");
    let holds = match page.status {
        200 => true,
        404 => query.order().is_some(),
        503 => page.strikes >= TRIES,
        _ => false,
    };
    let what = || format!("{query:?} was answered with {} after {} strikes: {}", page.status, page.strikes, page.body);
    findings.must(Invariant::QueryAnswered, order, holds, what);
    let wanted = match query {
        Query::Order { at: At::Least(version) | At::Version(version), .. } => *version,
        Query::Order { at: At::Now, .. } | Query::Events { .. } => 1,
        // The time of a known version may be earlier than the first one.
        Query::Order { at: At::Time(_), .. } | Query::List { .. } | Query::Totals { .. } => return,
    };
    if wanted <= *known {
        let is_minimum = matches!(query, Query::Order { at: At::Least(_), .. });
        let is_behind = is_minimum && page.body["version"].as_u64() < Some(wanted);
        let is_shown = page.status == 503 || page.status == 200 && !is_behind;
        let what =
            || format!("version {known} was known, and {query:?} was answered with {}: {}", page.status, page.body);
        findings.must(Invariant::KnownIsShown, order, is_shown, what);
    }
}

/// A query for a recorded version finds it. A query for a time that a client knows finds the version recorded by then.
fn travelled(
    book: &Book<'_>,
    inquiry: &Inquiry,
    expected: Option<&OrderCommit>,
    as_of: Option<&str>,
    may_be_new: bool,
    findings: &mut Findings,
) {
    for page in &inquiry.pages {
        let holds = match (page.status, expected) {
            (200, Some(commit)) => {
                book.shows(&page.body, findings);
                let is_then = page.body["version"] == commit.version && page.body["asOf"].as_str() == as_of;
                is_then && page.body["stale"].is_null()
            }
            (200, None) => false,
            (404, Some(_)) => may_be_new,
            (_, _) => true,
        };
        let what = || {
            let version = expected.map(|commit| commit.version);
            format!("{:?} was answered with {}, and version {version:?} is correct", inquiry.query, page.body)
        };
        findings.must(Invariant::TimeTravel, book.order, holds, what);
    }
}

/// A trail has the recorded events from the first one on. With all pages, it has every known event.
fn trail(book: &Book<'_>, inquiry: &Inquiry, findings: &mut Findings) {
    let shown: Vec<&Value> = inquiry.pages.iter().flat_map(|page| page.body["items"].as_array()).flatten().collect();
    let recorded: Vec<Value> = book.commits.iter().flat_map(|commit| audited(commit, inquiry.caller)).collect();
    let differs = shown.iter().zip(&recorded).find(|(shown, recorded)| *shown != recorded);
    let what =
        || format!("the trail differs from what is recorded: {differs:?}, {} of {}", shown.len(), recorded.len());
    let is_prefix = differs.is_none() && shown.len() <= recorded.len();
    findings.must(Invariant::Trail, book.order, is_prefix, what);
    if inquiry.is_whole() {
        let known = recorded.iter().filter(|event| event["version"].as_u64() <= Some(inquiry.known)).count();
        let what = || format!("the trail ends after {} events, and {known} were known", shown.len());
        findings.must(Invariant::Trail, book.order, shown.len() >= known, what);
    }
}

/// A commit as the trail shows it. For a customer, every other caller is `staff`.
fn audited(commit: &OrderCommit, asker: Caller) -> Vec<Value> {
    let is_hidden = asker.customer().is_some() && asker.actor() != commit.request.actor;
    let audited = commit.events.iter().map(|recorded| {
        let mut event = event(commit, recorded);
        if is_hidden {
            event["actor"] = json!("staff");
            return event;
        }
        event["actor"] = json!(commit.request.actor);
        event["requestId"] = json!(commit.request.request_id);
        if let Some(correlation_id) = &commit.request.correlation_id {
            event["correlationId"] = json!(correlation_id);
        }
        event
    });
    audited.collect()
}
