//! Commands as clients send them, and the answers that the clients receive.

use command_handler::order_id::new_order_id;
use event_store::Timestamp;
use fastrand::Rng;
use lambda_http::Request;
use serde_json::{Value, json};

use crate::workload::caller::Caller;
use crate::workload::gateway::Sent;
use crate::workload::new_order::NewOrder;
use crate::workload::pricing::{Pricing, SentQuote};
use crate::world::clock;

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
        let quote = Some(SentQuote { terms, order: content, is_tampered: false });
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
        self.quote.as_ref().map_or(Some(self.key.as_str()), |quote| quote.terms.idempotency_key.as_deref())
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
            0 => quote.terms.idempotency_key = None,
            1 => quote.terms.idempotency_key = Some(format!("quoted-again-{}", random.u32(..))),
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
        let Self { path, caller, body, .. } = self;
        Sent { method: "POST", path, query: "", headers, caller: *caller, body }.request(request_id)
    }
}

/// The final answer to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code: 201 for a recorded command, 200 for one that changes nothing, 4xx for a rejection. After another one, the
    /// command may have been recorded.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// True if the reply says that it repeats the one to an earlier attempt.
    pub replayed: bool,
}

impl Answer {
    /// Returns true for a command that is recorded, or that changes nothing.
    pub(crate) const fn is_accepted(&self) -> bool {
        matches!(self.status, 200 | 201)
    }

    /// Returns true for a rejection.
    pub(crate) const fn is_rejection(&self) -> bool {
        matches!(self.status, 400..=499)
    }

    /// The problem's code.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A command, and the answer that its client received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The command.
    pub command: Command,
    /// The answer. Without one, the command may have been recorded.
    pub answer: Option<Answer>,
    /// True if the first key for quotes was retired before.
    pub is_late: bool,
    /// The time at which the answered attempt began, by the function's clock.
    pub asked_at: Timestamp,
    /// The position of that beginning among the beginnings and ends of all attempts in the history.
    pub began: u64,
    /// The position at which the first attempt began.
    pub sent: u64,
    /// The position of its end.
    pub ended: u64,
}

impl Exchange {
    /// A command that has not been answered.
    pub(crate) fn unanswered(command: Command, is_late: bool) -> Self {
        Self { command, answer: None, is_late, asked_at: clock::now(), began: 0, sent: 0, ended: 0 }
    }

    /// The reply, if the command is recorded or changes nothing.
    pub(crate) fn accepted(&self) -> Option<&Value> {
        self.answer.as_ref().filter(|answer| answer.is_accepted()).map(|answer| &answer.body)
    }

    /// The reply of 201, if the command is recorded.
    pub(crate) fn recorded(&self) -> Option<&Value> {
        self.answer.as_ref().filter(|answer| answer.status == 201).map(|answer| &answer.body)
    }
}
