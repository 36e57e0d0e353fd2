//! Commands that build on earlier ones, so that most of each kind are accepted: a refund names a payment that an earlier command
//! made, and a delivery names a shipment.
//!
//! The domain rules are not consulted. Clients race, so an earlier command may have been rejected, or may arrive later.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::workload::caller::Caller;
use crate::workload::command::Command;
use crate::workload::new_order::{NewOrder, TOTAL};

/// Amounts of payments and corrections, besides those that pay an order in full.
const AMOUNTS: [u64; 5] = [100, 300, 400, 800, 900];

/// A payment of an earlier command.
struct Paid {
    id: String,
    amount: u64,
    refunded: u64,
}

/// The earlier commands of an order.
#[derive(Default)]
struct Draft {
    payments: Vec<Paid>,
    /// The number of ids of payments, corrections, refunds, shipments, returns and cancellations.
    ids: BTreeMap<&'static str, u32>,
}

/// The earlier commands of each order.
#[derive(Default)]
pub(crate) struct Drafts(BTreeMap<String, Draft>);

impl Drafts {
    /// The next command of an order.
    pub(crate) fn command(&mut self, order: &NewOrder, key: &str, random: &mut Rng) -> Command {
        let draft = self.0.entry(order.id.clone()).or_default();
        let drawn = random.u8(0..32);
        let is_unpaid = draft.payments.is_empty() && random.u8(0..4) > 0;
        let (path, body) = match drawn {
            _ if is_unpaid => draft.payment(random),
            0..=5 => draft.payment(random),
            6..=9 => draft.correction(random),
            10..=14 => draft.refund(random),
            15..=20 => draft.shipment(random),
            21..=23 => draft.delivery(random),
            24..=26 => draft.taking_back(random),
            27..=30 => draft.item_cancellation(random),
            _ => ("cancellation".to_owned(), with_code(json!({ "reason": "ordered twice" }), random)),
        };
        // A guess: several clients change an order, so a known version is mostly stale anyway.
        let if_match = (random.u8(0..10) == 0).then(|| random.u64(1..=9));
        let caller = sender(&path, &body, order.customer, random);
        Command { if_match, ..Command::about(order, caller, key, &path, body) }
    }
}

/// The caller that sends a command. Mostly the one whose task it is.
fn sender(path: &str, body: &Value, customer: &'static str, random: &mut Rng) -> Caller {
    let is_customer = random.bool() && body["reduction"].is_null();
    match (random.u8(0..8), path.rsplit('/').next().unwrap_or_default()) {
        (0, _) => Caller::Admin,
        (1, _) => Caller::SignedService,
        (_, "payments" | "corrections" | "refunds") => Caller::PaymentProvider,
        (_, "shipments" | "delivery" | "returns") => Caller::Warehouse,
        (_, _) if is_customer => Caller::Customer(customer),
        (_, _) => Caller::Shop,
    }
}

impl Draft {
    /// An id: mostly a new one, and sometimes an earlier one, so that commands collide.
    fn id(&mut self, kind: &'static str, random: &mut Rng) -> String {
        let count = self.ids.entry(kind).or_default();
        if *count > 0 && random.u8(0..6) == 0 {
            return random.u32(1..=*count).to_string();
        }
        *count += 1;
        count.to_string()
    }

    /// A payment, mostly of the amount that is not paid yet.
    fn payment(&mut self, random: &mut Rng) -> (String, Value) {
        let net: u64 = self.payments.iter().map(|paid| paid.amount.saturating_sub(paid.refunded)).sum();
        let open = TOTAL.saturating_sub(net);
        let amount = if open > 0 && random.u8(0..3) > 0 { open } else { random.choice(AMOUNTS).unwrap_or(TOTAL) };
        let id = self.id("payment", random);
        self.payments.push(Paid { id: id.clone(), amount, refunded: 0 });
        ("payments".to_owned(), json!({ "paymentId": id, "amount": amount }))
    }

    /// A correction, sometimes down to the refunded amount.
    fn correction(&mut self, random: &mut Rng) -> (String, Value) {
        let (id, other) = (self.id("correction", random), random.choice(AMOUNTS).unwrap_or(TOTAL));
        let to_refunded = random.bool();
        let (payment, amount) = match random.choice(&mut self.payments) {
            Some(paid) => {
                paid.amount = if paid.refunded > 0 && to_refunded { paid.refunded } else { other };
                (paid.id.clone(), paid.amount)
            }
            None => ("1".to_owned(), other),
        };
        let body = json!({ "correctionId": id, "amount": amount, "reason": "bank statement" });
        (format!("payments/{payment}/corrections"), with_code(body, random))
    }

    /// A refund in full, of the rest, or in part, sometimes with a named reduction.
    fn refund(&mut self, random: &mut Rng) -> (String, Value) {
        let id = self.id("refund", random);
        let drawn = random.u8(0..6);
        let (payment, amount) = match random.choice(&mut self.payments) {
            Some(paid) => {
                let rest = paid.amount.saturating_sub(paid.refunded);
                let amount = match drawn {
                    0..=2 => rest.max(1),
                    3 | 4 => (rest / 2).max(1),
                    _ => 1,
                };
                paid.refunded += amount.min(rest);
                (paid.id.clone(), amount)
            }
            None => ("1".to_owned(), 100),
        };
        let mut body = json!({ "refundId": id, "paymentId": payment, "amount": amount });
        if random.u8(0..3) == 0 {
            let named = [0, 1, amount / 2, amount];
            body["reduction"] = json!(random.choice(named).unwrap_or(0));
        }
        ("refunds".to_owned(), with_code(body, random))
    }

    fn shipment(&mut self, random: &mut Rng) -> (String, Value) {
        ("shipments".to_owned(), json!({ "shipmentId": self.id("shipment", random), "items": units(random) }))
    }

    fn delivery(&self, random: &mut Rng) -> (String, Value) {
        let count = self.ids.get("shipment").copied().unwrap_or(1);
        (format!("shipments/{}/delivery", random.u32(1..=count)), Value::Null)
    }

    fn taking_back(&mut self, random: &mut Rng) -> (String, Value) {
        let body = json!({ "returnId": self.id("return", random), "items": units(random) });
        ("returns".to_owned(), with_code(body, random))
    }

    fn item_cancellation(&mut self, random: &mut Rng) -> (String, Value) {
        let id = self.id("cancellation", random);
        // All units of an order without shipments and cancellations.
        let all_units = json!([{ "sku": "A", "quantity": 5 }, { "sku": "B", "quantity": 4 }]);
        let items = if random.u8(0..8) == 0 { all_units } else { units(random) };
        let mut body = json!({ "cancellationId": id, "items": items, "reason": "sold out" });
        if random.u8(0..4) == 0 {
            body["reduction"] = json!(random.choice([0, 50, 100]).unwrap_or(0));
        }
        ("item-cancellations".to_owned(), with_code(body, random))
    }
}

/// One or two units of one sku or of both.
fn units(random: &mut Rng) -> Value {
    let mut line = |sku: &str| json!({ "sku": sku, "quantity": if random.u8(0..3) == 0 { 2 } else { 1 } });
    let (first, second) = (line("A"), line("B"));
    match random.u8(0..5) {
        0 | 1 => json!([first]),
        2 | 3 => json!([second]),
        _ => json!([first, second]),
    }
}

fn with_code(mut body: Value, random: &mut Rng) -> Value {
    if random.u8(0..3) == 0 {
        body["reasonCode"] = json!("Typing_error");
    }
    body
}
