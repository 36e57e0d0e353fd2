//! Quotes: the source of an order's prices, the order of a quote, and the answers to its senders.

use std::collections::BTreeSet;

use order_aggregate::OrderCommit;
use order_domain::Event;
use order_domain::event::OrderPlaced;
use order_domain::values::Reference;
use serde_json::{Value, json};

use super::findings::Findings;
use super::history::History;
use super::invariant::Invariant;
use super::rights;
use crate::workload::caller::Caller;
use crate::workload::exchange::{Answer, Exchange};
use crate::workload::pricing::{QuoteKey, SentQuote};

/// The number of commits after which a retry of a quote is late.
const OTHER_COMMITS: u64 = 3;

pub(super) fn check(history: &History, findings: &mut Findings) {
    for (order, commits) in &history.recorded {
        prices(order, commits, history, findings);
    }
    one_order(history, findings);
    for exchange in &history.exchanges {
        let Some(quote) = exchange.command.quote.as_ref().filter(|_| rights::refusal(&exchange.command).is_none())
        else {
            continue;
        };
        Sending { exchange, quote, history }.check(findings);
    }
    for last in &history.last_quotes {
        let Some(quote) = &last.command.quote else { continue };
        let sending = Sending { exchange: last, quote, history };
        if !sending.is_good() && !sending.made_its_order() {
            continue;
        }
        let holds = match &last.answer {
            Answer::Accepted { status, body, .. } => *status == 201 && body["orderId"] == last.command.order.as_str(),
            // Another quote with the same id was faster.
            Answer::Refused { .. } => !sending.made_its_order() && sending.placed().is_some(),
            Answer::Failed { .. } | Answer::Nothing => false,
        };
        let what = || format!("{} was answered with {:?}, although no fault struck", last.command.key, last.answer);
        findings.must(Invariant::QuoteIsKept, &last.command.order, holds, what);
    }
}

/// An order's prices are those of a trusted caller, or of a signed quote.
fn prices(order: &str, commits: &[OrderCommit], history: &History, findings: &mut Findings) {
    for (commit, event) in commits.iter().flat_map(|commit| commit.events.iter().map(move |it| (commit, &it.event))) {
        let Event::OrderPlaced(event) = event else { continue };
        let placed = placed(event);
        let is_source = |exchange: &Exchange| match (&exchange.command.quote, &event.quote) {
            (Some(sent), Some(quote)) => {
                let (id, kid) = (sent.terms.quote_id.as_str(), kid(sent.terms.key));
                !sent.is_tampered && (id, kid) == (quote.quote_id.as_str(), quote.kid.as_str())
            }
            (None, None) => {
                let caller = exchange.command.caller;
                let is_trusted = matches!(caller, Caller::Shop | Caller::Admin | Caller::SignedService);
                is_trusted
                    && caller.actor() == commit.request.actor
                    && exchange.command.key == commit.request.request_id
            }
            (Some(_), None) | (None, Some(_)) => false,
        };
        let sources =
            history.exchanges.iter().filter(|exchange| exchange.command.path == "/orders" && is_source(exchange));
        let holds = sources.map(|it| asked(it.command.content())).any(|asked| asked == placed);
        let what = || format!("{} placed {placed}, which is neither trusted nor signed", commit.request.actor);
        findings.must(Invariant::PricesAreTrusted, order, holds, what);
        findings.did("orders placed from quotes", event.quote.is_some());
    }
}

/// Every accepted request with a quote is answered with the same order, and only that order has the id of the quote.
fn one_order(history: &History, findings: &mut Findings) {
    let sent = history.exchanges.iter().filter_map(|it| Some((it.command.key.as_str(), it.command.quote.as_ref()?)));
    let quotes: BTreeSet<(&str, &str)> = sent.map(|(key, quote)| (key, quote.terms.quote_id.as_str())).collect();
    for (key, quote_id) in quotes {
        let replies = history.exchanges.iter().filter(|it| it.command.key == key).filter_map(|it| match &it.answer {
            Answer::Accepted { body, .. } => body["orderId"].as_str(),
            Answer::Refused { .. } | Answer::Failed { .. } | Answer::Nothing => None,
        });
        let recorded = history.recorded.iter().filter(|(_, commits)| {
            let first = commits.iter().flat_map(|commit| &commit.events).map(|it| &it.event).next();
            matches!(first, Some(Event::OrderPlaced(event)) if event.quote.as_ref().is_some_and(|it| it.quote_id.as_str() == quote_id))
        });
        let orders: BTreeSet<&str> = replies.chain(recorded.map(|(order, _)| order.as_str())).collect();
        let what = || format!("{quote_id} made the orders {orders:?}");
        findings.must(Invariant::OneOrderPerQuote, key, orders.len() <= 1, what);
    }
}

/// A quote that its caller may send.
struct Sending<'a> {
    exchange: &'a Exchange,
    quote: &'a SentQuote,
    history: &'a History,
}

impl Sending<'_> {
    fn is_expired(&self) -> bool {
        self.exchange.asked_at.epoch_ms() >= self.quote.terms.expires_at_ms
    }

    fn is_of_retired_key(&self) -> bool {
        self.exchange.is_late && self.quote.terms.key == QuoteKey::First
    }

    /// Returns true if it may create an order.
    fn is_good(&self) -> bool {
        !self.quote.is_tampered && !self.is_expired() && !self.is_of_retired_key()
    }

    /// The recorded content of its order.
    fn placed(&self) -> Option<Value> {
        self.placed_as(&self.exchange.command.order)
    }

    fn placed_as(&self, order: &str) -> Option<Value> {
        let of_order = |(id, _): &&(String, Vec<OrderCommit>)| id == order;
        let (_, commits) = self.history.recorded.iter().find(of_order)?;
        match &commits.first()?.events.first()?.event {
            Event::OrderPlaced(event) => Some(placed(event)),
            Event::PaymentReceived(_)
            | Event::PaymentCorrected(_)
            | Event::PaymentRefunded(_)
            | Event::ItemShipped(_)
            | Event::ItemDelivered(_)
            | Event::ItemReturned(_)
            | Event::ItemsCancelled(_)
            | Event::OrderCancelled(_) => None,
        }
    }

    fn made_its_order(&self) -> bool {
        !self.quote.is_tampered && self.placed() == Some(asked(&self.quote.order))
    }

    /// The highest version of the order that clients knew before.
    fn known(&self) -> u64 {
        let before = |it: &&Exchange| it.command.order == self.exchange.command.order && it.ended < self.exchange.began;
        let versions = self.history.exchanges.iter().filter(before).filter_map(|it| match &it.answer {
            Answer::Accepted { body, .. } => body["version"].as_u64(),
            Answer::Refused { .. } | Answer::Failed { .. } | Answer::Nothing => None,
        });
        versions.max().unwrap_or(0)
    }

    fn check(&self, findings: &mut Findings) {
        let (command, answer) = (&self.exchange.command, &self.exchange.answer);
        let (is_its_own, is_placed) = (self.made_its_order(), self.placed().is_some());
        // Once a client knows its order, no other answer is allowed.
        let may_be_unknown = !is_its_own || self.known() == 0;
        let holds = match answer {
            Answer::Accepted { status, body, replayed } => {
                let named = body["orderId"].as_str();
                let is_told = named.and_then(|order| self.placed_as(order)) == Some(asked(&self.quote.order));
                let what =
                    || format!("{} was answered with {answer:?}, and asked for {}", command.key, self.quote.order);
                findings.must(Invariant::OneOrderPerQuote, &command.order, is_told, what);
                *status == 201 && named == Some(&command.order) && is_its_own && (*replayed || self.is_good())
            }
            Answer::Refused { status: 409, code } => {
                code == "quote_id_reused" && self.is_good() && is_placed && !is_its_own
            }
            Answer::Refused { status: 422, code } => match code.as_str() {
                "quote_expired" => {
                    self.is_expired() && !self.is_of_retired_key() && !self.quote.is_tampered && may_be_unknown
                }
                "quote_not_valid" => self.quote.is_tampered || (self.is_of_retired_key() && may_be_unknown),
                _ => false,
            },
            Answer::Refused { .. } => false,
            Answer::Failed { .. } | Answer::Nothing => return,
        };
        let what = || format!("{} was answered with {answer:?}: {:?}", command.key, self.quote.terms);
        findings.must(Invariant::QuoteIsAnswered, &command.order, holds, what);
        self.deeds(findings);
    }

    fn deeds(&self, findings: &mut Findings) {
        match &self.exchange.answer {
            Answer::Accepted { replayed: true, .. } => {
                let first = self.first_sent();
                let key = self.quote.idempotency_key.as_deref();
                let under = match key {
                    None => 0,
                    Some(_) if key == first => 1,
                    Some(_) => 2,
                };
                let known = self.known();
                let when = [
                    (0, known <= OTHER_COMMITS && !self.is_expired() && !self.is_of_retired_key()),
                    (1, known > OTHER_COMMITS),
                    (2, self.is_expired()),
                    (3, self.is_of_retired_key()),
                ];
                for (when, is_then) in when {
                    findings.did(RETRIED[when][under], is_then);
                }
            }
            Answer::Refused { code, .. } => {
                let is_tampered = self.quote.is_tampered;
                findings.did("quotes refused that were tampered with", is_tampered);
                findings.did("quotes refused after they expired", code == "quote_expired");
                let is_retired = code == "quote_not_valid" && !is_tampered;
                findings.did("quotes refused after their key was retired", is_retired);
                findings.did("quotes refused whose id had other content", code == "quote_id_reused");
            }
            Answer::Accepted { .. } | Answer::Failed { .. } | Answer::Nothing => {}
        }
    }

    /// The `Idempotency-Key` beside the quote when it was first sent.
    fn first_sent(&self) -> Option<&str> {
        let same = self.history.exchanges.iter().filter(|it| it.command.key == self.exchange.command.key);
        let first = same.min_by_key(|it| it.sent)?.command.quote.as_ref()?;
        first.idempotency_key.as_deref()
    }
}

/// The deeds of retried quotes that were answered with their order, by time and by key.
const RETRIED: [[&str; 3]; 4] = [
    [
        "quotes retried soon, under no key",
        "quotes retried soon, under the same key",
        "quotes retried soon, under another key",
    ],
    [
        "quotes retried after other commits, under no key",
        "quotes retried after other commits, under the same key",
        "quotes retried after other commits, under another key",
    ],
    [
        "quotes retried after they expired, under no key",
        "quotes retried after they expired, under the same key",
        "quotes retried after they expired, under another key",
    ],
    [
        "quotes retried after their key was retired, under no key",
        "quotes retried after their key was retired, under the same key",
        "quotes retried after their key was retired, under another key",
    ],
];

const fn kid(key: QuoteKey) -> &'static str {
    match key {
        QuoteKey::First => "first",
        QuoteKey::Second => "second",
    }
}

/// The order of a request, in a form for comparison.
fn asked(order: &Value) -> Value {
    let or = |name: &str, absent: Value| order.get(name).cloned().unwrap_or(absent);
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let lines = order["items"].as_array().into_iter().flatten();
    let sum: u64 = lines.map(|line| number(&line["quantity"]) * number(&line["unitPrice"])).sum();
    let total = (sum + number(&order["shipping"]) + number(&order["tax"])).saturating_sub(number(&order["discount"]));
    json!({
        "customerId": order["customerId"], "currency": order["currency"], "items": order["items"],
        "shipping": or("shipping", json!(0)), "tax": or("tax", json!(0)), "discount": or("discount", json!(0)),
        "reference": or("reference", Value::Null), "metadata": or("metadata", json!({})), "total": total,
    })
}

/// A placed order, in the same form.
fn placed(event: &OrderPlaced) -> Value {
    let items = event.items.iter().map(|item| {
        let (quantity, price) = (item.quantity.get(), item.unit_price.minor_units());
        json!({ "sku": item.sku.to_string(), "quantity": quantity, "unitPrice": price })
    });
    let metadata: serde_json::Map<_, _> =
        event.metadata.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    json!({
        "customerId": event.customer_id.as_str(), "currency": event.currency.code(), "items": items.collect::<Vec<_>>(),
        "shipping": event.shipping.minor_units(), "tax": event.tax.minor_units(),
        "discount": event.discount.minor_units(), "reference": event.reference.as_ref().map(Reference::as_str),
        "metadata": metadata, "total": event.total.minor_units(),
    })
}
