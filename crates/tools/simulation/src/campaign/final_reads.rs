//! Queries and reads after the traffic, when only the harness is active.

use std::collections::{BTreeMap, BTreeSet};

use event_store::{DynamoEventStore, EventStore};
use fastrand::Rng;
use order_aggregate::{OrderCommit, Orders};
use read_models::{CurrencyTotals, DynamoOpenOrders, DynamoTotals, ListFilter, OpenOrderRow, OpenOrders, Totals};

use crate::campaign::consumers::Consumers;
use crate::campaign::harness::Harness;
use crate::check::history::ReplacedSnapshot;
use crate::faults::lagging_rows::while_rows_lag;
use crate::workload::query::{At, Inquiry, Query};
use crate::workload::reader::Reader;
use crate::world::names::{CUSTOMERS, EVENTS, OPEN_ORDERS, SUMMARY_CONSUMER, TOTALS};
use crate::world::unexpected_errors::Work;
use crate::world::wire::{self, position};

impl Harness<'_> {
    /// Queries every order with its trail, and the list and totals of every customer.
    pub(super) async fn inquiries(&self, reader: &mut Reader) -> Vec<Inquiry> {
        let limit = reader.entries(4);
        let of_orders = self.orders.iter().flat_map(|order| {
            let order = || order.id.clone();
            [Query::Order { order: order(), at: At::Now }, Query::Events { order: order(), limit }]
        });
        let of_customers = CUSTOMERS
            .into_iter()
            .flat_map(|customer| [Query::List { customer, status: None, limit: 2 }, Query::Totals { customer }]);
        let mut inquiries = Vec::new();
        for query in of_orders.chain(of_customers) {
            inquiries.push(reader.ask(query).await);
        }
        inquiries
    }

    /// Queries every version of every order, by number and by time.
    pub(super) async fn time_travel(&self, reader: &mut Reader) -> Vec<Inquiry> {
        let mut inquiries = Vec::new();
        for (order, commits) in self.recorded().await {
            for commit in commits {
                for at in [At::Version(commit.version), At::Time(commit.recorded_at)] {
                    inquiries.push(reader.ask(Query::Order { order: order.clone(), at }).await);
                }
            }
        }
        inquiries
    }

    /// The versions of the row and of the newest commit of each order in the stream.
    pub(super) fn drained(&self, consumers: &Consumers) -> BTreeMap<String, (u64, u64)> {
        let rows = self.journal.rows();
        let row = |order: &str| rows.get(&(SUMMARY_CONSUMER, order.to_owned())).copied().unwrap_or(0);
        consumers.newest().into_iter().map(|(order, newest)| (order.clone(), (row(&order), newest))).collect()
    }

    /// Verifies while rows lag, if the shape says so. Returns the rows that are reported as lost or wrong.
    pub(super) async fn verify_lagging(&self, random: Rng) -> Option<Vec<String>> {
        if !self.shape.is_verified {
            return None;
        }
        while_rows_lag(self.release, self.calm(), &self.hold, random, &self.faults, &self.errors).await
    }

    /// Replaces a snapshot, verifies, and restores it. Returns its commit with those that the verification reported.
    pub(super) async fn replace_snapshot(&self, mut random: Rng) -> Option<ReplacedSnapshot> {
        let database = self.dynamo.database();
        let replaced =
            self.shape.is_verified.then(|| self.tampering.replace_snapshot(database, &mut random)).flatten()?;
        let found = self.release.wrong_snapshots(self.calm()).await;
        let at = replaced.put_back(database);
        let found = self.errors.ok(Work::Read, "of every kind", found).unwrap_or_default();
        Some(ReplacedSnapshot { at, found })
    }

    /// The totals of each customer.
    pub(super) async fn totals(&self) -> BTreeMap<&'static str, Vec<CurrencyTotals>> {
        let (store, mut totals) = (DynamoTotals::new(self.calm(), TOTALS), BTreeMap::new());
        for customer in CUSTOMERS {
            let of_customer = store.of(customer).await;
            let of_customer = self.errors.ok(Work::Read, "of every kind", of_customer);
            totals.insert(customer, of_customer.unwrap_or_default());
        }
        totals
    }

    /// Every page of the list of open orders.
    pub(super) async fn open_orders(&self) -> Vec<OpenOrderRow> {
        let list = DynamoOpenOrders::new(self.calm(), OPEN_ORDERS);
        let (mut orders, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = list.list(&ListFilter::default(), 5, after.as_deref()).await;
            let Some(page) = self.errors.ok(Work::Read, "of every kind", page) else { return orders };
            orders.extend(page.rows.into_iter().flatten());
            after = page.next;
            if after.is_none() {
                return orders;
            }
        }
    }

    /// Reads every stored commit: first of the orders of the plan, then of the others.
    pub(super) async fn recorded(&self) -> Vec<(String, Vec<OrderCommit>)> {
        let store = DynamoEventStore::new(self.calm(), EVENTS);
        let mut recorded = Vec::new();
        let mut orders: Vec<String> = self.orders.iter().map(|order| order.id.clone()).collect();
        let mut stored: BTreeSet<String> =
            wire::items(self.dynamo.database(), EVENTS).iter().filter_map(position).map(|(order, _)| order).collect();
        stored.retain(|order| !orders.contains(order));
        orders.extend(stored);
        for order in orders {
            let commits = EventStore::<Orders>::commits(&store, &order, 0, None).await;
            let commits = self.errors.ok(Work::Read, &order, commits).unwrap_or_default();
            recorded.push((order, commits));
        }
        recorded
    }
}
