//! A client that sends queries, and knows the versions in earlier replies.

use std::sync::Arc;

use event_store::Timestamp;
use fastrand::Rng;
use order_domain::status::OrderStatus;

use crate::faults::kill::Kills;
use crate::faults::network::Network;
use crate::workload::caller::Caller;
use crate::workload::known::Known;
use crate::workload::new_order::NewOrder;
use crate::workload::query::{At, Inquiry, Page, Query};
use crate::world::function::Instance;
use crate::world::journal::Journal;
use crate::world::names::CUSTOMERS;

/// A client that sends queries, on its own network.
pub(crate) struct Reader {
    pub(crate) function: Instance,
    pub(crate) network: Network,
    pub(crate) orders: Arc<[NewOrder]>,
    pub(crate) known: Known,
    pub(crate) random: Rng,
    pub(crate) kills: Kills,
    pub(crate) journal: Journal,
    /// True if an order has too many events for small pages.
    pub(crate) has_long_trail: bool,
}

impl Reader {
    /// The page size of a trail: `few`, unless a trail is long.
    pub(crate) fn entries(&self, few: u32) -> u32 {
        if self.has_long_trail { 100 } else { few }
    }

    /// Sends a query every other time.
    pub(crate) async fn maybe_ask(&mut self) -> Option<Inquiry> {
        if self.random.bool() {
            return None;
        }
        let query = self.draw()?;
        Some(self.ask(query).await)
    }

    fn draw(&mut self) -> Option<Query> {
        let random = &mut self.random;
        let order = random.choice(self.orders.iter())?.id.clone();
        let customer = random.choice(CUSTOMERS)?;
        let known: Vec<(u64, Timestamp)> = self.known.of(&order).into_iter().collect();
        let newest = known.last().map_or(0, |(version, _)| *version);
        let limit = random.u32(1..=3);
        let at = match (random.u8(0..12), random.choice(&known)) {
            (0..=3, Some(_)) => At::Least(newest),
            (4, Some((version, _))) => At::Least(*version),
            (5, _) => At::Version(random.u64(1..=newest + 2)),
            (6, Some((_, recorded_at))) => {
                let before = Timestamp::from_epoch_ms(recorded_at.epoch_ms() - 1).unwrap_or(*recorded_at);
                At::Time(if random.bool() { before } else { *recorded_at })
            }
            (7, _) => return Some(Query::Events { order, limit: self.entries(limit) }),
            (8 | 9, _) => {
                let status = random.choice(OrderStatus::ALL).filter(|_| random.bool()).map(|status| status.as_str());
                return Some(Query::List { customer, status, limit });
            }
            (10, _) => return Some(Query::Totals { customer }),
            (_, _) => At::Now,
        };
        Some(Query::Order { order, at })
    }

    /// Requests page after page, until the last one or a failure.
    pub(crate) async fn ask(&mut self, query: Query) -> Inquiry {
        let known = query.order().and_then(|order| self.known.of(order).into_keys().last()).unwrap_or(0);
        let caller = self.asker(&query);
        let mut inquiry = Inquiry { query, caller, known, pages: Vec::new() };
        let mut cursor: Option<String> = None;
        while let Some(page) = self.page(&inquiry.query, caller, cursor.as_deref()).await {
            cursor = page.body["nextCursor"].as_str().map(str::to_owned);
            inquiry.pages.push(page);
            if cursor.is_none() {
                break;
            }
        }
        inquiry
    }

    /// Draws the caller of a query. Mostly the customer of its orders, or the support desk.
    fn asker(&mut self, query: &Query) -> Caller {
        let customer = match query {
            Query::List { customer, .. } | Query::Totals { customer } => Some(*customer),
            Query::Order { order, .. } | Query::Events { order, .. } => {
                self.orders.iter().find(|it| it.id == *order).map(|order| order.customer)
            }
        };
        match (self.random.u8(0..8), customer) {
            (0, _) => Caller::Admin,
            (1, _) => Caller::SignedService,
            (2..=4, Some(customer)) => Caller::Customer(customer),
            (_, _) => Caller::Support,
        }
    }

    /// Runs one invocation. Returns `None` if it was killed or panicked.
    async fn page(&mut self, query: &Query, caller: Caller, cursor: Option<&str>) -> Option<Page> {
        let request_id = format!("query-{}", self.random.u64(..));
        let request = query.request(cursor, caller, &request_id).ok()?;
        let (began, struck_before) = (self.journal.moment(), self.network.strikes());
        let invocation = self.function.handle(request);
        let Ok(response) = self.kills.run(&mut self.random, "the query handler", invocation).await?;
        Some(Page {
            began,
            ended: self.journal.moment(),
            strikes: self.network.strikes() - struck_before,
            status: response.status().as_u16(),
            body: serde_json::from_slice(response.body()).unwrap_or_default(),
        })
    }
}
