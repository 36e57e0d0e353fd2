//! Recorded commits, and the replies to the commands that recorded them.

use std::collections::{BTreeMap, BTreeSet};

use event_store::ring::REMEMBERED_REQUESTS;
use order_aggregate::{OrderCommit, Orders};
use order_domain::Order;
use serde_json::Value;

use super::decisions;
use super::findings::Findings;
use super::history::History;
use super::invariant::Invariant;
use super::ledger::{self, Ledger};
use super::replies::reply;
use super::rights;
use crate::workload::exchange::{Answer, Exchange};

pub(super) fn check(order: &str, commits: &[OrderCommit], history: &History, findings: &mut Findings) {
    let exchanges: Vec<&Exchange> = history.exchanges.iter().filter(|it| it.command.order == order).collect();
    sequence(order, commits, findings);
    recorded_once(order, commits, &exchanges, findings);
    let (states, ledgers) = (states(commits), ledger::after_each(commits));
    for exchange in &exchanges {
        let fails = matches!(exchange.answer, Answer::Failed { .. });
        let what = || format!("{} was answered with {:?}", exchange.command.key, exchange.answer);
        findings.must(Invariant::NoServerError, order, !fails, what);
        truthful(order, exchange, commits, &ledgers, findings);
    }
    decisions::check(order, commits, (&states, &ledgers), &exchanges, findings);
    replies_agree(order, &exchanges, findings);
    acknowledged(order, commits, &exchanges, findings);
    for last in history.last_words.iter().filter(|last| last.command.order == order) {
        let answers = match last.answer {
            Answer::Accepted { .. } => true,
            Answer::Refused { status, .. } => status != 404 || commits.is_empty(),
            Answer::Failed { .. } | Answer::Nothing => false,
        };
        let what = || format!("{} was answered with {:?}, although no fault struck", last.command.key, last.answer);
        findings.must(Invariant::Answers, order, answers, what);
    }
}

/// Versions are gapless from 1, and time rises with them, even if clocks jump.
fn sequence(order: &str, commits: &[OrderCommit], findings: &mut Findings) {
    for (expected, commit) in (1..).zip(commits) {
        let found = || format!("version {} is recorded where {expected} must be", commit.version);
        findings.must(Invariant::Gapless, order, commit.version == expected, found);
    }
    for pair in commits.windows(2) {
        let rises = pair[0].recorded_at < pair[1].recorded_at;
        let found = || format!("version {} was not recorded after version {}", pair[1].version, pair[0].version);
        findings.must(Invariant::TimeRises, order, rises, found);
    }
}

/// A client asked for every commit, and no commit is recorded twice.
fn recorded_once(order: &str, commits: &[OrderCommit], exchanges: &[&Exchange], findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for commit in commits {
        let key = commit.request.request_id.as_str();
        let is_new = seen.insert(key);
        findings.must(Invariant::RecordedOnce, order, is_new, || format!("{key} is recorded twice"));
        let asked = |exchange: &&&Exchange| exchange.command.key == key;
        let may_be = exchanges.iter().filter(asked).any(|exchange| !matches!(exchange.answer, Answer::Refused { .. }));
        let found = || format!("{key} is recorded, and every request for it was rejected");
        findings.must(Invariant::RecordedOnce, order, may_be, found);
    }
}

/// Replies equal the recorded commits.
fn truthful(order: &str, exchange: &Exchange, commits: &[OrderCommit], ledgers: &[Ledger], findings: &mut Findings) {
    let key = &exchange.command.key;
    let Answer::Accepted { status, body, .. } = &exchange.answer else { return };
    let own = commits.iter().zip(ledgers).find(|(commit, _)| commit.request.request_id == *key);
    let (holds, what) = match (status, own) {
        (201, None) => (false, format!("{key} was acknowledged, and is not recorded")),
        (201, Some((commit, ledger))) => {
            let recorded = reply(commit, ledger);
            (recorded == *body, format!("{key} was answered with {body}, and {recorded} is recorded"))
        }
        // The request was forgotten, so its id was known.
        (_, Some((commit, _))) if is_forgotten(commit.version, body["version"].as_u64()) => return,
        (_, Some((commit, _))) => {
            (false, format!("{key} was answered as no change, and is recorded as version {}", commit.version))
        }
        // Module `decisions` compares the other replies with the domain rules.
        (_, None) => return,
    };
    findings.must(Invariant::TruthfulReply, order, holds, || what);
}

/// Equal requests have equal replies, and a key is accepted with one body only.
fn replies_agree(order: &str, exchanges: &[&Exchange], findings: &mut Findings) {
    let mut replies: BTreeMap<(&str, String), &Value> = BTreeMap::new();
    for exchange in exchanges {
        let Answer::Accepted { status: 201, body, .. } = &exchange.answer else { continue };
        let key = exchange.command.key.as_str();
        let first = *replies.entry((key, exchange.command.content().to_string())).or_insert(body);
        findings.must(Invariant::SameReply, order, first == body, || format!("{key} was answered in two ways"));
    }
    let mut bodies: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    for (key, body) in replies.keys() {
        bodies.entry(key).or_default().insert(body);
    }
    for (key, bodies) in bodies {
        findings.must(Invariant::SameReply, order, bodies.len() == 1, || format!("{key} was accepted with two bodies"));
    }
}

/// After a 201, the same key and body have the same reply, marked as replayed, and the key with another body is rejected. A
/// rejection of a request that was in flight at that time may be older than the commit.
fn acknowledged(order: &str, commits: &[OrderCommit], exchanges: &[&Exchange], findings: &mut Findings) {
    let mut first: BTreeMap<&str, &Exchange> = BTreeMap::new();
    for exchange in exchanges.iter().filter(|it| matches!(it.answer, Answer::Accepted { status: 201, .. })) {
        let earliest = first.entry(&exchange.command.key).or_insert(exchange);
        if exchange.ended < earliest.ended {
            *earliest = exchange;
        }
    }
    // Module `quotes` checks the answers to quotes.
    let is_by_key = |it: &&&Exchange| it.command.quote.is_none() && rights::refusal(&it.command).is_none();
    for later in exchanges.iter().filter(is_by_key) {
        let key = later.command.key.as_str();
        let Some(earlier) = first.get(key).filter(|earlier| earlier.ended < later.began) else { continue };
        let Answer::Accepted { body: reply, .. } = &earlier.answer else { continue };
        let version = reply["version"].as_u64().unwrap_or_default();
        if is_forgotten(version, Some(commits.len() as u64)) {
            continue;
        }
        let is_same = later.command.body == earlier.command.body;
        let holds = match &later.answer {
            Answer::Accepted { status, body, replayed } => {
                // With a stopped clock, a repeated placement looks like the SDK's own retry (decision 0011).
                let at_once = version == 1 && reply["events"][0]["recordedAt"] == later.asked_at.to_string();
                is_same && *status == 201 && body == reply && (*replayed || at_once)
            }
            Answer::Refused { status, code } => !is_same && *status == 422 && code == "idempotency_key_reused",
            Answer::Failed { .. } | Answer::Nothing => true,
        };
        let what = || format!("{key} was acknowledged with {reply}, and later answered with {:?}", later.answer);
        findings.must(Invariant::Acknowledged, order, holds, what);
    }
}

/// Returns true if the request of a version was forgotten at a later one. The newest 64 are remembered, including its own.
fn is_forgotten(version: u64, newest: Option<u64>) -> bool {
    newest >= Some(version + REMEMBERED_REQUESTS as u64)
}

/// The state after each commit, by the domain's fold.
fn states(commits: &[OrderCommit]) -> Vec<Order> {
    let mut state = Order::default();
    let mut states = Vec::new();
    for commit in commits {
        state = commit.apply_to::<Orders>(state);
        states.push(state.clone());
    }
    states
}
