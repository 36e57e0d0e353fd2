//! The rights of callers, by a second table: the events that each may record, and the rejections of the others.

use order_domain::Event;
use order_domain::event::OrderPlaced;

use super::book::Book;
use super::facts::{Facts, facts};
use super::findings::{Findings, Invariant};
use super::history::History;
use crate::workload::caller::Caller;
use crate::workload::command::{Command, Exchange};

/// The status and code that reject a command, or `None` if its caller may send it.
pub(super) fn refusal(command: &Command) -> Option<(u16, &'static str)> {
    let (caller, task) = (command.caller, command.path.rsplit('/').next().unwrap_or_default());
    let needed: &[&str] = match task {
        "orders" => &["orders:place", "orders:place-priced"],
        "payments" | "corrections" | "refunds" => &["payments:write"],
        "shipments" | "delivery" | "returns" => &["fulfillment:write"],
        _ => &["orders:cancel", "orders:place-priced"],
    };
    let is_other = caller.customer().is_some_and(|customer| customer != command.owner);
    let has_one = caller.scopes().iter().any(|scope| needed.contains(scope));
    match caller {
        Caller::Mixed(_) => Some((403, "mixed_scopes")),
        Caller::Admin | Caller::SignedService => None,
        Caller::Customer(_) | Caller::Shop | Caller::PaymentProvider | Caller::Warehouse | Caller::Support
            if !has_one =>
        {
            Some((403, "insufficient_scope"))
        }
        Caller::Customer(_) => match (&command.quote, task) {
            (None, "orders") => Some((403, "prices_not_trusted")),
            (Some(quote), _) => (is_other && !quote.is_tampered).then_some((403, "forbidden")),
            (None, _) if !command.body["reduction"].is_null() => Some((403, "reduction_not_allowed")),
            (None, _) => is_other.then_some((404, "order_not_found")),
        },
        Caller::Shop | Caller::PaymentProvider | Caller::Warehouse | Caller::Support => None,
    }
}

/// Returns true for a command without a quote that its caller may send. The order's state alone decides it.
pub(super) fn is_decided_by_the_order(command: &Command) -> bool {
    command.quote.is_none() && refusal(command).is_none()
}

pub(super) fn check(books: &[Book<'_>], history: &History, findings: &mut Findings) {
    for Exchange { command, answer, .. } in &history.exchanges {
        let answer = answer.as_ref().filter(|answer| answer.is_accepted() || answer.is_rejection());
        let (Some((status, code)), Some(answer)) = (refusal(command), answer) else { continue };
        let holds = (answer.status, answer.code()) == (status, code);
        let what = || format!("{:?} sent {} and was answered with {answer:?}", command.caller, command.key);
        findings.must(Invariant::Authorized, &command.order, holds, what);
        deed(code, holds, findings);
    }
    for book in books {
        for commit in book.commits {
            let (actor, key) = (&commit.request.actor, &commit.request.request_id);
            let callers = book.exchanges.iter().map(|it| &it.command).filter(|it| it.key == *key);
            let mut allowed = callers.filter(|it| it.caller.actor() == *actor && refusal(it).is_none());
            let holds = allowed.any(|it| commit.events.iter().all(|event| may_record(it.caller, &event.event)));
            let what = || format!("version {} is recorded for {actor}, who may not record it", commit.version);
            findings.must(Invariant::Authorized, book.order, holds, what);
        }
    }
}

/// Returns true if a caller may record an event. A customer may place an order by a quote.
fn may_record(caller: Caller, event: &Event) -> bool {
    let Facts { scopes, placed, .. } = facts(event);
    let is_own = |placed: &OrderPlaced| caller.customer() == Some(placed.customer_id.as_str());
    matches!(caller, Caller::Admin | Caller::SignedService)
        || scopes.iter().any(|scope| caller.scopes().contains(scope))
        || placed.is_some_and(|placed| placed.quote.is_some() && is_own(placed))
}

fn deed(code: &str, is_refused: bool, findings: &mut Findings) {
    let deed = match code {
        "mixed_scopes" => "mixed tokens refused",
        "insufficient_scope" => "tokens without the scope refused",
        "prices_not_trusted" => "prices of a customer refused",
        "reduction_not_allowed" => "reductions of a customer refused",
        "forbidden" => "quotes of another customer refused",
        _ => "orders of another customer not found",
    };
    findings.did(deed, is_refused);
}
