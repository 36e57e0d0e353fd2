//! Quotes: the source of an order's prices, the order of a quote, and the answers to its senders.

use std::collections::BTreeSet;

use order_domain::Event;
use serde_json::{Value, json};

use super::book::Book;
use super::findings::{Findings, Invariant};
use super::history::History;
use super::rights;
use crate::workload::caller::Caller;
use crate::workload::command::Exchange;
use crate::workload::pricing::{QuoteKey, SentQuote};

/// The number of commits after which a retry of a quote is late.
const OTHER_COMMITS: u64 = 3;

pub(super) fn check(books: &[Book<'_>], history: &History, findings: &mut Findings) {
    books.iter().for_each(|book| prices(book, findings));
    one_order(books, history, findings);
    let sending = |exchange| Sending::of(exchange, books);
    for sending in history.exchanges.iter().filter_map(sending) {
        if rights::refusal(&sending.exchange.command).is_none() {
            sending.check(books, findings);
        }
    }
    for sending in history.last_quotes.iter().filter_map(sending) {
        let Exchange { command, answer, .. } = sending.exchange;
        if !sending.is_good() && !sending.made_its_order() {
            continue;
        }
        let holds = match answer {
            // Another quote with the same id was faster.
            Some(answer) if answer.is_rejection() => !sending.made_its_order() && sending.book.placed().is_some(),
            Some(answer) => answer.status == 201 && answer.body["orderId"] == *command.order,
            None => false,
        };
        let what = || format!("{} was answered with {answer:?}, although no fault struck", command.key);
        findings.must(Invariant::QuoteIsKept, &command.order, holds, what);
    }
}

/// An order's prices are those of a trusted caller, or of a signed quote.
fn prices(book: &Book<'_>, findings: &mut Findings) {
    for (commit, event) in book.commits.iter().flat_map(|it| it.events.iter().map(move |event| (it, &event.event))) {
        let Event::OrderPlaced(placed_event) = event else { continue };
        let placed = placed(event);
        let is_source = |exchange: &&&Exchange| match (&exchange.command.quote, &placed_event.quote) {
            (Some(sent), Some(quote)) => {
                let (id, kid) = (sent.terms.quote_id.as_str(), kid(sent.terms.key));
                !sent.is_tampered && (id, kid) == (quote.quote_id.as_str(), quote.kid.as_str())
            }
            (None, None) => {
                let (caller, request) = (exchange.command.caller, &commit.request);
                let is_trusted = matches!(caller, Caller::Shop | Caller::Admin | Caller::SignedService);
                is_trusted && caller.actor() == request.actor && exchange.command.key == request.request_id
            }
            (Some(_), None) | (None, Some(_)) => false,
        };
        let sources = book.exchanges.iter().filter(|exchange| exchange.command.path == "/orders").filter(is_source);
        let holds = sources.map(|it| asked(it.command.content())).any(|asked| asked == placed);
        let what = || format!("{} placed {placed}, which is neither trusted nor signed", commit.request.actor);
        findings.must(Invariant::PricesAreTrusted, book.order, holds, what);
        findings.did("orders placed from quotes", placed_event.quote.is_some());
    }
}

/// Every accepted request with a quote is answered with the same order, and only that order has the id of the quote.
fn one_order(books: &[Book<'_>], history: &History, findings: &mut Findings) {
    let sent = history.exchanges.iter().filter_map(|it| Some((it.command.key.as_str(), it.command.quote.as_ref()?)));
    let quotes: BTreeSet<(&str, &str)> = sent.map(|(key, quote)| (key, quote.terms.quote_id.as_str())).collect();
    for (key, quote_id) in quotes {
        let replies = history.exchanges.iter().filter(|it| it.command.key == key);
        let replies = replies.filter_map(|it| it.accepted()?["orderId"].as_str());
        let is_of_quote = |book: &&Book<'_>| {
            let Some(Event::OrderPlaced(event)) = book.placed() else { return false };
            event.quote.as_ref().is_some_and(|it| it.quote_id.as_str() == quote_id)
        };
        let recorded = books.iter().filter(is_of_quote).map(|book| book.order);
        let orders: BTreeSet<&str> = replies.chain(recorded).collect();
        let what = || format!("{quote_id} made the orders {orders:?}");
        findings.must(Invariant::OneOrderPerQuote, key, orders.len() <= 1, what);
    }
}

/// A quote that was sent, and the order that it may create.
struct Sending<'a> {
    exchange: &'a Exchange,
    quote: &'a SentQuote,
    book: &'a Book<'a>,
}

impl<'a> Sending<'a> {
    fn of(exchange: &'a Exchange, books: &'a [Book<'a>]) -> Option<Self> {
        let book = books.iter().find(|book| book.order == exchange.command.order)?;
        Some(Self { exchange, quote: exchange.command.quote.as_ref()?, book })
    }

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

    fn made_its_order(&self) -> bool {
        !self.quote.is_tampered && self.book.placed().map(placed) == Some(asked(&self.quote.order))
    }

    fn check(&self, books: &[Book<'_>], findings: &mut Findings) {
        let Some(answer) = &self.exchange.answer else { return };
        let command = &self.exchange.command;
        let (is_its_own, is_placed) = (self.made_its_order(), self.book.placed().is_some());
        // Once a client knows its order, no other answer is allowed.
        let may_be_unknown = !is_its_own || self.book.known_before(self.exchange.began) == 0;
        let holds = match (answer.status, answer.code()) {
            (200 | 201, _) => {
                let named = answer.body["orderId"].as_str();
                let order = books.iter().find(|book| Some(book.order) == named).and_then(Book::placed);
                let is_shown = order.map(placed) == Some(asked(&self.quote.order));
                let what =
                    || format!("{} was answered with {answer:?}, and asked for {}", command.key, self.quote.order);
                findings.must(Invariant::OneOrderPerQuote, &command.order, is_shown, what);
                let is_new = answer.replayed || self.is_good();
                answer.status == 201 && named == Some(&command.order) && is_its_own && is_new
            }
            (409, "quote_id_reused") => self.is_good() && is_placed && !is_its_own,
            (422, "quote_expired") => {
                self.is_expired() && !self.is_of_retired_key() && !self.quote.is_tampered && may_be_unknown
            }
            (422, "quote_not_valid") => self.quote.is_tampered || (self.is_of_retired_key() && may_be_unknown),
            (400..=499, _) => false,
            (_, _) => return,
        };
        let what = || format!("{} was answered with {answer:?}: {:?}", command.key, self.quote.terms);
        findings.must(Invariant::QuoteIsAnswered, &command.order, holds, what);
        if answer.is_accepted() && answer.replayed {
            self.count_retry(findings);
        } else if answer.is_rejection() {
            let (code, is_tampered) = (answer.code(), self.quote.is_tampered);
            findings.did("quotes refused that were tampered with", is_tampered);
            findings.did("quotes refused after they expired", code == "quote_expired");
            findings.did("quotes refused after their key was retired", code == "quote_not_valid" && !is_tampered);
            findings.did("quotes refused whose id had other content", code == "quote_id_reused");
        }
    }

    /// Counts a retry that was answered with the order of the quote, by time and by key.
    fn count_retry(&self, findings: &mut Findings) {
        let key = match self.quote.terms.idempotency_key.as_deref() {
            None => "no key",
            key if key == self.first_sent() => "the same key",
            Some(_) => "another key",
        };
        let known = self.book.known_before(self.exchange.began);
        let when = [
            ("soon", known <= OTHER_COMMITS && !self.is_expired() && !self.is_of_retired_key()),
            ("after other commits", known > OTHER_COMMITS),
            ("after they expired", self.is_expired()),
            ("after their key was retired", self.is_of_retired_key()),
        ];
        for (when, is_then) in when {
            findings.did(&format!("quotes retried {when}, under {key}"), is_then);
        }
    }

    /// The `Idempotency-Key` beside the quote when it was first sent.
    fn first_sent(&self) -> Option<&str> {
        let same = self.book.exchanges.iter().filter(|it| it.command.key == self.exchange.command.key);
        let first = same.min_by_key(|it| it.sent)?.command.quote.as_ref()?;
        first.terms.idempotency_key.as_deref()
    }
}

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
fn placed(event: &Event) -> Value {
    let data = order_domain::stored::encode(event).map_or(Value::Null, |stored| stored.data);
    let mut placed = asked(&data);
    placed["total"] = data["total"].clone();
    placed
}
