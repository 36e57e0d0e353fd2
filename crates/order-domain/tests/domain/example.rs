//! One customer's order of three mugs and a pot for 4500, and what may happen to it.

use order_domain::command::{
    CancelOrder, CorrectPayment, OrderItem, PlaceOrder, RecordDelivery, RecordPayment, RefundPayment, ReturnItems,
    ShipItems,
};
use order_domain::event::{
    ItemDelivered, ItemQuantity, ItemReturned, ItemShipped, OrderCancelled, OrderPlaced, PaymentCorrected,
    PaymentReceived, PaymentRefunded,
};
use order_domain::values::{
    Amount, Currency, CustomerId, PaymentId, Quantity, RefundId, ReturnId, ShipmentId, Sku, Text,
};
use order_domain::{Command, Event};

use crate::harness::at;

/// What the example's order comes to.
pub(crate) const TOTAL: u64 = 4500;

pub(crate) fn amount(minor_units: u64) -> Amount {
    Amount::new(minor_units).unwrap()
}

pub(crate) fn quantity(count: u32) -> Quantity {
    Quantity::new(count).unwrap()
}

pub(crate) fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

pub(crate) fn payment_id(text: &str) -> PaymentId {
    PaymentId::parse(text).unwrap()
}

pub(crate) fn refund_id(text: &str) -> RefundId {
    RefundId::parse(text).unwrap()
}

pub(crate) fn shipment_id(text: &str) -> ShipmentId {
    ShipmentId::parse(text).unwrap()
}

pub(crate) fn return_id(text: &str) -> ReturnId {
    ReturnId::parse(text).unwrap()
}

pub(crate) fn line(name: &str, count: u32, unit_price: u64) -> OrderItem {
    OrderItem { sku: sku(name), name: None, quantity: quantity(count), unit_price: amount(unit_price) }
}

pub(crate) fn items<const N: usize>(items: [(&str, u32); N]) -> Vec<ItemQuantity> {
    items.map(|(name, count)| ItemQuantity { sku: sku(name), quantity: quantity(count) }).to_vec()
}

/// The command that places the example's order.
pub(crate) fn place_order() -> PlaceOrder {
    PlaceOrder {
        customer_id: CustomerId::parse("customer-1").unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        items: vec![line("mug", 3, 1000), line("pot", 1, 1100)],
        shipping: amount(490),
        tax: amount(10),
        discount: amount(100),
    }
}

pub(crate) fn placed() -> Event {
    let PlaceOrder { customer_id, currency, items, shipping, tax, discount } = place_order();
    Event::OrderPlaced(OrderPlaced { customer_id, currency, items, shipping, tax, discount, total: amount(TOTAL) })
}

pub(crate) fn record_payment(id: &str, paid: u64) -> Command {
    Command::RecordPayment(RecordPayment { payment_id: payment_id(id), amount: amount(paid), method: None })
}

pub(crate) fn received(id: &str, paid: u64) -> Event {
    Event::PaymentReceived(PaymentReceived { payment_id: payment_id(id), amount: amount(paid), method: None })
}

pub(crate) fn correct_payment(id: &str, right: u64) -> Command {
    let reason = text("typing error");
    Command::CorrectPayment(CorrectPayment { payment_id: payment_id(id), amount: amount(right), reason })
}

/// A correction of the event at version `corrects`.
pub(crate) fn corrected(id: &str, corrects: u64, from: u64, to: u64) -> Event {
    Event::PaymentCorrected(PaymentCorrected {
        payment_id: payment_id(id),
        corrects_event_id: at(corrects).event_id,
        previous_amount: amount(from),
        corrected_amount: amount(to),
        reason: text("typing error"),
    })
}

pub(crate) fn refund_payment(id: &str, payment: &str, given_back: u64) -> Command {
    Command::RefundPayment(RefundPayment {
        refund_id: refund_id(id),
        payment_id: payment_id(payment),
        amount: amount(given_back),
        reason: None,
    })
}

pub(crate) fn refunded(id: &str, payment: &str, given_back: u64) -> Event {
    Event::PaymentRefunded(PaymentRefunded {
        refund_id: refund_id(id),
        payment_id: payment_id(payment),
        amount: amount(given_back),
        reason: None,
    })
}

pub(crate) fn ship<const N: usize>(id: &str, contents: [(&str, u32); N]) -> Command {
    Command::ShipItems(ShipItems {
        shipment_id: shipment_id(id),
        items: items(contents),
        carrier: Some(text("DHL")),
        tracking_number: None,
    })
}

pub(crate) fn shipped<const N: usize>(id: &str, contents: [(&str, u32); N]) -> Event {
    Event::ItemShipped(ItemShipped {
        shipment_id: shipment_id(id),
        items: items(contents),
        carrier: Some(text("DHL")),
        tracking_number: None,
    })
}

pub(crate) fn record_delivery(id: &str) -> Command {
    Command::RecordDelivery(RecordDelivery { shipment_id: shipment_id(id) })
}

pub(crate) fn delivered(id: &str) -> Event {
    Event::ItemDelivered(ItemDelivered { shipment_id: shipment_id(id) })
}

pub(crate) fn return_items<const N: usize>(id: &str, contents: [(&str, u32); N]) -> Command {
    Command::ReturnItems(ReturnItems { return_id: return_id(id), items: items(contents), reason: None })
}

pub(crate) fn returned<const N: usize>(id: &str, contents: [(&str, u32); N]) -> Event {
    Event::ItemReturned(ItemReturned { return_id: return_id(id), items: items(contents), reason: None })
}

pub(crate) fn cancel_order() -> Command {
    Command::CancelOrder(CancelOrder { reason: text("changed my mind") })
}

pub(crate) fn cancelled() -> Event {
    Event::OrderCancelled(OrderCancelled { reason: text("changed my mind") })
}
