//! Commands as clients send them.

use command_handler::order_id::new_order_id;
use fastrand::Rng;
use lambda_http::Request;
use serde_json::{Value, json};

use crate::workload::caller::Caller;
use crate::workload::gateway::Sent;
use crate::workload::new_order::NewOrder;
use crate::workload::pricing::{Pricing, SentQuote};

/// A command of a client. A retry sends the same value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The id of its order. `POST /orders` creates that order.
    pub order: String,
    /// The customer of that order.
    pub owner: &'static str,
    /// The sender.
    pub caller: Caller,
    /// Its request id: the `Idempotency-Key`, or the id that its quote gives it.
    pub key: String,
    /// The path of its route.
    pub path: String,
    /// Its body, or null.
    pub body: Value,
    /// Its `If-Match` header: the version at which it may be accepted.
    pub if_match: Option<u64>,
    /// The quote in its body.
    pub quote: Option<SentQuote>,
}

impl Command {
    /// The command that places an order, at prices of its sender or from a quote.
    #[must_use]
    pub fn place(order: &NewOrder, quantity: u64, pricing: &Pricing) -> Self {
        let content = order.content(quantity);
        let priced = Self::place_at_prices(order, order.placed_by, order.key.clone(), content.clone());
        let Some(terms) = order.quote.clone() else { return priced };
        let body = json!({ "quote": pricing.quote(&terms, &content) });
        let idempotency_key = terms.idempotency_key.clone();
        let quote = Some(SentQuote { terms, order: content, is_tampered: false, idempotency_key });
        Self { body, quote, ..priced }
    }

    fn place_at_prices(order: &NewOrder, caller: Caller, key: String, body: Value) -> Self {
        Self::to("/orders".to_owned(), order, caller, key, body)
    }

    /// A customer's request for an order at its own prices.
    pub(crate) fn place_at_own_prices(order: &NewOrder, key: String) -> Self {
        let caller = Caller::Customer(order.customer);
        let id = new_order_id(&caller.actor(), &key);
        Self { order: id, ..Self::place_at_prices(order, caller, key, order.content(5)) }
    }

    /// A command for an order that exists.
    pub(crate) fn about(order: &NewOrder, caller: Caller, key: &str, path: &str, body: Value) -> Self {
        Self::to(format!("/orders/{}/{path}", order.id), order, caller, key.to_owned(), body)
    }

    fn to(path: String, order: &NewOrder, caller: Caller, key: String, body: Value) -> Self {
        let (order, owner) = (order.id.clone(), order.customer);
        Self { order, owner, caller, key, path, body, if_match: None, quote: None }
    }

    /// The content of the request: its body, or the order in its quote.
    #[must_use]
    pub fn content(&self) -> &Value {
        self.quote.as_ref().map_or(&self.body, |quote| &quote.order)
    }

    /// The `Idempotency-Key` that it is sent with.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.quote.as_ref().map_or(Some(self.key.as_str()), |quote| quote.idempotency_key.as_deref())
    }

    /// The same key with another body. A command without a field to change stays as it is.
    #[must_use]
    pub(crate) fn with_another_body(&self, pricing: &Pricing) -> Self {
        let mut other = self.clone();
        let content = other.quote.as_mut().map_or(&mut other.body, |quote| &mut quote.order);
        if let Some(quantity) = content["items"][0]["quantity"].as_u64() {
            content["items"][0]["quantity"] = json!(quantity + 1);
        } else if let Some(amount) = content["amount"].as_u64() {
            content["amount"] = json!(amount + 1);
        } else if content["reason"].is_string() {
            content["reason"] = json!("another reason");
        }
        if let Some(quote) = &mut other.quote {
            quote.is_tampered = false;
            other.body = json!({ "quote": pricing.quote(&quote.terms, &quote.order) });
        }
        other
    }

    /// The same quote with a lower price and the old signature. `None` for a command without a quote.
    pub(crate) fn tampered(&self, pricing: &Pricing) -> Option<Self> {
        let mut other = self.clone();
        let quote = other.quote.as_mut()?;
        let signed = quote.order.clone();
        quote.order["items"][1]["unitPrice"] = json!(90);
        quote.is_tampered = true;
        other.body = json!({ "quote": pricing.tampered(&quote.terms, &signed, &quote.order) });
        Some(other)
    }

    /// The same quote under no key, the same key or another one, sometimes sent by an operator. `None` for a command without a
    /// quote.
    pub(crate) fn quoted_again(&self, random: &mut Rng) -> Option<Self> {
        let mut again = self.clone();
        let quote = again.quote.as_mut()?;
        match random.u8(0..3) {
            0 => quote.idempotency_key = None,
            1 => quote.idempotency_key = Some(format!("quoted-again-{}", random.u32(..))),
            _ => {}
        }
        if random.u8(0..8) == 0 {
            again.caller = Caller::Admin;
        }
        Some(again)
    }

    /// The same command under another key, with its lines reversed. `None` if the key decides the id of the order.
    #[must_use]
    pub(crate) fn under_another_key(&self, key: String) -> Option<Self> {
        if self.path == "/orders" {
            return None;
        }
        let mut again = Self { key, if_match: None, ..self.clone() };
        if let Some(lines) = again.body.get_mut("items").and_then(Value::as_array_mut) {
            lines.reverse();
        }
        Some(again)
    }

    /// The request that the function receives, with the gateway's id `request_id`.
    ///
    /// # Errors
    /// When `lambda_http` cannot read it.
    pub(crate) fn request(&self, request_id: &str) -> Result<Request, serde_json::Error> {
        let mut headers = json!({ "content-type": "application/json" });
        if let Some(key) = self.idempotency_key() {
            headers["idempotency-key"] = key.into();
        }
        if let Some(version) = self.if_match {
            headers["if-match"] = format!("\"{version}\"").into();
        }
        let (path, caller, body) = (self.path.as_str(), self.caller, &self.body);
        Sent { method: "POST", path, query: "", headers, caller, body }.request(request_id)
    }
}
