//! Random commands and events. They use so few ids that the same id often occurs twice.

use std::collections::BTreeMap;

use order_domain::command::{
    CancelItems, CancelOrder, CorrectPayment, OrderItem, PlaceOrder, QuoteReference, RecordDelivery, RecordPayment,
    RefundPayment, ReturnItems, ShipItems,
};
use order_domain::event::{
    ItemDelivered, ItemQuantity, ItemReturned, ItemShipped, ItemsCancelled, OrderCancelled, PaymentCorrected,
    PaymentReceived, PaymentRefunded,
};
use order_domain::values::{
    Amount, Currency, CustomerId, KeyId, MAX_AMOUNT, MAX_QUANTITY, Metadata, Quantity, QuoteId, ReasonCode, Reference,
    Sku, Text,
};
use order_domain::{Command, Event};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

use crate::example::{
    amount, cancellation_id, correction_id, payment_id, quantity, refund_id, return_id, shipment_id, sku, text,
};

fn name(prefix: &'static str) -> impl Strategy<Value = String> {
    (1..=4_u8).prop_map(move |n| format!("{prefix}{n}"))
}

fn any_sku() -> impl Strategy<Value = Sku> {
    prop_oneof![4 => Just("sku-1"), 4 => Just("sku-2"), 1 => Just("sku-3")].prop_map(sku)
}

/// Usually an amount of the size of an order, sometimes the limit.
fn any_amount() -> impl Strategy<Value = Amount> {
    prop_oneof![8 => 0..=60_u64, 1 => 0..=MAX_AMOUNT, 1 => (MAX_AMOUNT - 60)..=MAX_AMOUNT].prop_map(amount)
}

fn any_quantity() -> impl Strategy<Value = Quantity> {
    prop_oneof![16 => 1..=3_u32, 1 => 1..=MAX_QUANTITY, 1 => Just(MAX_QUANTITY)].prop_map(quantity)
}

fn any_text() -> impl Strategy<Value = Text> {
    "[a-zé語👋][a-zé語👋 ]{0,7}".prop_map(|words| text(&words))
}

fn any_code() -> impl Strategy<Value = Option<ReasonCode>> {
    option::of(prop_oneof![Just("damaged"), Just("late")].prop_map(|code| ReasonCode::parse(code).unwrap()))
}

fn any_metadata() -> impl Strategy<Value = Metadata> {
    let notes = prop_oneof![Just(vec![]), Just(vec![("channel", "web")]), Just(vec![("a", "é"), ("b", "語")])];
    notes.prop_map(|notes| {
        let notes = notes.into_iter().map(|(name, value)| (name.to_owned(), text(value)));
        Metadata::try_from(notes.collect::<BTreeMap<_, _>>()).unwrap()
    })
}

pub(super) fn any_order_items() -> impl Strategy<Value = Vec<OrderItem>> {
    let item = (any_sku(), option::of(any_text()), any_quantity(), any_amount())
        .prop_map(|(sku, name, quantity, unit_price)| OrderItem { sku, name, quantity, unit_price });
    vec(item, 0..4)
}

fn any_items() -> impl Strategy<Value = Vec<ItemQuantity>> {
    vec((any_sku(), any_quantity()).prop_map(|(sku, quantity)| ItemQuantity { sku, quantity }), 0..3)
}

fn any_currency() -> impl Strategy<Value = Currency> {
    prop_oneof![Just("EUR"), Just("JPY")].prop_map(|code| Currency::parse(code).unwrap())
}

fn any_quote() -> impl Strategy<Value = QuoteReference> {
    ("[a-z0-9]{1,9}", "[a-z0-9]{1,9}").prop_map(|(quote_id, kid)| QuoteReference {
        quote_id: QuoteId::parse(&quote_id).unwrap(),
        kid: KeyId::parse(&kid).unwrap(),
    })
}

prop_compose! {
    pub(super) fn any_place_order()(
        currency in any_currency(),
        items in any_order_items(),
        (shipping, tax, discount) in (any_amount(), any_amount(), any_amount()),
        reference in option::of("[a-z#0-9]{1,9}"),
        metadata in any_metadata(),
        quote in option::of(any_quote()),
    ) -> PlaceOrder {
        let customer_id = CustomerId::parse("c").unwrap();
        let reference = reference.map(|number| Reference::parse(&number).unwrap());
        PlaceOrder { customer_id, currency, items, shipping, tax, discount, reference, metadata, quote }
    }
}

/// An order that can be placed, small enough that random commands pay and ship it.
pub(super) fn placeable() -> impl Strategy<Value = PlaceOrder> {
    (1..=9_u32, 1..=9_u32, 1..=4_u64).prop_map(|(first, second, price)| PlaceOrder {
        customer_id: CustomerId::parse("c").unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        items: [("sku-1", first), ("sku-2", second)]
            .map(|(name, count)| crate::example::line(name, count, price))
            .to_vec(),
        shipping: Amount::ZERO,
        tax: Amount::ZERO,
        discount: amount(first.into()),
        reference: None,
        metadata: Metadata::default(),
        quote: None,
    })
}

pub(super) fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => any_place_order().prop_map(Command::PlaceOrder),
        4 => (name("p"), any_amount(), option::of(any_text())).prop_map(|(id, amount, method)| {
            Command::RecordPayment(RecordPayment { payment_id: payment_id(&id), amount, method })
        }),
        2 => (name("c"), name("p"), any_amount(), any_text(), any_code()).prop_map(
            |(id, payment, amount, reason, reason_code)| {
                let (correction_id, payment_id) = (correction_id(&id), payment_id(&payment));
                Command::CorrectPayment(CorrectPayment { correction_id, payment_id, amount, reason, reason_code })
            }
        ),
        3 => (name("r"), name("p"), any_amount(), option::of(any_amount()), any_code()).prop_map(
            |(id, payment, amount, reduction, reason_code)| {
                let (refund_id, payment_id) = (refund_id(&id), payment_id(&payment));
                let reason = None;
                Command::RefundPayment(RefundPayment { refund_id, payment_id, amount, reduction, reason, reason_code })
            }
        ),
        6 => (name("s"), any_items(), option::of(any_text())).prop_map(|(id, items, carrier)| {
            let shipment_id = shipment_id(&id);
            Command::ShipItems(ShipItems { shipment_id, items, carrier, tracking_number: None })
        }),
        2 => name("s").prop_map(|id| Command::RecordDelivery(RecordDelivery { shipment_id: shipment_id(&id) })),
        6 => (name("b"), any_items(), option::of(any_text())).prop_map(|(id, items, reason)| {
            Command::ReturnItems(ReturnItems { return_id: return_id(&id), items, reason, reason_code: None })
        }),
        3 => (name("x"), any_items(), option::weighted(0.3, any_amount())).prop_map(|(id, items, reduction)| {
            let (cancellation_id, reason) = (cancellation_id(&id), text("out of stock"));
            let reason_code = None;
            Command::CancelItems(CancelItems { cancellation_id, items, reduction, reason, reason_code })
        }),
        1 => (any_text(), any_code()).prop_map(|(reason, reason_code)| {
            Command::CancelOrder(CancelOrder { reason, reason_code })
        }),
    ]
}

/// Any event in any position, including events that `decide` never records.
pub(super) fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any_place_order(), any_amount())
            .prop_map(|(order, total)| { crate::example::placed_by(order, total.minor_units()) }),
        (name("p"), any_amount(), option::of(any_text())).prop_map(|(id, amount, method)| {
            Event::PaymentReceived(PaymentReceived { payment_id: payment_id(&id), amount, method })
        }),
        (name("c"), name("p"), any::<u128>(), any_amount(), any_amount(), any_amount()).prop_map(
            |(id, payment, event, from, to, due)| {
                Event::PaymentCorrected(PaymentCorrected {
                    correction_id: correction_id(&id),
                    payment_id: payment_id(&payment),
                    corrects_event_id: Uuid::from_u128(event),
                    previous_amount: from,
                    corrected_amount: to,
                    due,
                    reason: text("typing error"),
                    reason_code: None,
                })
            }
        ),
        (name("r"), name("p"), any_amount(), any_amount(), any_amount(), any_code()).prop_map(
            |(id, payment, amount, reduction, due, reason_code)| {
                let (refund_id, payment_id) = (refund_id(&id), payment_id(&payment));
                let reason = None;
                Event::PaymentRefunded(PaymentRefunded {
                    refund_id,
                    payment_id,
                    amount,
                    reduction,
                    due,
                    reason,
                    reason_code,
                })
            }
        ),
        (name("s"), any_items(), option::of(any_text()), option::of(any_text())).prop_map(
            |(id, items, carrier, tracking_number)| {
                Event::ItemShipped(ItemShipped { shipment_id: shipment_id(&id), items, carrier, tracking_number })
            }
        ),
        name("s").prop_map(|id| Event::ItemDelivered(ItemDelivered { shipment_id: shipment_id(&id) })),
        (name("b"), any_items(), option::of(any_text())).prop_map(|(id, items, reason)| {
            Event::ItemReturned(ItemReturned { return_id: return_id(&id), items, reason, reason_code: None })
        }),
        (name("x"), any_items(), any_amount(), any_amount()).prop_map(|(id, items, reduction, due)| {
            let (cancellation_id, reason) = (cancellation_id(&id), text("out of stock"));
            let reason_code = None;
            Event::ItemsCancelled(ItemsCancelled { cancellation_id, items, reduction, due, reason, reason_code })
        }),
        (any_amount(), any_text())
            .prop_map(|(due, reason)| { Event::OrderCancelled(OrderCancelled { due, reason, reason_code: None }) }),
    ]
}
