//! A customer cannot get an order shipped for less than its quote, with any requests.
//!
//! The customer sends any request to any route with their own token. The payment provider is honest: it records the amount
//! that the customer really pays. The warehouse ships as much as it may. This test computes the amount that an order must
//! have received before it ships, from the shop's quotes and the accepted cancellations.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use command_handler::CommandHandler;
use event_store::InMemoryEventStore;
use http_api::{AuthMode, CommandRoute};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use test_support::gateway::{Call, Reply};

use crate::order_life::{handler, pay, send};
use crate::shop::{AUDIENCE, EARLIER, LATER, Shop, place_quote, shop, with};

const CUSTOMER: &str = "customer-1001";
/// The scopes of a customer's token.
const CUSTOMERS_SCOPES: &str = "orders:read orders:place orders:cancel";
/// The scopes of the payment provider and the warehouse.
const SERVICES_SCOPES: &str = "orders:admin";

/// The shop's intended terms of a quote.
#[derive(Debug)]
struct Terms {
    quote_id: &'static str,
    /// The sku, the quantity and the unit price of each line.
    lines: &'static [(&'static str, u64, u64)],
    shipping: u64,
    tax: u64,
    discount: u64,
}

/// The customer's own quotes: one that divides evenly, one that does not, one with a free line, and one with a single unit.
const HONEST: [Terms; 4] = [
    Terms { quote_id: "even", lines: &[("a", 3, 1000), ("b", 2, 500)], shipping: 490, tax: 0, discount: 0 },
    Terms { quote_id: "uneven", lines: &[("a", 7, 333), ("c", 3, 1)], shipping: 0, tax: 77, discount: 101 },
    Terms { quote_id: "gift", lines: &[("a", 1, 2500), ("gift", 2, 0)], shipping: 499, tax: 475, discount: 500 },
    Terms { quote_id: "single", lines: &[("a", 1, 999)], shipping: 100, tax: 0, discount: 0 },
];

impl Terms {
    fn total(&self) -> u64 {
        self.price_of(|_, quantity| quantity) + self.shipping + self.tax - self.discount
    }

    fn price_of(&self, units: impl Fn(&str, u64) -> u64) -> u64 {
        self.lines.iter().map(|(sku, quantity, price)| units(sku, *quantity) * price).sum()
    }

    /// Returns the minimum amount that an order must have received if these units are cancelled: the total, minus the
    /// cancelled units' share of the total without shipping.
    fn required(&self, cancelled: &BTreeMap<String, u64>) -> u64 {
        let gone = self.price_of(|sku, _| cancelled.get(sku).copied().unwrap_or(0));
        let whole = self.price_of(|_, quantity| quantity);
        let share = ((self.total() - self.shipping) * gone).checked_div(whole).unwrap_or(0);
        self.total() - share
    }

    fn claims(&self) -> Value {
        let items: Vec<_> = self
            .lines
            .iter()
            .map(|(sku, quantity, price)| json!({ "sku": sku, "quantity": quantity, "unitPrice": price }))
            .collect();
        json!({
            "aud": AUDIENCE, "exp": LATER, "jti": self.quote_id, "customerId": CUSTOMER, "currency": "EUR", "items": items,
            "shipping": self.shipping, "tax": self.tax, "discount": self.discount,
        })
    }
}

/// Returns the changes that make a quote free.
fn free(terms: &Terms) -> Value {
    let items: Vec<_> = terms
        .lines
        .iter()
        .map(|(sku, quantity, _)| json!({ "sku": sku, "quantity": quantity, "unitPrice": 0 }))
        .collect();
    json!({ "items": items, "shipping": 0, "tax": 0, "discount": 0 })
}

/// The texts that are available to the customer: first the honest quotes, then the forgeries made of each.
static QUOTES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut quotes: Vec<_> = HONEST.iter().map(|terms| shop().quote(&terms.claims())).collect();
    let (namesake, stranger) = (Shop::with_key("2026-q4x"), Shop::with_key("own"));
    for terms in &HONEST {
        let cheap = with(&terms.claims(), free(terms));
        let honest = shop().quote(&terms.claims());
        let (head, signature) = honest.rsplit_once('.').unwrap();
        let header = head.split_once('.').unwrap().0;
        let tampered = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(cheap.to_string()));
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"2026-q4x"}"#);
        quotes.extend([
            tampered,
            format!("{unsigned}.{}.", URL_SAFE_NO_PAD.encode(cheap.to_string())),
            namesake.quote(&cheap),
            stranger.quote(&cheap),
            // Quotes that the shop signed but that are not valid here: for another customer, for another shop, and of a
            // past sale.
            shop().quote(&with(&cheap, json!({ "customerId": "customer-2002" }))),
            shop().quote(&with(&cheap, json!({ "aud": "another-ledger" }))),
            shop().quote(&with(&cheap, json!({ "exp": EARLIER }))),
            shop().quote(&with(&cheap, json!({ "exp": EARLIER, "jti": "sale" }))),
        ]);
    }
    quotes
});

/// One step of a caller. The numbers of orders, lines and quotes are used modulo their count.
#[derive(Debug, Clone)]
enum Step {
    /// The customer sends prices, alone or beside a quote.
    Prices { terms: usize, beside_a_quote: bool },
    /// The customer sends a quote, honest or not, with or without a key.
    Quote { quote: usize, key: Option<u8> },
    /// The customer cancels units, and may send a price reduction.
    CancelItems { order: usize, line: usize, units: u64, reduction: Option<u64>, id: u8 },
    /// The customer cancels the order.
    CancelOrder { order: usize },
    /// The customer sends a command that only services may send.
    Impersonate { order: usize, route: u8, amount: u64 },
    /// The customer pays, and the provider records the payment, perhaps twice.
    Pay { order: usize, amount: Payment, twice: bool },
    /// The warehouse ships the rest of an order, or one unit.
    Ship { order: usize, line: Option<usize> },
}

/// The amount that the customer pays.
#[derive(Debug, Clone, Copy)]
enum Payment {
    Some(u64),
    /// The rest of the required amount.
    Missing,
    /// One less than that.
    OneLess,
}

fn any_step() -> impl Strategy<Value = Step> {
    let which = || 0..1000_usize;
    let payment = prop_oneof![1 => (1..3000_u64).prop_map(Payment::Some), 2 => Just(Payment::Missing), 1 => Just(Payment::OneLess)];
    // Half of the quotes are honest, so that there are orders to attack. Every run begins with one.
    let quote = prop_oneof![0..HONEST.len(), which()];
    prop_oneof![
        1 => (which(), any::<bool>()).prop_map(|(terms, beside_a_quote)| Step::Prices { terms, beside_a_quote }),
        3 => (quote, option::of(0..3_u8)).prop_map(|(quote, key)| Step::Quote { quote, key }),
        4 => (which(), which(), 1..4_u64, option::of(0..4000_u64), 0..3_u8).prop_map(
            |(order, line, units, reduction, id)| Step::CancelItems { order, line, units, reduction, id }
        ),
        1 => which().prop_map(|order| Step::CancelOrder { order }),
        2 => (which(), 0..4_u8, 1..4000_u64).prop_map(|(order, route, amount)| Step::Impersonate { order, route, amount }),
        4 => (which(), payment, any::<bool>()).prop_map(|(order, amount, twice)| Step::Pay { order, amount, twice }),
        6 => (which(), option::of(which())).prop_map(|(order, line)| Step::Ship { order, line }),
    ]
}

/// The test's own data about an order.
struct Known {
    order_id: String,
    terms: &'static Terms,
    paid: u64,
    cancelled: BTreeMap<String, u64>,
    shipped: BTreeMap<String, u64>,
}

impl Known {
    fn missing(&self) -> u64 {
        self.terms.required(&self.cancelled).saturating_sub(self.paid)
    }

    fn line(&self, line: usize) -> &'static str {
        self.terms.lines[line % self.terms.lines.len()].0
    }

    fn left(&self, sku: &str) -> u64 {
        let ordered = self.terms.lines.iter().find_map(|(name, quantity, _)| (*name == sku).then_some(*quantity));
        let gone = |units: &BTreeMap<String, u64>| units.get(sku).copied().unwrap_or(0);
        ordered.unwrap() - gone(&self.cancelled) - gone(&self.shipped)
    }
}

/// One run: the handler, and the test's data about its orders.
struct Run {
    handler: CommandHandler<InMemoryEventStore>,
    orders: Vec<Known>,
    calls: u64,
    shipments: u64,
}

impl Run {
    async fn by_customer(&self, call: Call) -> Reply {
        send(&self.handler, &call.token_of(CUSTOMER, CUSTOMERS_SCOPES)).await
    }

    async fn by_service(&self, call: Call) -> Reply {
        send(&self.handler, &call.token_of("service", SERVICES_SCOPES)).await
    }

    fn on(&self, route: CommandRoute, order: usize, body: &Value) -> Option<(usize, Call)> {
        let order = order.checked_rem(self.orders.len())?;
        let path = [("orderId", self.orders[order].order_id.as_str()), ("paymentId", "payment-1")];
        Some((order, Call::to(route.key(), &path).body(body)))
    }

    /// Records an order that the customer placed, and asserts that it matches the quote that it names.
    fn placed(&mut self, reply: &Reply) -> Result<(), TestCaseError> {
        if reply.status != 201 {
            return Ok(());
        }
        let body = reply.json();
        let (order_id, data) = (body["orderId"].as_str().unwrap().to_owned(), &body["events"][0]["data"]);
        let terms = HONEST.iter().find(|terms| data["quote"]["quoteId"] == terms.quote_id);
        let Some(terms) = terms else { return Err(TestCaseError::fail(format!("placed without a quote: {body}"))) };
        prop_assert_eq!(&data["total"], terms.total(), "{}", body);
        let is_known = self.orders.iter().any(|known| known.order_id == order_id);
        let is_quoted = self.orders.iter().any(|known| known.terms.quote_id == terms.quote_id);
        prop_assert_eq!(is_known, is_quoted, "two orders of one quote: {}", body);
        if !is_known {
            let (paid, cancelled, shipped) = (0, BTreeMap::new(), BTreeMap::new());
            self.orders.push(Known { order_id, terms, paid, cancelled, shipped });
        }
        Ok(())
    }

    async fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        self.calls += 1;
        match step {
            Step::Prices { terms, beside_a_quote } => {
                let terms = &HONEST[terms % HONEST.len()];
                let mut body = with(&terms.claims(), free(terms));
                for claim in ["aud", "exp", "jti"] {
                    body.as_object_mut().unwrap().remove(claim);
                }
                if beside_a_quote {
                    body["quote"] = json!(QUOTES[0]);
                }
                let call = Call::to(CommandRoute::PlaceOrder.key(), &[]).body(&body).new_key();
                let reply = self.by_customer(call).await;
                self.placed(&reply)
            }
            Step::Quote { quote, key } => {
                let call = place_quote(&QUOTES[quote % QUOTES.len()]);
                let call = key.map_or(call.clone(), |key| call.key(&format!("key-{key}")));
                let reply = self.by_customer(call).await;
                self.placed(&reply)
            }
            Step::CancelItems { order, line, units, reduction, id } => {
                let Some(known) = order.checked_rem(self.orders.len()).map(|order| &self.orders[order]) else {
                    return Ok(());
                };
                let sku = known.line(line);
                let mut body = json!({
                    "cancellationId": format!("c-{id}"), "items": [{ "sku": sku, "quantity": units }], "reason": "x",
                });
                if let Some(reduction) = reduction {
                    body["reduction"] = json!(reduction);
                }
                let Some((order, call)) = self.on(CommandRoute::CancelItems, order, &body) else { return Ok(()) };
                // A reply with 200 repeats the result that was recorded under this id.
                if self.by_customer(call).await.status == 201 {
                    *self.orders[order].cancelled.entry(sku.to_owned()).or_default() += units;
                }
                Ok(())
            }
            Step::CancelOrder { order } => {
                if let Some((_, call)) = self.on(CommandRoute::CancelOrder, order, &json!({ "reason": "x" })) {
                    self.by_customer(call).await;
                }
                Ok(())
            }
            Step::Impersonate { order, route, amount } => self.impersonate(order, route, amount).await,
            Step::Pay { order, amount, twice } => self.pay(order, amount, twice).await,
            Step::Ship { order, line } => self.ship(order, line).await,
        }
    }

    /// Sends a command that only a service may send, as the customer.
    async fn impersonate(&mut self, order: usize, route: u8, amount: u64) -> Result<(), TestCaseError> {
        let (route, body) = match route {
            0 => (CommandRoute::RecordPayment, json!({ "paymentId": "own", "amount": amount })),
            1 => {
                let correction = json!({ "correctionId": "own", "amount": amount, "reason": "x" });
                (CommandRoute::CorrectPayment, correction)
            }
            2 => {
                let refund = json!({ "refundId": "own", "paymentId": "payment-1", "amount": 1, "reduction": 1 });
                (CommandRoute::RefundPayment, refund)
            }
            _ => (CommandRoute::ShipItems, json!({ "shipmentId": "own", "items": [{ "sku": "a", "quantity": 1 }] })),
        };
        if let Some((_, call)) = self.on(route, order, &body) {
            prop_assert_eq!(self.by_customer(call).await.status, 403);
        }
        Ok(())
    }

    async fn pay(&mut self, order: usize, amount: Payment, twice: bool) -> Result<(), TestCaseError> {
        let Some(order) = order.checked_rem(self.orders.len()) else { return Ok(()) };
        let known = &mut self.orders[order];
        let amount = match amount {
            Payment::Some(amount) => amount,
            Payment::Missing => known.missing(),
            Payment::OneLess => known.missing().saturating_sub(1),
        };
        if amount > 0 {
            known.paid += amount;
            let call = pay(&known.order_id, &format!("payment-{}", self.calls), amount);
            for _ in 0..=u8::from(twice) {
                let status = self.by_service(call.clone()).await.status;
                prop_assert!(matches!(status, 200 | 201), "{status}");
            }
        }
        Ok(())
    }

    async fn ship(&mut self, order: usize, line: Option<usize>) -> Result<(), TestCaseError> {
        let Some(known) = order.checked_rem(self.orders.len()).map(|order| &self.orders[order]) else { return Ok(()) };
        let units: Vec<(&str, u64)> = match line {
            Some(line) => vec![(known.line(line), 1)],
            None => known
                .terms
                .lines
                .iter()
                .map(|(sku, ..)| (*sku, known.left(sku)))
                .filter(|(_, left)| *left > 0)
                .collect(),
        };
        if units.is_empty() {
            return Ok(());
        }
        let items: Vec<_> = units.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect();
        let body = json!({ "shipmentId": format!("s-{}", self.calls), "items": items });
        let Some((order, call)) = self.on(CommandRoute::ShipItems, order, &body) else { return Ok(()) };
        let reply = self.by_service(call).await;
        if reply.status == 201 {
            let known = &mut self.orders[order];
            let required = known.terms.required(&known.cancelled);
            prop_assert!(known.paid >= required, "shipped for {} of {required}: {:?}", known.paid, known.terms);
            for (sku, quantity) in units {
                *known.shipped.entry(sku.to_owned()).or_default() += quantity;
            }
            self.shipments += 1;
        }
        Ok(())
    }
}

/// Ten thousand customers, each with their own store. The test fails if the handler accepts a reduction or prices from a
/// customer, or an invalid quote.
#[test]
fn a_customer_brings_no_order_to_shipping_for_less_than_its_quote() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut placed, mut shipped) = (0, 0);
    let mut runner = TestRunner::new_with_rng(
        ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let totals = std::cell::RefCell::new((&mut placed, &mut shipped));
    let outcome = runner.run(&(0..HONEST.len(), vec(any_step(), 1..10)), |(first, steps)| {
        runtime.block_on(async {
            let handler = handler(InMemoryEventStore::default(), AuthMode::Jwt);
            let mut run = Run { handler, orders: Vec::new(), calls: 0, shipments: 0 };
            run.take(Step::Quote { quote: first, key: None }).await?;
            for step in steps {
                run.take(step).await?;
            }
            let mut totals = totals.borrow_mut();
            *totals.0 += run.orders.len();
            *totals.1 += run.shipments;
            Ok(())
        })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    // The test is only meaningful if enough orders are placed and shipped.
    assert!(placed > 10_000 && shipped > 1_500, "{placed} placed, {shipped} shipped");
}
