//! The lives of orders: the requests of a shop's customers and staff, generated from a seed.
//!
//! A life depends only on the seed and on its own number, so it does not depend on the client that sends it or on the speed.

use fastrand::Rng;
use serde_json::{Value, json};

use super::catalogue::{CARRIERS, CURRENCIES, METHODS, PRODUCTS};

/// The number of customers. Some order far more often than others.
const CUSTOMERS: u64 = 1000;

/// The command of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    PlaceOrder,
    RecordPayment,
    CorrectPayment,
    RefundPayment,
    ShipItems,
    RecordDelivery,
    ReturnItems,
    CancelItems,
    CancelOrder,
}

/// One request of a life.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    /// The path after `/orders/{orderId}`; empty for `POST /orders`.
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
}

/// The steps of a life after its order is placed.
type Course = fn(&mut Life, &mut Rng);

/// The courses, with weights that add up to 100.
const COURSES: [(u32, Course); 8] = [
    // Paid, shipped and delivered, in one part or several.
    (58, |life, rng| {
        life.pay_in_full(rng);
        life.ship_and_deliver(rng);
    }),
    // The same, with some items returned for a refund.
    (12, |life, rng| {
        life.pay(rng, life.total);
        life.ship_and_deliver(rng);
        life.take_one_back();
    }),
    // The payment is recorded with a wrong amount, and corrected before shipment.
    (4, |life, rng| {
        life.pay(rng, life.total.saturating_add(1));
        life.correct(life.total);
        life.ship_and_deliver(rng);
    }),
    // Paid; then one unit is sold out and cancelled, and the rest is shipped.
    (4, |life, rng| {
        life.pay_in_full(rng);
        life.cancel_one_unit();
        life.ship_and_deliver(rng);
    }),
    // Paid, then cancelled and refunded.
    (4, |life, rng| {
        life.pay(rng, life.total);
        life.cancel();
        life.refund(1, life.total, "order cancelled");
    }),
    // Cancelled before payment.
    (4, |life, _| life.cancel()),
    // Partly paid.
    (5, |life, rng| life.pay(rng, life.total.div_ceil(2))),
    // Placed and not paid.
    (9, |_, _| {}),
];

/// Returns the `number`th life of a seed. Every step is valid after the steps before it.
pub(crate) fn life(seed: u64, number: u64) -> Life {
    // An odd factor spreads neighbouring numbers over the generator's whole state.
    let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut life = Life::placed(&mut rng);
    let mut left = rng.u32(0..100);
    for (weight, course) in COURSES {
        if left < weight {
            course(&mut life, &mut rng);
            break;
        }
        left -= weight;
    }
    life
}

/// The life of one order.
#[derive(Debug, PartialEq)]
pub(crate) struct Life {
    pub(crate) customer_id: String,
    /// The steps, in the order in which they are sent.
    pub(crate) steps: Vec<Step>,
    /// The sku, quantity and unit price of each line.
    lines: Vec<(&'static str, u64, u64)>,
    total: u64,
    payments: u32,
}

impl Life {
    fn placed(rng: &mut Rng) -> Self {
        let count = rng.usize(1..=5);
        let products = rng.choose_multiple(PRODUCTS.iter(), count);
        let lines: Vec<_> = products.iter().map(|product| (product.sku, rng.u64(1..=4), product.unit_price)).collect();
        let goods: u64 = lines.iter().map(|(_, quantity, unit_price)| quantity * unit_price).sum();
        let shipping = if goods > 5000 { 0 } else { 490 };
        let discount = if rng.u8(0..10) == 0 { goods / 10 } else { 0 };
        let items: Vec<Value> = products.iter().zip(&lines).map(|(product, (sku, quantity, unit_price))| {
            json!({ "sku": sku, "name": product.name, "quantity": quantity, "unitPrice": unit_price })
        }).collect();
        // The lower of two draws: customers with small numbers place more orders.
        let customer = rng.u64(0..CUSTOMERS).min(rng.u64(0..CUSTOMERS));
        let customer_id = format!("customer-{customer:04}");
        let body = json!({
            "customerId": customer_id,
            "currency": CURRENCIES[rng.usize(..CURRENCIES.len())],
            "items": items, "shipping": shipping, "discount": discount
        });
        let place = Step { kind: Kind::PlaceOrder, path: String::new(), body: Some(body) };
        Self { customer_id, steps: vec![place], lines, total: goods + shipping - discount, payments: 0 }
    }

    fn step(&mut self, kind: Kind, path: impl Into<String>, body: Value) {
        self.steps.push(Step { kind, path: path.into(), body: Some(body) });
    }

    fn pay(&mut self, rng: &mut Rng, amount: u64) {
        self.payments += 1;
        let method = METHODS[rng.usize(..METHODS.len())];
        let body = json!({ "paymentId": format!("pay-{}", self.payments), "amount": amount, "method": method });
        self.step(Kind::RecordPayment, "/payments", body);
    }

    /// Pays the total, usually in one payment, sometimes in two.
    fn pay_in_full(&mut self, rng: &mut Rng) {
        let first = if rng.u8(0..8) == 0 { self.total.div_ceil(2) } else { self.total };
        self.pay(rng, first);
        if first < self.total {
            self.pay(rng, self.total - first);
        }
    }

    fn correct(&mut self, amount: u64) {
        self.step(
            Kind::CorrectPayment,
            "/payments/pay-1/corrections",
            json!({ "correctionId": "cor-1", "amount": amount, "reason": "typing error" }),
        );
    }

    fn refund(&mut self, payment: u32, amount: u64, reason: &str) {
        let body =
            json!({ "refundId": "ref-1", "paymentId": format!("pay-{payment}"), "amount": amount, "reason": reason });
        self.step(Kind::RefundPayment, "/refunds", body);
    }

    fn cancel(&mut self) {
        self.step(Kind::CancelOrder, "/cancellation", json!({ "reason": "customer changed their mind" }));
    }

    /// Cancels one unit of the first line before shipment.
    fn cancel_one_unit(&mut self) {
        let Some((sku, quantity, _)) = self.lines.first_mut() else { return };
        *quantity -= 1;
        let items = json!([{ "sku": sku, "quantity": 1 }]);
        self.lines.retain(|(_, quantity, _)| *quantity > 0);
        let body = json!({ "cancellationId": "can-1", "items": items, "reason": "sold out", "reasonCode": "sold_out" });
        self.step(Kind::CancelItems, "/item-cancellations", body);
    }

    /// Ships the order in one to three shipments, divided between lines, and delivers each.
    fn ship_and_deliver(&mut self, rng: &mut Rng) {
        if self.lines.is_empty() {
            return;
        }
        let parts = rng.usize(1..=self.lines.len().min(3));
        let shipments: Vec<Vec<Value>> = self
            .lines
            .chunks(self.lines.len().div_ceil(parts))
            .map(|lines| lines.iter().map(|(sku, quantity, _)| json!({ "sku": sku, "quantity": quantity })).collect())
            .collect();
        for (index, items) in shipments.into_iter().enumerate() {
            let shipment = format!("ship-{}", index + 1);
            let carrier = CARRIERS[rng.usize(..CARRIERS.len())];
            let tracking = format!("{:012}", rng.u64(0..1_000_000_000_000));
            let body =
                json!({ "shipmentId": shipment, "items": items, "carrier": carrier, "trackingNumber": tracking });
            self.step(Kind::ShipItems, "/shipments", body);
            let delivery = format!("/shipments/{shipment}/delivery");
            self.steps.push(Step { kind: Kind::RecordDelivery, path: delivery, body: None });
        }
    }

    /// Returns one unit of the first line, and refunds its price or the amount paid, whichever is less.
    fn take_one_back(&mut self) {
        let Some((sku, _, unit_price)) = self.lines.first().copied() else { return };
        let body = json!({ "returnId": "ret-1", "items": [{ "sku": sku, "quantity": 1 }], "reason": "damaged" });
        self.step(Kind::ReturnItems, "/returns", body);
        self.refund(1, unit_price.min(self.total), "returned");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use http_api::parse_command;
    use order_domain::{Decision, EventRef, Order, decide, evolve};

    use super::*;

    /// Returns the step as API Gateway passes it to the command handler.
    fn payload(step: &Step) -> String {
        let parts: Vec<&str> = step.path.split('/').collect();
        let (suffix, ids) = match step.kind {
            Kind::PlaceOrder => ("", json!({})),
            Kind::CorrectPayment => {
                ("/{orderId}/payments/{paymentId}/corrections", json!({ "orderId": "o", "paymentId": parts[2] }))
            }
            Kind::RecordDelivery => {
                ("/{orderId}/shipments/{shipmentId}/delivery", json!({ "orderId": "o", "shipmentId": parts[2] }))
            }
            Kind::RecordPayment => ("/{orderId}/payments", json!({ "orderId": "o" })),
            Kind::RefundPayment => ("/{orderId}/refunds", json!({ "orderId": "o" })),
            Kind::ShipItems => ("/{orderId}/shipments", json!({ "orderId": "o" })),
            Kind::ReturnItems => ("/{orderId}/returns", json!({ "orderId": "o" })),
            Kind::CancelItems => ("/{orderId}/item-cancellations", json!({ "orderId": "o" })),
            Kind::CancelOrder => ("/{orderId}/cancellation", json!({ "orderId": "o" })),
        };
        let route_key = format!("POST /orders{suffix}");
        let path = format!("/orders{}", step.path);
        json!({
            "version": "2.0", "routeKey": route_key, "rawPath": path, "rawQueryString": "",
            "headers": { "content-type": "application/json", "idempotency-key": "k" }, "pathParameters": ids,
            "body": step.body.as_ref().map(Value::to_string), "isBase64Encoded": false,
            "requestContext": { "http": { "method": "POST", "path": path }, "routeKey": route_key, "stage": "$default", "timeEpoch": 0 }
        })
        .to_string()
    }

    #[track_caller]
    fn live(life: &[Step]) -> Order {
        let mut order = Order::default();
        for (version, step) in (1..).zip(life) {
            let request = lambda_http::request::from_str(&payload(step)).unwrap();
            let parsed = parse_command(&request).unwrap_or_else(|problem| panic!("{step:?}: {problem:?}"));
            let command = parsed.command().unwrap().command;
            let decision = decide(&order, command).unwrap_or_else(|rejection| panic!("{step:?}: {rejection:?}"));
            let Decision::Record(events) = decision else { panic!("{step:?} changes nothing") };
            order = events
                .iter()
                .fold(order, |order, event| evolve(order, event, EventRef { event_id: uuid::Uuid::nil(), version }));
        }
        order
    }

    #[test]
    fn every_life_is_valid_to_the_domain_and_they_end_in_every_way() {
        let ends: BTreeSet<String> =
            (0..2000).map(|number| format!("{:?}", live(&life(7, number).steps).status())).collect();
        let all = ["Cancelled", "Delivered", "PartiallyPaid", "PartiallyReturned", "Placed"];
        assert!(all.iter().all(|end| ends.contains(*end)), "{ends:?}");
    }

    #[test]
    fn a_seed_and_a_number_are_a_life() {
        assert_eq!(life(1, 5), life(1, 5));
        assert_ne!(life(1, 5), life(1, 6));
        assert_ne!(life(1, 5), life(2, 5));
    }

    #[test]
    fn the_courses_are_weighed_to_a_hundred() {
        assert_eq!(COURSES.iter().map(|(weight, _)| weight).sum::<u32>(), 100);
    }
}
