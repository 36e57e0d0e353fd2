//! Deeds: counts of each kind of command that was recorded or answered. A kind that never happens is not checked, so a test
//! asserts that the histories have every deed of `docs/RELIABILITY.md`.

use order_domain::stored;
use serde_json::Value;

use super::book::Book;
use super::facts::{Money, Units, facts};
use super::findings::Findings;
use super::step::{Step, units};
use crate::workload::command::Exchange;

/// Counts the deeds of an event.
pub(super) fn count(step: &Step<'_>, findings: &mut Findings) {
    let Step { before, facts, .. } = step;
    let is_named = step.named.is_some();
    if let Some(deed) = facts.deed {
        findings.did(deed, true);
    }
    let mut done = |deed, is_done: bool| findings.did(deed, is_done);
    if let Some(placed) = facts.placed {
        let has_notes = placed.reference.is_some() && !placed.metadata.is_empty();
        done("orders placed with a reference and metadata", has_notes);
    }
    let paid = |payment: &str| before.payments.get(payment).cloned().unwrap_or_default();
    match facts.money {
        Some((payment, Money::Corrected(amount))) => {
            let refunded = paid(payment).refunded;
            done("payments corrected down to what was refunded", refunded > 0 && refunded == amount);
        }
        Some((payment, Money::Refunded(amount))) => {
            let paid = paid(payment);
            let completes = paid.refunded + amount == paid.amount;
            done("refunds in part", !completes);
            done("refunds in full at once", completes && paid.refunded == 0);
            done("refunds of the rest of a payment", completes && paid.refunded > 0);
            let restores = completes && paid.forgiven() > 0 && !before.cancelled;
            done("refunds of the rest after others had forgiven something", restores);
            done("refunds with a named reduction", is_named);
        }
        Some((_, Money::Received(_))) | None => {}
    }
    match facts.units {
        Some((Units::Shipped, _)) => {
            let is_after = before.amount_refunded() > 0 || before.lines.iter().any(|line| line.cancelled > 0);
            done("shipments after a refund or an item cancellation", is_after);
        }
        Some((Units::Cancelled, items)) => {
            done("item cancellations with a named reduction", is_named);
            done("item cancellations of the last units", units(items) == before.left());
        }
        Some((Units::Returned, _)) | None => {}
    }
    let has_code = stored::encode(step.event).is_ok_and(|stored| stored.data["reasonCode"].is_string());
    done("events with a reason code", has_code);
}

/// Counts the deeds without an event, by the replies.
pub(super) fn count_answers(book: &Book<'_>, findings: &mut Findings) {
    for Exchange { command, answer, .. } in &book.exchanges {
        let Some(answer) = answer else { continue };
        findings.did("commands refused at 1,000 ids", answer.is_rejection() && answer.code() == "too_many_changes");
        if answer.status != 200 {
            continue;
        }
        let first = &answer.body["events"][0];
        let (version, recorded) = (answer.body["version"].as_u64(), first["version"].as_u64());
        let payment = first["data"]["paymentId"].as_str();
        let is_newer =
            |event| matches!(facts(event).money, Some((corrected, Money::Corrected(_))) if Some(corrected) == payment);
        let mut between = book.commits.iter().filter(|it| Some(it.version) > recorded && Some(it.version) <= version);
        let has_newer = between.any(|commit| commit.events.iter().any(|it| is_newer(&it.event)));
        let deed = "old corrections repeated under a new key, and not recorded";
        findings.did(deed, command.path.ends_with("/corrections") && has_newer);
        let own = book.recorded_by(&command.key);
        let is_forgotten = own.is_some_and(|(own, _)| version >= Some(own.version + 64));
        findings.did("requests repeated after they were forgotten", is_forgotten);
        let (asked, recorded) = (skus(&command.body), skus(&first["data"]));
        let is_turned = asked.len() > 1 && asked.iter().eq(recorded.iter().rev());
        findings.did("lines repeated in another order, and not recorded", is_turned);
    }
}

fn skus(body: &Value) -> Vec<&str> {
    body["items"].as_array().into_iter().flatten().filter_map(|item| item["sku"].as_str()).collect()
}
