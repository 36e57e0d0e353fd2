//! Shipments, deliveries and returns.

use super::checks::{check_each, check_list, check_room};
use super::decision::{Decision, record, repeated};
use crate::command::{RecordDelivery, ReturnItems, ShipItems};
use crate::event::{ItemDelivered, ItemReturned, ItemShipped};
use crate::{Event, Order, Rejection};

pub(super) fn ship(order: &Order, command: ShipItems) -> Result<Decision, Rejection> {
    let ShipItems { shipment_id, items, carrier, tracking_number } = command;
    check_list(&items, |item| &item.sku)?;
    let event = ItemShipped { shipment_id, items, carrier, tracking_number };
    if let Some(shipment) = order.shipment(&event.shipment_id) {
        return repeated(&shipment.recorded, &event, |recorded_at_version| Rejection::ShipmentIdReused {
            shipment_id: event.shipment_id.clone(),
            recorded_at_version,
        });
    }
    check_room(order)?;
    if order.is_cancelled() {
        return Err(Rejection::OrderCancelled);
    }
    if !order.may_ship() {
        return Err(Rejection::NotPaid { net_paid: order.payment_figures().net(), due: order.due });
    }
    check_each(order, &event.items, |line, item| {
        if item.quantity.get() <= line.left_to_ship() {
            return Ok(());
        }
        Err(Rejection::QuantityExceedsShippable {
            sku: line.sku.clone(),
            ordered: line.quantity,
            shipped: line.shipped,
            cancelled: line.cancelled,
            requested: item.quantity,
        })
    })?;
    record(Event::ItemShipped(event))
}

/// Records a delivery. It is a fact, so it is rejected only if the shipment does not exist.
pub(super) fn record_delivery(order: &Order, command: RecordDelivery) -> Result<Decision, Rejection> {
    let RecordDelivery { shipment_id } = command;
    match order.shipment(&shipment_id).map(|shipment| shipment.delivered) {
        Some(Some(at)) => Ok(Decision::Unchanged(at)),
        Some(None) => record(Event::ItemDelivered(ItemDelivered { shipment_id })),
        None => Err(Rejection::UnknownShipment { shipment_id }),
    }
}

pub(super) fn take_back(order: &Order, command: ReturnItems) -> Result<Decision, Rejection> {
    let ReturnItems { return_id, items, reason, reason_code } = command;
    check_list(&items, |item| &item.sku)?;
    let event = ItemReturned { return_id, items, reason, reason_code };
    if let Some(recorded) = order.returned(&event.return_id) {
        return repeated(recorded, &event, |recorded_at_version| Rejection::ReturnIdReused {
            return_id: event.return_id.clone(),
            recorded_at_version,
        });
    }
    check_room(order)?;
    check_each(order, &event.items, |line, item| {
        let returnable = line.shipped.saturating_sub(line.returned);
        if item.quantity.get() <= returnable {
            return Ok(());
        }
        Err(Rejection::QuantityExceedsReturnable {
            sku: line.sku.clone(),
            shipped: line.shipped,
            returned: line.returned,
            requested: item.quantity,
        })
    })?;
    record(Event::ItemReturned(event))
}
