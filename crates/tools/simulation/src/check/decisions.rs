//! Replies that leave no commit: rejections, and replies that nothing changes.

use std::ops::RangeInclusive;

use http_api::{Problem, parse_command};
use order_aggregate::OrderCommit;
use order_domain::{Command, Decision, Order, decide};
use serde_json::Value;

use super::findings::Findings;
use super::invariant::Invariant;
use super::ledger::Ledger;
use super::replies::reply;
use super::rights;
use crate::workload::exchange::{Answer, Exchange};

/// The order after each commit: by the domain, and by its events.
type States<'a> = (&'a [Order], &'a [Ledger]);

/// Each such reply matches the domain rules at some version between request and reply.
///
/// The rules are the domain's own, which has its own tests. This check finds rules that were applied to a wrong version.
pub(super) fn check(
    order: &str,
    commits: &[OrderCommit],
    states: States<'_>,
    exchanges: &[&Exchange],
    findings: &mut Findings,
) {
    // Modules `rights` and `quotes` check forbidden commands and quotes.
    let is_by_rules = |it: &&&Exchange| it.command.quote.is_none() && rights::refusal(&it.command).is_none();
    for exchange in exchanges.iter().filter(is_by_rules) {
        let versions = versions(exchange, commits, exchanges);
        let holds = match &exchange.answer {
            Answer::Accepted { status: 201, .. } => {
                let own = commits.iter().find(|commit| commit.request.request_id == exchange.command.key);
                let (Some(commit), Some(expected)) = (own, exchange.command.if_match) else { continue };
                expected + 1 == commit.version
            }
            Answer::Accepted { body, .. } => {
                rules_give(exchange, commits, states, versions.clone(), |reply| reply == Reply::NoChange(body))
            }
            Answer::Refused { status: 422, code } => {
                let is_recorded = commits.iter().any(|commit| commit.request.request_id == exchange.command.key);
                let is_other =
                    |it: &&Exchange| it.command.key == exchange.command.key && it.command.body != exchange.command.body;
                code == "idempotency_key_reused" && is_recorded && exchanges.iter().copied().any(|it| is_other(&it))
            }
            Answer::Refused { status: 412, code } => {
                let is_another =
                    |version| version > 0 && exchange.command.if_match.is_some_and(|expected| expected != version);
                code == "version_mismatch" && versions.clone().any(is_another)
            }
            Answer::Refused { status: 404 | 409, code } => {
                rules_give(exchange, commits, states, versions.clone(), |reply| reply == Reply::Rejection(code))
            }
            Answer::Refused { .. } => false,
            Answer::Failed { .. } | Answer::Nothing => continue,
        };
        let what = || {
            format!(
                "{:?} was answered with {:?} while the order was at one of the versions {versions:?}",
                exchange.command, exchange.answer
            )
        };
        findings.must(Invariant::Decided, order, holds, what);
    }
}

/// The versions that an order may have had between a request and its reply: from the highest version that a client knew before,
/// to the last version that a client had requested by then.
fn versions(exchange: &Exchange, commits: &[OrderCommit], exchanges: &[&Exchange]) -> RangeInclusive<u64> {
    let earlier = exchanges.iter().filter(|earlier| earlier.ended < exchange.began);
    let known = earlier.filter_map(|earlier| match &earlier.answer {
        Answer::Accepted { body, .. } => body["version"].as_u64(),
        Answer::Refused { .. } | Answer::Failed { .. } | Answer::Nothing => None,
    });
    let was_asked_for = |commit: &&OrderCommit| {
        let of_commit = exchanges.iter().filter(|it| it.command.key == commit.request.request_id);
        of_commit.map(|it| it.sent).min().is_some_and(|sent| sent < exchange.ended)
    };
    known.max().unwrap_or(0)..=commits.iter().take_while(was_asked_for).count() as u64
}

#[derive(PartialEq)]
enum Reply<'a> {
    /// A rejection with this code.
    Rejection(&'a str),
    /// This reply, that nothing changes.
    NoChange(&'a Value),
}

/// Returns true if the rules give the reply at one of these versions.
fn rules_give(
    exchange: &Exchange,
    commits: &[OrderCommit],
    (states, ledgers): States<'_>,
    mut versions: RangeInclusive<u64>,
    is_expected: impl Fn(Reply<'_>) -> bool,
) -> bool {
    let request = exchange.command.request("asked-again").ok();
    let Some(command) =
        request.and_then(|request| parse_command(&request).ok()?.command()).map(|parsed| parsed.command)
    else {
        return false;
    };
    let before_first = (Order::default(), Ledger::default());
    versions.any(|version| {
        let state = match usize::try_from(version).ok().and_then(|version| version.checked_sub(1)) {
            Some(place) => states.get(place).zip(ledgers.get(place)),
            None => Some((&before_first.0, &before_first.1)),
        };
        let Some(state) = state else { return false };
        // `If-Match` is not compared for an order that does not exist.
        if version > 0 && exchange.command.if_match.is_some_and(|expected| expected != version) {
            return false;
        }
        gives(state, version, command.clone(), commits, &is_expected)
    })
}

fn gives(
    (state, ledger): (&Order, &Ledger),
    version: u64,
    command: Command,
    commits: &[OrderCommit],
    is_expected: impl Fn(Reply<'_>) -> bool,
) -> bool {
    match decide(state, command) {
        Err(rejection) => is_expected(Reply::Rejection(Problem::refused(&rejection).code())),
        Ok(Decision::Unchanged(at)) => {
            let commit = commits.iter().find(|commit| commit.version == at.version);
            commit.is_some_and(|commit| {
                let mut reply = reply(commit, ledger);
                reply["version"] = version.into();
                is_expected(Reply::NoChange(&reply))
            })
        }
        Ok(Decision::Record(_)) => false,
    }
}
