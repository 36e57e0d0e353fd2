//! The example: one customer's order of three mugs and a pot for 4500, with commands and events on it.

use order_domain::command::{
    CancelItems, CancelOrder, CorrectPayment, OrderItem, PlaceOrder, RecordDelivery, RecordPayment, RefundPayment,
    ReturnItems, ShipItems,
};
use order_domain::event::{
    ItemDelivered, ItemQuantity, ItemReturned, ItemShipped, ItemsCancelled, OrderCancelled, OrderPlaced,
    PaymentCorrected, PaymentReceived, PaymentRefunded,
};
use order_domain::values::{
    Amount, CancellationId, CorrectionId, Currency, CustomerId, Metadata, PaymentId, Quantity, RefundId, ReturnId,
    ShipmentId, Sku, Text,
};
use order_domain::{Command, Event};

use crate::harness::at;

/// The total of the example's order.
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

pub(crate) fn correction_id(text: &str) -> CorrectionId {
    CorrectionId::parse(text).unwrap()
}

pub(crate) fn cancellation_id(text: &str) -> CancellationId {
    CancellationId::parse(text).unwrap()
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
        reference: None,
        metadata: Metadata::default(),
        quote: None,
    }
}

pub(crate) fn placed() -> Event {
    placed_by(place_order(), TOTAL)
}

pub(crate) fn placed_by(command: PlaceOrder, total: u64) -> Event {
    let PlaceOrder { customer_id, currency, items, shipping, tax, discount, reference, metadata, quote } = command;
    let total = amount(total);
    Event::OrderPlaced(OrderPlaced {
        customer_id,
        currency,
        items,
        shipping,
        tax,
        discount,
        total,
        reference,
        metadata,
        quote,
    })
}

pub(crate) fn record_payment(id: &str, paid: u64) -> Command {
    Command::RecordPayment(RecordPayment { payment_id: payment_id(id), amount: amount(paid), method: None })
}

pub(crate) fn received(id: &str, paid: u64) -> Event {
    Event::PaymentReceived(PaymentReceived { payment_id: payment_id(id), amount: amount(paid), method: None })
}

/// A correction whose id is built from the amount.
pub(crate) fn correct_payment(payment: &str, right: u64) -> Command {
    correct_as(&format!("to-{right}"), payment, right)
}

pub(crate) fn correct_as(id: &str, payment: &str, right: u64) -> Command {
    Command::CorrectPayment(CorrectPayment {
        correction_id: correction_id(id),
        payment_id: payment_id(payment),
        amount: amount(right),
        reason: text("typing error"),
        reason_code: None,
    })
}

/// A correction of the event at version `corrects`, after which the whole total is due.
pub(crate) fn corrected(payment: &str, corrects: u64, from: u64, to: u64) -> Event {
    Event::PaymentCorrected(PaymentCorrected {
        correction_id: correction_id(&format!("to-{to}")),
        payment_id: payment_id(payment),
        corrects_event_id: at(corrects).event_id,
        previous_amount: amount(from),
        corrected_amount: amount(to),
        due: amount(TOTAL),
        reason: text("typing error"),
        reason_code: None,
    })
}

pub(crate) fn refund_payment(id: &str, payment: &str, given_back: u64) -> Command {
    Command::RefundPayment(RefundPayment {
        refund_id: refund_id(id),
        payment_id: payment_id(payment),
        amount: amount(given_back),
        reduction: None,
        reason: None,
        reason_code: None,
    })
}

/// A refund with an explicit reduction.
pub(crate) fn refund_forgiving(id: &str, payment: &str, given_back: u64, reduction: u64) -> Command {
    let Command::RefundPayment(refund) = refund_payment(id, payment, given_back) else { unreachable!("a refund") };
    Command::RefundPayment(RefundPayment { reduction: Some(amount(reduction)), ..refund })
}

/// A refund that forgives `reduction` and leaves `due`.
pub(crate) fn refunded(id: &str, payment: &str, given_back: u64, (reduction, due): (u64, u64)) -> Event {
    Event::PaymentRefunded(PaymentRefunded {
        refund_id: refund_id(id),
        payment_id: payment_id(payment),
        amount: amount(given_back),
        reduction: amount(reduction),
        due: amount(due),
        reason: None,
        reason_code: None,
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
    Command::ReturnItems(ReturnItems {
        return_id: return_id(id),
        items: items(contents),
        reason: None,
        reason_code: None,
    })
}

pub(crate) fn returned<const N: usize>(id: &str, contents: [(&str, u32); N]) -> Event {
    Event::ItemReturned(ItemReturned {
        return_id: return_id(id),
        items: items(contents),
        reason: None,
        reason_code: None,
    })
}

pub(crate) fn cancel_order() -> Command {
    Command::CancelOrder(CancelOrder { reason: text("changed my mind"), reason_code: None })
}

pub(crate) fn cancelled() -> Event {
    Event::OrderCancelled(OrderCancelled { due: Amount::ZERO, reason: text("changed my mind"), reason_code: None })
}

pub(crate) fn cancel_items<const N: usize>(id: &str, contents: [(&str, u32); N]) -> Command {
    Command::CancelItems(CancelItems {
        cancellation_id: cancellation_id(id),
        items: items(contents),
        reduction: None,
        reason: text("out of stock"),
        reason_code: None,
    })
}

/// A cancellation of items that lowers the amount due by `reduction` to `due`.
pub(crate) fn items_cancelled<const N: usize>(
    id: &str,
    contents: [(&str, u32); N],
    (reduction, due): (u64, u64),
) -> Event {
    Event::ItemsCancelled(ItemsCancelled {
        cancellation_id: cancellation_id(id),
        items: items(contents),
        reduction: amount(reduction),
        due: amount(due),
        reason: text("out of stock"),
        reason_code: None,
    })
}

/// One command of each kind on the example's order, except the one that places it.
pub(crate) fn one_command_of_each() -> Vec<Command> {
    vec![
        record_payment("p1", 1),
        correct_payment("p1", 1),
        refund_payment("r1", "p1", 1),
        ship("s1", [("mug", 1)]),
        record_delivery("s1"),
        return_items("b1", [("mug", 1)]),
        cancel_items("x1", [("mug", 1)]),
        cancel_order(),
    ]
}
