//! Rows with sums, over DynamoDB: the sums equal the totals of the orders, in whatever way commits arrive.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::{EmbeddedDynamoDb, Meter};
use event_store::InMemoryEventStore;
use futures_util::future::join_all;
use order_aggregate::OrderCommit;
use order_domain::Command;
use read_models::{CurrencyTotals, CustomerTotals, DynamoTotals, Engine, SummedRows, Totals};

use crate::customer_totals::{contribution, total};
use crate::story::{TOTALS_TABLE, dynamo, entries, pay, place_in, record_from, ship};

/// The sort key of a customer's sums.
pub(crate) const SUMS: &str = "total#2";

pub(crate) type TotalsEngine = Engine<CustomerTotals, InMemoryEventStore, SummedRows>;

/// Customers' totals, and the orders behind them.
pub(crate) struct Book {
    pub(crate) store: InMemoryEventStore,
    pub(crate) engine: TotalsEngine,
    pub(crate) totals: DynamoTotals,
    pub(crate) meter: Meter,
    pub(crate) server: EmbeddedDynamoDb,
}

impl Book {
    pub(crate) async fn new() -> Self {
        let server = dynamo().await;
        let (client, meter) = server.metered_client();
        let store = InMemoryEventStore::default();
        Self {
            engine: Engine::new(store.clone(), SummedRows::new(client, TOTALS_TABLE)),
            totals: DynamoTotals::new(server.client(), TOTALS_TABLE),
            store,
            meter,
            server,
        }
    }

    /// Records an order without projecting it.
    pub(crate) async fn order(&self, order: &str, currency: &str, commands: &[Command]) -> Vec<OrderCommit> {
        let recorded = record_from(&self.store, order, &place_in("c-1", currency), commands).await;
        recorded.into_iter().map(|(commit, _)| commit).collect()
    }

    pub(crate) async fn project(&self, commits: impl IntoIterator<Item = &OrderCommit>) {
        let outcome = self.engine.project(entries(commits), None).await;
        assert_eq!(outcome.failed, []);
    }

    /// Returns the item of the customer's sums.
    pub(crate) async fn sums(&self) -> HashMap<String, AttributeValue> {
        let get = self.server.client().get_item().table_name(TOTALS_TABLE).consistent_read(true);
        let get = get.key("customerId", AttributeValue::S("c-1".to_owned()));
        get.key("entry", AttributeValue::S(SUMS.to_owned())).send().await.unwrap().item.unwrap()
    }

    /// Removes all pending rows from the sums. All of these rows are stored.
    pub(crate) async fn forget_pending(&self) {
        let mut sums = self.sums().await;
        sums.remove("pending");
        self.server.client().put_item().table_name(TOTALS_TABLE).set_item(Some(sums)).send().await.unwrap();
    }

    pub(crate) async fn of(&self, customer: &str) -> Vec<CurrencyTotals> {
        self.totals.of(customer).await.unwrap()
    }
}

/// Returns the totals of orders that are all in one currency.
pub(crate) fn total_of<'a>(orders: impl IntoIterator<Item = &'a [OrderCommit]>) -> CurrencyTotals {
    let contributions: Vec<_> = orders.into_iter().map(contribution).collect();
    total(&contributions)
}

#[tokio::test]
async fn a_customers_totals_are_what_its_orders_come_to_by_currency() {
    let book = Book::new().await;
    assert_eq!(book.of("c-1").await, []);
    let dollars = book.order("o-1", "USD", &[pay(1, 7)]).await;
    let first = book.order("o-2", "EUR", &[pay(1, 25), ship(1, 1, 1)]).await;
    let second = book.order("o-3", "EUR", &[pay(1, 5)]).await;
    book.project(second.iter().chain(&dollars).chain(&first)).await;
    assert_eq!(book.of("c-1").await, [total_of([&first[..], &second]), total_of([&dollars[..]])]);
    assert_eq!(book.of("c-2").await, []);
}

/// Returns the number of requests of each kind, and the units. Every request has some units.
fn spent(book: &Book) -> ([u64; 3], u64, u64) {
    let spent = book.meter.take();
    let requests = ["BatchGetItem", "Query", "PutItem"].map(|name| spent.requests_of(name));
    assert_eq!(requests.iter().sum::<u64>(), spent.total_requests());
    (requests, spent.read_half_units(), spent.write_half_units())
}

#[tokio::test]
async fn a_placing_and_a_payment_take_two_writes_each_and_a_shipment_nothing() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25), ship(1, 1, 1), pay(2, 5)]).await;
    let cost = async |commit: &OrderCommit| {
        book.project([commit]).await;
        spent(&book)
    };
    // Reads the sums, the row, and the partition, which is empty. Writes the sums and the row.
    assert_eq!(cost(&commits[0]).await, ([2, 1, 2], 6, 4));
    // Reads the row to fold on it, and the sums, whose pending rows include it.
    assert_eq!(cost(&commits[1]).await, ([2, 0, 2], 4, 4));
    assert_eq!(cost(&commits[2]).await, ([0, 0, 0], 0, 0));
    // A repeat reads the row. A repeat of the first commit reads the sums and the row just before the write.
    assert_eq!(cost(&commits[1]).await, ([1, 0, 0], 2, 0));
    assert_eq!(cost(&commits[0]).await, ([2, 0, 0], 4, 0));
    // The fold reads the shipment from the event store, because it cannot know that the shipment does not concern the
    // row.
    assert_eq!(cost(&commits[3]).await, ([2, 0, 2], 4, 4));
}

#[tokio::test]
async fn a_customers_next_orders_read_pending_rows_once_there_are_three() {
    let book = Book::new().await;
    for number in 0..6 {
        let order = book.order(&format!("o-{number}"), "EUR", &[]).await;
        book.project(&order).await;
        let (requests, read, written) = spent(&book);
        let queries = u64::from(number == 0);
        let pending = if number == 3 { 3 } else { 0 };
        assert_eq!((requests, written), ([2, queries, 2], 4), "{number}");
        assert_eq!(read, 4 + 2 * queries + 2 * pending, "{number}");
    }
}

#[tokio::test]
async fn a_batch_is_one_write_of_a_customers_sums_in_every_currency() {
    let book = Book::new().await;
    let mut orders = Vec::new();
    for number in 0..20 {
        let currency = if number % 2 == 0 { "EUR" } else { "USD" };
        orders.push(book.order(&format!("o-{number:02}"), currency, &[pay(1, 25), ship(1, 1, 1)]).await);
    }
    book.project(orders.iter().flatten()).await;
    assert_eq!(spent(&book).0, [2, 1, 21]);
    let of = |rest: usize| total_of(orders.iter().skip(rest).step_by(2).map(Vec::as_slice));
    assert_eq!(book.of("c-1").await, [of(0), of(1)]);
    // The next batch finds more pending rows than the sums may keep, and drops them.
    let next = book.order("o-20", "EUR", &[]).await;
    book.project(&next).await;
    assert_eq!(spent(&book).0, [2, 0, 2]);
    let stored = book.sums().await;
    assert_eq!(stored["pending"].as_m().unwrap().keys().collect::<Vec<_>>(), ["order#o-20"]);
}

#[tokio::test]
async fn sums_of_a_large_batch_are_put_once_more_without_its_rows() {
    let book = Book::new().await;
    let mut orders = Vec::new();
    for number in 0..40 {
        orders.push(book.order(&format!("o-{number:02}"), "EUR", &[pay(1, 25)]).await);
    }
    book.project(orders.iter().flatten()).await;
    assert_eq!(spent(&book).0, [2, 1, 42]);
    assert!(!book.sums().await.contains_key("pending"));
    assert_eq!(book.of("c-1").await, [total_of(orders.iter().map(Vec::as_slice))]);
}

#[tokio::test]
async fn customers_of_a_batch_share_their_reads() {
    let book = Book::new().await;
    let mut commits = Vec::new();
    for number in 0..100 {
        let placed = place_in(&format!("c-{number:03}"), "EUR");
        commits.extend(record_from(&book.store, &format!("o-{number}"), &placed, &[]).await.into_iter().map(|it| it.0));
    }
    book.project(&commits).await;
    assert_eq!(spent(&book).0, [2, 100, 200]);
}

#[tokio::test]
async fn engines_that_race_for_one_customer_add_every_order_once() {
    let book = Book::new().await;
    let mut orders = Vec::new();
    for number in 0..30 {
        orders.push(book.order(&format!("o-{number:02}"), "EUR", &[pay(1, 20), pay(2, 5)]).await);
    }
    let engines: Vec<TotalsEngine> =
        (0..3).map(|_| Engine::new(book.store.clone(), SummedRows::new(book.server.client(), TOTALS_TABLE))).collect();
    for version in 0..3 {
        let batches = engines.iter().map(|engine| {
            let commits = orders.iter().map(move |commits| &commits[version]);
            engine.project(entries(commits), None)
        });
        for outcome in join_all(batches).await {
            assert_eq!(outcome.failed, []);
        }
        let so_far = orders.iter().map(|commits| &commits[..=version]);
        assert_eq!(book.of("c-1").await, [total_of(so_far)]);
    }
}
