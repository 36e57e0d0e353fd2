//! Deeds: counts of each kind of command that was recorded or answered. A kind that never happens is not checked, so a test
//! asserts that the histories have every deed of `docs/RELIABILITY.md`.

use order_domain::{Event, stored};
use serde_json::Value;

use super::book::Book;
use super::findings::Findings;
use super::step::{Step, units};
use crate::workload::command::Exchange;

/// Counts the deeds of an event.
pub(super) fn count(step: &Step<'_>, findings: &mut Findings) {
    let (before, is_named) = (step.before, step.named.is_some());
    let mut done = |deed, is_done: bool| findings.did(deed, is_done);
    match step.event {
        Event::OrderPlaced(event) => {
            done("orders placed", true);
            let has_notes = event.reference.is_some() && !event.metadata.is_empty();
            done("orders placed with a reference and metadata", has_notes);
        }
        Event::PaymentReceived(_) => done("payments received", true),
        Event::PaymentCorrected(event) => {
            let refunded = before.payments.get(event.payment_id.as_str()).map_or(0, |paid| paid.refunded);
            done("payments corrected", true);
            let is_down = refunded > 0 && refunded == event.corrected_amount.minor_units();
            done("payments corrected down to what was refunded", is_down);
        }
        Event::PaymentRefunded(event) => {
            let paid = before.payments.get(event.payment_id.as_str()).cloned().unwrap_or_default();
            let completes = paid.refunded + event.amount.minor_units() == paid.amount;
            done("refunds in part", !completes);
            done("refunds in full at once", completes && paid.refunded == 0);
            done("refunds of the rest of a payment", completes && paid.refunded > 0);
            let restores = completes && paid.forgiven() > 0 && !before.cancelled;
            done("refunds of the rest after others had forgiven something", restores);
            done("refunds with a named reduction", is_named);
        }
        Event::ItemShipped(_) => {
            done("shipments", true);
            let is_after = before.amount_refunded() > 0 || before.lines.iter().any(|line| line.cancelled > 0);
            done("shipments after a refund or an item cancellation", is_after);
        }
        Event::ItemDelivered(_) => done("deliveries", true),
        Event::ItemReturned(_) => done("returns", true),
        Event::ItemsCancelled(event) => {
            done("item cancellations", true);
            done("item cancellations with a named reduction", is_named);
            done("item cancellations of the last units", units(&event.items) == before.left());
        }
        Event::OrderCancelled(_) => done("orders cancelled", true),
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
        let is_newer = |event: &Event| {
            let Event::PaymentCorrected(event) = event else { return false };
            Some(event.payment_id.as_str()) == first["data"]["paymentId"].as_str()
        };
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
