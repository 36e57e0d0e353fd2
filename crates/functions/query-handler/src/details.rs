//! The fold of an order's details: its quote, and every payment, refund, shipment, return and partial cancellation.

use http_api::replies::{CancellationView, DetailsView, PaymentView, RefundView, ReturnView, ShipmentView};
use order_aggregate::OrderCommit;
use order_domain::Event;
use order_domain::event::{ItemShipped, PaymentReceived};
use order_domain::values::{PaymentId, ReasonCode, Text};

/// Applies the events of the next commit.
pub(crate) fn apply(details: &mut DetailsView, commit: &OrderCommit) {
    let at_ms = commit.recorded_at.epoch_ms();
    for recorded in &commit.events {
        match &recorded.event {
            Event::PaymentReceived(event) => details.payments.push(payment(event, at_ms)),
            Event::PaymentCorrected(event) => {
                if let Some(payment) = find(details, &event.payment_id) {
                    payment.amount = event.corrected_amount.minor_units();
                }
            }
            Event::PaymentRefunded(event) => {
                let amount = event.amount.minor_units();
                if let Some(payment) = find(details, &event.payment_id) {
                    payment.amount_refunded = payment.amount_refunded.saturating_add(amount);
                }
                details.refunds.push(RefundView {
                    refund_id: event.refund_id.to_string(),
                    payment_id: event.payment_id.to_string(),
                    amount,
                    reduction: event.reduction.minor_units(),
                    reason: event.reason.as_ref().map(text),
                    reason_code: event.reason_code.as_ref().map(code),
                    refunded_at_ms: at_ms,
                });
            }
            Event::ItemShipped(event) => details.shipments.push(shipment(event, at_ms)),
            Event::ItemDelivered(event) => {
                let id = event.shipment_id.as_str();
                if let Some(shipment) = details.shipments.iter_mut().find(|shipment| shipment.shipment_id == id) {
                    shipment.delivered = true;
                    shipment.delivered_at_ms = Some(at_ms);
                }
            }
            Event::ItemReturned(event) => details.returns.push(ReturnView {
                return_id: event.return_id.to_string(),
                items: event.items.clone(),
                reason: event.reason.as_ref().map(text),
                reason_code: event.reason_code.as_ref().map(code),
                returned_at_ms: at_ms,
            }),
            Event::ItemsCancelled(event) => details.cancellations.push(CancellationView {
                cancellation_id: event.cancellation_id.to_string(),
                items: event.items.clone(),
                reduction: event.reduction.minor_units(),
                reason: text(&event.reason),
                reason_code: event.reason_code.as_ref().map(code),
                cancelled_at_ms: at_ms,
            }),
            Event::OrderPlaced(event) => details.quote.clone_from(&event.quote),
            // The summary shows the cancellation. It has no id of its own.
            Event::OrderCancelled(_) => {}
        }
    }
}

fn find<'a>(details: &'a mut DetailsView, id: &PaymentId) -> Option<&'a mut PaymentView> {
    details.payments.iter_mut().find(|payment| payment.payment_id == id.as_str())
}

fn payment(event: &PaymentReceived, at_ms: i64) -> PaymentView {
    PaymentView {
        payment_id: event.payment_id.to_string(),
        amount: event.amount.minor_units(),
        amount_received: event.amount.minor_units(),
        amount_refunded: 0,
        method: event.method.as_ref().map(text),
        received_at_ms: at_ms,
    }
}

fn shipment(event: &ItemShipped, at_ms: i64) -> ShipmentView {
    ShipmentView {
        shipment_id: event.shipment_id.to_string(),
        items: event.items.clone(),
        carrier: event.carrier.as_ref().map(text),
        tracking_number: event.tracking_number.as_ref().map(text),
        shipped_at_ms: at_ms,
        delivered: false,
        delivered_at_ms: None,
    }
}

fn code(code: &ReasonCode) -> String {
    code.as_str().to_owned()
}

fn text(text: &Text) -> String {
    text.as_str().to_owned()
}
