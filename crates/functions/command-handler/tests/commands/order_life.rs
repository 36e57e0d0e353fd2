//! The requests of one order's life, and a handler that receives them.

use std::sync::atomic::{AtomicI64, Ordering};

use command_handler::CommandHandler;
use event_store::{EventStore, Timestamp};
use http_api::{AuthMode, CommandRoute};
use order_aggregate::Orders;
use serde_json::{Value, json};
use test_support::gateway::{Call, Reply};

use crate::shop::shop;
use crate::stores::Counted;

/// A clock that advances by a second with each reading.
pub(crate) fn clock() -> Timestamp {
    static NOW: AtomicI64 = AtomicI64::new(1_795_253_400_000);
    Timestamp::from_epoch_ms(NOW.fetch_add(1000, Ordering::Relaxed)).unwrap()
}

/// Creates a handler that accepts the shop's quotes.
pub(crate) fn handler<S: EventStore<Orders>>(store: S, auth_mode: AuthMode) -> CommandHandler<S> {
    CommandHandler::new(store, auth_mode, shop().verifier(), clock)
}

/// Creates a handler without authentication, on an empty store.
pub(crate) fn open_handler() -> (CommandHandler<Counted>, Counted) {
    let store = Counted::default();
    (handler(store.clone(), AuthMode::None), store)
}

pub(crate) async fn send<S: EventStore<Orders>>(handler: &CommandHandler<S>, call: &Call) -> Reply {
    let Ok(response) = handler.handle(call.request()).await;
    Reply::of(response)
}

/// Places an order of three items and returns its id.
pub(crate) async fn placed<S: EventStore<Orders>>(handler: &CommandHandler<S>) -> String {
    let reply = send(handler, &place_order()).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.json()["orderId"].as_str().unwrap().to_owned()
}

/// Returns an order of three items with a total of 7246.
pub(crate) fn order_body() -> Value {
    json!({
        "customerId": "customer-1001",
        "currency": "EUR",
        "items": [
            { "sku": "TSHIRT-BLUE-M", "name": "T-shirt, blue, M", "quantity": 2, "unitPrice": 1999 },
            { "sku": "MUG-WHITE", "name": "Mug, white", "quantity": 1, "unitPrice": 1250 },
            { "sku": "CAP-RED", "name": "Cap, red", "quantity": 1, "unitPrice": 1999 },
        ],
        "shipping": 499,
        "discount": 500,
        "reference": "#2026-0042",
    })
}

/// Returns a new order with its own key.
pub(crate) fn place_order() -> Call {
    Call::to(CommandRoute::PlaceOrder.key(), &[]).body(&order_body()).new_key()
}

fn on(route: CommandRoute, order_id: &str, body: &Value) -> Call {
    Call::to(route.key(), &[("orderId", order_id)]).body(body)
}

pub(crate) fn pay(order_id: &str, payment_id: &str, amount: u64) -> Call {
    on(CommandRoute::RecordPayment, order_id, &json!({ "paymentId": payment_id, "amount": amount, "method": "card" }))
}

pub(crate) fn correct(order_id: &str, payment_id: &str, amount: u64) -> Call {
    let body = json!({ "correctionId": "correction-1", "amount": amount, "reason": "Two digits were swapped" });
    Call::to(CommandRoute::CorrectPayment.key(), &[("orderId", order_id), ("paymentId", payment_id)]).body(&body)
}

pub(crate) fn refund(order_id: &str, refund_id: &str, payment_id: &str, amount: u64) -> Call {
    let body = json!({ "refundId": refund_id, "paymentId": payment_id, "amount": amount, "reason": "Arrived broken" });
    on(CommandRoute::RefundPayment, order_id, &body)
}

pub(crate) fn ship(order_id: &str, shipment_id: &str, sku: &str, quantity: u32) -> Call {
    let items = json!([{ "sku": sku, "quantity": quantity }]);
    let body =
        json!({ "shipmentId": shipment_id, "items": items, "carrier": "DHL", "trackingNumber": "0034043416109400" });
    on(CommandRoute::ShipItems, order_id, &body)
}

pub(crate) fn deliver(order_id: &str, shipment_id: &str) -> Call {
    Call::to(CommandRoute::RecordDelivery.key(), &[("orderId", order_id), ("shipmentId", shipment_id)])
}

pub(crate) fn take_back(order_id: &str, return_id: &str, sku: &str, quantity: u32) -> Call {
    let items = json!([{ "sku": sku, "quantity": quantity }]);
    on(
        CommandRoute::ReturnItems,
        order_id,
        &json!({ "returnId": return_id, "items": items, "reason": "Arrived broken" }),
    )
}

pub(crate) fn cancel_items(order_id: &str, cancellation_id: &str, sku: &str, quantity: u32) -> Call {
    let items = json!([{ "sku": sku, "quantity": quantity }]);
    let body =
        json!({ "cancellationId": cancellation_id, "items": items, "reason": "Sold out", "reasonCode": "sold_out" });
    on(CommandRoute::CancelItems, order_id, &body)
}

pub(crate) fn cancel(order_id: &str) -> Call {
    on(CommandRoute::CancelOrder, order_id, &json!({ "reason": "Ordered by mistake" }))
}

/// Returns every command that can follow the placing of an order, in a valid sequence.
pub(crate) fn life_after_placing(order_id: &str) -> Vec<(&'static str, Call)> {
    vec![
        ("PaymentReceived", pay(order_id, "payment-1", 7264)),
        ("PaymentCorrected", correct(order_id, "payment-1", 7246)),
        ("ItemsCancelled", cancel_items(order_id, "cancellation-1", "TSHIRT-BLUE-M", 1)),
        ("ItemShipped", ship(order_id, "shipment-1", "TSHIRT-BLUE-M", 1)),
        ("ItemShipped", ship(order_id, "shipment-2", "MUG-WHITE", 1)),
        ("ItemShipped", ship(order_id, "shipment-3", "CAP-RED", 1)),
        ("ItemDelivered", deliver(order_id, "shipment-1")),
        ("ItemDelivered", deliver(order_id, "shipment-2")),
        ("ItemDelivered", deliver(order_id, "shipment-3")),
        ("ItemReturned", take_back(order_id, "return-1", "MUG-WHITE", 1)),
        ("PaymentRefunded", refund(order_id, "refund-1", "payment-1", 1250)),
        ("ItemReturned", take_back(order_id, "return-2", "CAP-RED", 1)),
        ("PaymentRefunded", refund(order_id, "refund-2", "payment-1", 1999)),
    ]
}
