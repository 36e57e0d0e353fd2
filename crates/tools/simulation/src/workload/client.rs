//! A client that retries each command with the same key until it receives an answer.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::json;

use crate::faults::fault::{Fault, Faults};
use crate::faults::kill::Kills;
use crate::faults::wrong_clock;
use crate::workload::caller::Caller;
use crate::workload::command::{Answer, Command, Exchange};
use crate::workload::in_flight::InFlight;
use crate::workload::known::Known;
use crate::workload::new_order::NewOrder;
use crate::workload::pricing::Pricing;
use crate::workload::query::Inquiry;
use crate::workload::reader::Reader;
use crate::world::clock;
use crate::world::function::Instance;
use crate::world::names::CUSTOMERS;

/// The attempts of a client before it gives up.
const ATTEMPTS: u32 = 8;

/// A client with its own generator of random numbers.
#[derive(Clone)]
pub(crate) struct Client {
    /// The instances of the function. Each attempt reaches one of them.
    pub(crate) instances: Arc<[Instance]>,
    pub(crate) name: String,
    pub(crate) random: Rng,
    pub(crate) kills: Kills,
    pub(crate) faults: Faults,
    pub(crate) in_flight: InFlight,
    /// The versions that clients know.
    pub(crate) known: Known,
    /// The orders of the history.
    pub(crate) orders: Arc<[NewOrder]>,
    /// The shop's pricing service.
    pub(crate) pricing: Arc<Pricing>,
    /// True if the instances do not know the first key for quotes.
    pub(crate) is_late: bool,
}

impl Client {
    /// Sends the commands one after another, some of them twice, and some several times at once. Sends queries between them.
    pub(crate) async fn work(mut self, commands: Vec<Command>, mut reader: Reader) -> (Vec<Exchange>, Vec<Inquiry>) {
        let (mut exchanges, mut inquiries) = (Vec::new(), Vec::new());
        for command in commands {
            self.backoff(0..=200).await;
            exchanges.extend(self.send_some(command).await);
            if self.random.u8(0..10) == 0
                && let Some(earlier) = self.random.choice(&exchanges)
            {
                let again = earlier.command.clone();
                exchanges.push(self.send(again).await);
            }
            if self.random.u8(0..8) == 0
                && let Some(again) = self.under_another_key(&exchanges)
            {
                exchanges.push(self.send(again).await);
            }
            if self.random.u8(0..6) == 0
                && let Some(again) = self.quoted_again(&exchanges)
            {
                exchanges.push(self.send(again).await);
            }
            if self.random.u8(0..4) == 0
                && let Some(attempt) = self.overreach(&exchanges)
            {
                exchanges.push(self.send(attempt).await);
            }
            inquiries.extend(reader.maybe_ask().await);
        }
        (exchanges, inquiries)
    }

    /// An earlier command under a new key, as from a sender that lost the old key. Mostly an old correction.
    pub(crate) fn under_another_key(&mut self, exchanges: &[Exchange]) -> Option<Command> {
        let is_correction = |exchange: &&Exchange| exchange.command.path.ends_with("/corrections");
        let corrections: Vec<&Exchange> = exchanges.iter().filter(is_correction).collect();
        let earlier = match self.random.choice(&corrections).copied() {
            Some(correction) if self.random.bool() => correction,
            Some(_) | None => self.random.choice(exchanges)?,
        };
        let key = format!("{}-again-{}", self.name, self.random.u32(..));
        earlier.command.under_another_key(key)
    }

    /// An earlier quote once more.
    pub(crate) fn quoted_again(&mut self, exchanges: &[Exchange]) -> Option<Command> {
        let quotes: Vec<&Exchange> = exchanges.iter().filter(|it| it.command.quote.is_some()).collect();
        let earlier = *self.random.choice(&quotes)?;
        earlier.command.quoted_again(&mut self.random)
    }

    /// A request that must be rejected. Mostly a variation of an earlier command under its own key.
    pub(crate) fn overreach(&mut self, exchanges: &[Exchange]) -> Option<Command> {
        let key = format!("{}-overreach-{}", self.name, self.random.u32(..));
        let (drawn, orders) = (self.random.u8(0..8), self.orders.clone());
        let order = self.random.choice(orders.iter())?;
        let stranger = CUSTOMERS.into_iter().find(|it| *it != order.customer).map(Caller::Customer)?;
        let own = Caller::Customer(order.customer);
        let place = Command::place(order, 5, &self.pricing);
        let cancel = |caller| Command::about(order, caller, &key, "cancellation", json!({ "reason": "not mine" }));
        Some(match drawn {
            0 => place.tampered(&self.pricing).map(|quote| Command { caller: own, ..quote })?,
            1 if place.quote.is_some() => Command { caller: stranger, ..place },
            2 if place.quote.is_some() => place.with_another_body(&self.pricing),
            1 | 2 => cancel(stranger),
            3 => Command::place_at_own_prices(order, key),
            4 => cancel(stranger),
            5 => {
                let items = json!([{ "sku": "B", "quantity": 1 }]);
                let body = json!({ "cancellationId": key, "items": items, "reason": "too dear", "reduction": 1 });
                Command::about(order, own, &key, "item-cancellations", body)
            }
            drawn => {
                let earlier = self.random.choice(exchanges)?.command.clone();
                let key = if earlier.quote.is_some() { earlier.key.clone() } else { key };
                let caller = if drawn == 6 { Caller::Mixed(earlier.owner) } else { lacking(&earlier.path) };
                Command { key, caller, ..earlier }
            }
        })
    }

    /// Sends a command, mostly once, and sometimes 2 to 8 times at once. Some of these have another body.
    async fn send_some(&mut self, command: Command) -> Vec<Exchange> {
        let (drawn, copies) = (self.random.u8(0..20), self.random.usize(2..=8));
        let mut commands = vec![command.clone()];
        if drawn == 0 && self.faults.may(Fault::IdenticalAtOnce) {
            commands.extend(std::iter::repeat_n(command, copies - 1));
        } else if drawn == 1 && self.faults.may(Fault::SameKeyOtherBody) {
            commands.extend((1..copies).map(|_| command.with_another_body(&self.pricing)));
        }
        let sendings = commands.into_iter().map(|command| {
            let mut copy = Self { random: self.random.fork(), ..self.clone() };
            async move { copy.send(command).await }
        });
        join_all(sendings.collect::<Vec<_>>()).await
    }

    /// Sends a command until it is answered.
    pub(crate) async fn send(&mut self, command: Command) -> Exchange {
        let mut exchange = Exchange::unanswered(command, self.is_late);
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                self.backoff(50..=400).await;
            }
            wrong_clock::disturb(&mut self.random, &self.faults);
            while !self.in_flight.may_begin(&exchange.command, &self.faults) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            exchange.asked_at = clock::now();
            exchange.began = self.in_flight.begin(&exchange.command, &self.faults);
            if attempt == 0 {
                exchange.sent = exchange.began;
            }
            exchange.answer = self.attempt(&exchange.command).await;
            exchange.ended = self.in_flight.end(&exchange.command);
            if exchange.answer.is_some() {
                break;
            }
        }
        if let Some(reply) = exchange.accepted() {
            self.known.learn(&exchange.command.order, reply);
        }
        exchange
    }

    /// Sends commands one after another.
    pub(crate) async fn send_all(&mut self, commands: impl IntoIterator<Item = Command>) -> Vec<Exchange> {
        let mut exchanges = Vec::new();
        for command in commands {
            exchanges.push(self.send(command).await);
        }
        exchanges
    }

    /// Runs one invocation. Returns `None` if it was killed, panicked, or asked for a retry: there was an outage, or other writers
    /// won every attempt.
    async fn attempt(&mut self, command: &Command) -> Option<Answer> {
        let request_id = format!("{}-{}", self.name, self.random.u64(..));
        let request = command.request(&request_id).ok()?;
        let instance = self.instances.get(self.random.usize(0..self.instances.len()))?;
        let invocation = instance.handle(request);
        let Ok(response) = self.kills.run(&mut self.random, "the command handler", invocation).await?;
        let status = response.status().as_u16();
        let replayed = response.headers().contains_key("idempotent-replayed");
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        (status != 503).then_some(Answer { status, body, replayed })
    }

    async fn backoff(&mut self, milliseconds: std::ops::RangeInclusive<u64>) {
        tokio::time::sleep(Duration::from_millis(self.random.u64(milliseconds))).await;
    }
}

/// A caller that lacks the scopes for a path.
fn lacking(path: &str) -> Caller {
    match path.rsplit('/').next().unwrap_or_default() {
        "shipments" | "delivery" | "returns" | "orders" => Caller::PaymentProvider,
        "payments" | "corrections" | "refunds" => Caller::Warehouse,
        _ => Caller::Support,
    }
}
