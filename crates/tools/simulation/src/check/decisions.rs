//! Replies that leave no commit: rejections, and replies that nothing changes.

use std::ops::RangeInclusive;

use http_api::{Problem, parse_command};
use order_aggregate::{OrderCommit, Orders};
use order_domain::{Command, Decision, Order, decide};
use serde_json::Value;

use super::book::{Book, reply};
use super::findings::{Findings, Invariant};
use super::rights;
use crate::workload::command::Exchange;

/// A reply that leaves no commit: one that nothing changes, or the code of a rejection.
type Ruling = Result<Value, String>;

/// Each such reply matches the domain rules at some version between request and reply.
///
/// The rules are the domain's own, which has its own tests. This check finds rules that were applied to a wrong version.
pub(super) fn check(book: &Book<'_>, findings: &mut Findings) {
    let states = states(book.commits);
    for exchange in book.exchanges.iter().filter(|it| rights::is_decided_by_the_order(&it.command)) {
        let Some(answer) = &exchange.answer else { continue };
        let (command, code) = (&exchange.command, answer.code());
        let versions = versions(exchange, book);
        let holds = match answer.status {
            201 => {
                let own = book.recorded_by(&command.key);
                let (Some((commit, _)), Some(expected)) = (own, command.if_match) else { continue };
                expected + 1 == commit.version
            }
            200 => rules_give(&Ok(answer.body.clone()), exchange, book, &states, versions.clone()),
            404 | 409 => rules_give(&Err(code.to_owned()), exchange, book, &states, versions.clone()),
            422 => {
                let is_other = |it: &&Exchange| it.command.key == command.key && it.command.body != command.body;
                let is_recorded = book.recorded_by(&command.key).is_some();
                code == "idempotency_key_reused" && is_recorded && book.exchanges.iter().any(is_other)
            }
            412 => {
                let is_another = |version| version > 0 && command.if_match.is_some_and(|expected| expected != version);
                code == "version_mismatch" && versions.clone().any(is_another)
            }
            400..=499 => false,
            _ => continue,
        };
        let what = || {
            format!("{command:?} was answered with {answer:?} while the order was at one of the versions {versions:?}")
        };
        findings.must(Invariant::Decided, book.order, holds, what);
    }
}

/// The state at each version from 0, by the domain's fold.
fn states(commits: &[OrderCommit]) -> Vec<Order> {
    let mut states = vec![Order::default()];
    for (place, commit) in commits.iter().enumerate() {
        states.push(commit.apply_to::<Orders>(states[place].clone()));
    }
    states
}

/// The versions that an order may have had between a request and its reply: from the highest version that a client knew before,
/// to the last version that a client had requested by then.
fn versions(exchange: &Exchange, book: &Book<'_>) -> RangeInclusive<u64> {
    let was_asked_for = |commit: &&OrderCommit| {
        let of_commit = book.exchanges.iter().filter(|it| it.command.key == commit.request.request_id);
        of_commit.map(|it| it.sent).min().is_some_and(|sent| sent < exchange.ended)
    };
    book.known_before(exchange.began)..=book.commits.iter().take_while(was_asked_for).count() as u64
}

/// Returns true if the rules give the reply at one of these versions.
fn rules_give(
    expected: &Ruling,
    exchange: &Exchange,
    book: &Book<'_>,
    states: &[Order],
    mut versions: RangeInclusive<u64>,
) -> bool {
    let request = exchange.command.request("asked-again").ok();
    let Some(parsed) = request.and_then(|request| parse_command(&request).ok()?.command()) else { return false };
    versions.any(|version| {
        // `If-Match` is not compared for an order that does not exist.
        let is_compared = version == 0 || exchange.command.if_match.is_none_or(|expected| expected == version);
        is_compared && ruling(book, states, version, parsed.command.clone()).as_ref() == Some(expected)
    })
}

/// The reply that the rules give at a version. `None` if they record the command.
fn ruling(book: &Book<'_>, states: &[Order], version: u64, command: Command) -> Option<Ruling> {
    let place = usize::try_from(version).ok()?;
    match decide(states.get(place)?, command) {
        Err(rejection) => Some(Err(Problem::refused(&rejection).code().to_owned())),
        Ok(Decision::Unchanged(at)) => {
            let mut reply = reply(book.at(at.version)?.0, book.ledgers.get(place)?);
            reply["version"] = version.into();
            Some(Ok(reply))
        }
        Ok(Decision::Record(_)) => None,
    }
}
