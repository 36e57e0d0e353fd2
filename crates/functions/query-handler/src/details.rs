//! The fold of an order's details: its quote, and every payment, refund, shipment, return and partial cancellation.

use event_store::Timestamp;
use http_api::replies::{CancellationView, DetailsView, PaymentView, RefundView, ReturnView, ShipmentView};
use order_aggregate::OrderCommit;
use order_domain::Event;
use order_domain::event::{ItemShipped, PaymentReceived};
use order_domain::values::{PaymentId, ReasonCode, Text};

/// Applies the events of the next commit.
pub(crate) fn apply(details: &mut DetailsView, commit: &OrderCommit) {
    let at = commit.recorded_at;
    for recorded in &commit.events {
        match &recorded.event {
            Event::PaymentReceived(event) => details.payments.push(payment(event, at)),
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
                    refunded_at: at,
                });
            }
            Event::ItemShipped(event) => details.shipments.push(shipment(event, at)),
            Event::ItemDelivered(event) => {
                let id = event.shipment_id.as_str();
                if let Some(shipment) = details.shipments.iter_mut().find(|shipment| shipment.shipment_id == id) {
                    shipment.delivered = true;
                    shipment.delivered_at = Some(at);
                }
            }
            Event::ItemReturned(event) => details.returns.push(ReturnView {
                return_id: event.return_id.to_string(),
                items: event.items.clone(),
                reason: event.reason.as_ref().map(text),
                reason_code: event.reason_code.as_ref().map(code),
                returned_at: at,
            }),
            Event::ItemsCancelled(event) => details.cancellations.push(CancellationView {
                cancellation_id: event.cancellation_id.to_string(),
                items: event.items.clone(),
                reduction: event.reduction.minor_units(),
                reason: text(&event.reason),
                reason_code: event.reason_code.as_ref().map(code),
                cancelled_at: at,
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

fn payment(event: &PaymentReceived, at: Timestamp) -> PaymentView {
    PaymentView {
        payment_id: event.payment_id.to_string(),
        amount: event.amount.minor_units(),
        amount_received: event.amount.minor_units(),
        amount_refunded: 0,
        method: event.method.as_ref().map(text),
        received_at: at,
    }
}

fn shipment(event: &ItemShipped, at: Timestamp) -> ShipmentView {
    ShipmentView {
        shipment_id: event.shipment_id.to_string(),
        items: event.items.clone(),
        carrier: event.carrier.as_ref().map(text),
        tracking_number: event.tracking_number.as_ref().map(text),
        shipped_at: at,
        delivered: false,
        delivered_at: None,
    }
}

fn code(code: &ReasonCode) -> String {
    code.as_str().to_owned()
}

fn text(text: &Text) -> String {
    text.as_str().to_owned()
}
