//! Recorded commits, and the replies to the commands that recorded them.

use std::collections::{BTreeMap, BTreeSet};

use event_store::ring::REMEMBERED_REQUESTS;
use serde_json::Value;

use super::book::{Book, reply};
use super::decisions;
use super::findings::{Findings, Invariant};
use super::rights;
use crate::workload::command::Exchange;

pub(super) fn check(book: &Book<'_>, findings: &mut Findings) {
    let order = book.order;
    sequence(book, findings);
    recorded_once(book, findings);
    for exchange in &book.exchanges {
        let holds = exchange.answer.as_ref().is_none_or(|answer| answer.is_accepted() || answer.is_rejection());
        let what = || format!("{} was answered with {:?}", exchange.command.key, exchange.answer);
        findings.must(Invariant::NoServerError, order, holds, what);
        truthful(book, exchange, findings);
    }
    decisions::check(book, findings);
    replies_agree(book, findings);
    acknowledged(book, findings);
    for last in book.history.last_words.iter().filter(|last| last.command.order == order) {
        let answers = last.answer.as_ref().is_some_and(|answer| {
            let is_lost = answer.status == 404 && !book.commits.is_empty();
            answer.is_accepted() || answer.is_rejection() && !is_lost
        });
        let what = || format!("{} was answered with {:?}, although no fault struck", last.command.key, last.answer);
        findings.must(Invariant::Answers, order, answers, what);
    }
}

/// Versions are gapless from 1, and time rises with them, even if clocks jump.
fn sequence(book: &Book<'_>, findings: &mut Findings) {
    for (expected, commit) in (1..).zip(book.commits) {
        let found = || format!("version {} is recorded where {expected} must be", commit.version);
        findings.must(Invariant::Gapless, book.order, commit.version == expected, found);
    }
    for pair in book.commits.windows(2) {
        let rises = pair[0].recorded_at < pair[1].recorded_at;
        let found = || format!("version {} was not recorded after version {}", pair[1].version, pair[0].version);
        findings.must(Invariant::TimeRises, book.order, rises, found);
    }
}

/// A client asked for every commit, and no commit is recorded twice.
fn recorded_once(book: &Book<'_>, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for commit in book.commits {
        let key = commit.request.request_id.as_str();
        let is_new = seen.insert(key);
        findings.must(Invariant::RecordedOnce, book.order, is_new, || format!("{key} is recorded twice"));
        let mut asked = book.exchanges.iter().filter(|exchange| exchange.command.key == key);
        let may_have_recorded = |it: &&Exchange| it.answer.as_ref().is_none_or(|answer| !answer.is_rejection());
        let found = || format!("{key} is recorded, and every request for it was rejected");
        findings.must(Invariant::RecordedOnce, book.order, asked.any(may_have_recorded), found);
    }
}

/// Replies equal the recorded commits.
fn truthful(book: &Book<'_>, exchange: &Exchange, findings: &mut Findings) {
    let key = &exchange.command.key;
    let Some(body) = exchange.accepted() else { return };
    let (holds, what) = match (exchange.recorded(), book.recorded_by(key)) {
        (Some(_), None) => (false, format!("{key} was acknowledged, and is not recorded")),
        (Some(_), Some((commit, ledger))) => {
            let recorded = reply(commit, ledger);
            (recorded == *body, format!("{key} was answered with {body}, and {recorded} is recorded"))
        }
        // The request was forgotten, so its id was known.
        (None, Some((commit, _))) if is_forgotten(commit.version, body["version"].as_u64()) => return,
        (None, Some((commit, _))) => {
            (false, format!("{key} was answered as no change, and is recorded as version {}", commit.version))
        }
        // Module `decisions` compares the other replies with the domain rules.
        (None, None) => return,
    };
    findings.must(Invariant::TruthfulReply, book.order, holds, || what);
}

/// Equal requests have equal replies, and a key is accepted with one body only.
fn replies_agree(book: &Book<'_>, findings: &mut Findings) {
    let mut replies: BTreeMap<(&str, String), &Value> = BTreeMap::new();
    for exchange in &book.exchanges {
        let Some(body) = exchange.recorded() else { continue };
        let key = exchange.command.key.as_str();
        let first = *replies.entry((key, exchange.command.content().to_string())).or_insert(body);
        findings.must(Invariant::SameReply, book.order, first == body, || format!("{key} was answered in two ways"));
    }
    let mut bodies: BTreeMap<&str, u32> = BTreeMap::new();
    for (key, _) in replies.keys() {
        *bodies.entry(key).or_default() += 1;
    }
    for (key, bodies) in bodies {
        findings.must(Invariant::SameReply, book.order, bodies == 1, || format!("{key} was accepted with two bodies"));
    }
}

/// After a 201, the same key and body have the same reply, marked as replayed, and the key with another body is rejected. A
/// rejection of a request that was in flight at that time may be older than the commit.
fn acknowledged(book: &Book<'_>, findings: &mut Findings) {
    let mut first: BTreeMap<&str, (&Exchange, &Value)> = BTreeMap::new();
    for exchange in &book.exchanges {
        let Some(reply) = exchange.recorded() else { continue };
        let earliest = first.entry(&exchange.command.key).or_insert((exchange, reply));
        if exchange.ended < earliest.0.ended {
            *earliest = (exchange, reply);
        }
    }
    for later in book.exchanges.iter().filter(|it| rights::is_decided_by_the_order(&it.command)) {
        let key = later.command.key.as_str();
        let Some((earlier, reply)) = first.get(key).filter(|(earlier, _)| earlier.ended < later.began) else {
            continue;
        };
        let version = reply["version"].as_u64().unwrap_or_default();
        if is_forgotten(version, Some(book.commits.len() as u64)) {
            continue;
        }
        let is_same = later.command.body == earlier.command.body;
        let holds = later.answer.as_ref().is_none_or(|answer| match answer.status {
            200 | 201 => {
                let may_look_new = answer.replayed || book.has_time_of_commit(version, later.asked_at);
                is_same && answer.status == 201 && answer.body == **reply && may_look_new
            }
            400..=499 => !is_same && answer.status == 422 && answer.code() == "idempotency_key_reused",
            _ => true,
        });
        let what = || format!("{key} was acknowledged with {reply}, and later answered with {:?}", later.answer);
        findings.must(Invariant::Acknowledged, book.order, holds, what);
    }
}

/// Returns true if the request of a version was forgotten at a later one. The newest 64 are remembered, including its own.
fn is_forgotten(version: u64, newest: Option<u64>) -> bool {
    newest >= Some(version + REMEMBERED_REQUESTS as u64)
}
