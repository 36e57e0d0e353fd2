//! The fold: one arm for each event.

use crate::event::{ItemQuantity, OrderPlaced};
use crate::fingerprint::Fingerprint;
use crate::order::{Charges, Line, Payment, Placed, Recorded, Reducing, Shipment};
use crate::{Event, EventRef, Order};

/// Returns the order after `event`, which was recorded at `at`. The fold never fails and never judges, because the
/// event has happened. An event that names an unknown id changes nothing, and sums saturate; `decide` prevents both.
#[must_use]
pub fn evolve(mut order: Order, event: &Event, at: EventRef) -> Order {
    match event {
        Event::OrderPlaced(event) => place(&mut order, event),
        Event::PaymentReceived(event) => order.payments.push(Payment {
            id: event.payment_id.clone(),
            received: event.amount,
            recorded: at.into(),
            amount: event.amount,
            amount_set_by: at.event_id,
            refunded: 0,
            reductions: 0,
            named: 0,
        }),
        Event::PaymentCorrected(event) => {
            if let Some(payment) = order.payments.iter_mut().find(|payment| payment.id == event.payment_id) {
                payment.amount = event.corrected_amount;
                payment.amount_set_by = at.event_id;
            }
            order.corrections.push(recorded(&event.correction_id, event, at));
            order.due = event.due;
        }
        Event::PaymentRefunded(event) => {
            if let Some(payment) = order.payments.iter_mut().find(|payment| payment.id == event.payment_id) {
                payment.refund(event.amount, event.reduction);
            }
            let recorded = recorded(&event.refund_id, event, at);
            order.refunds.push(Reducing { recorded, reduction: event.reduction });
            order.due = event.due;
        }
        Event::ItemShipped(event) => {
            for_each_line(&mut order, &event.items, |line, count| line.shipped = line.shipped.saturating_add(count));
            let recorded = recorded(&event.shipment_id, event, at);
            order.shipments.push(Shipment { recorded, delivered: None });
        }
        Event::ItemDelivered(event) => {
            let mut shipments = order.shipments.iter_mut();
            if let Some(shipment) = shipments.find(|shipment| shipment.recorded.id == event.shipment_id) {
                shipment.delivered = Some(at.into());
            }
        }
        Event::ItemReturned(event) => {
            for_each_line(&mut order, &event.items, |line, count| line.returned = line.returned.saturating_add(count));
            order.returns.push(recorded(&event.return_id, event, at));
        }
        Event::ItemsCancelled(event) => {
            for_each_line(&mut order, &event.items, |line, count| {
                line.cancelled = line.cancelled.saturating_add(count);
            });
            let recorded = recorded(&event.cancellation_id, event, at);
            order.cancellations.push(Reducing { recorded, reduction: event.reduction });
            order.due = event.due;
            if order.cancelled.is_none() && order.fulfillment_figures().ordered == 0 {
                order.cancelled = Some(at.into());
            }
        }
        Event::OrderCancelled(event) => {
            order.cancelled = Some(at.into());
            order.due = event.due;
        }
    }
    order
}

fn place(order: &mut Order, event: &OrderPlaced) {
    let lines = event.items.iter().map(|item| Line {
        sku: item.sku.clone(),
        name: item.name.clone(),
        quantity: item.quantity,
        unit_price: item.unit_price,
        shipped: 0,
        returned: 0,
        cancelled: 0,
    });
    order.placed = Some(Placed {
        customer_id: event.customer_id.clone(),
        currency: event.currency,
        total: event.total,
        lines: lines.collect(),
        charges: Charges { shipping: event.shipping, tax: event.tax, discount: event.discount },
        reference: event.reference.clone(),
        has_metadata: !event.metadata.is_empty(),
    });
    order.due = event.total;
}

fn recorded<Id: Clone>(id: &Id, event: impl Into<Fingerprint>, at: EventRef) -> Recorded<Id> {
    Recorded { id: id.clone(), fingerprint: event.into(), at: at.into() }
}

fn for_each_line(order: &mut Order, items: &[ItemQuantity], change: impl Fn(&mut Line, u32)) {
    let Some(placed) = &mut order.placed else { return };
    for item in items {
        if let Some(line) = placed.lines.iter_mut().find(|line| line.sku == item.sku) {
            change(line, item.quantity.get());
        }
    }
}
