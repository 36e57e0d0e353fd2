//! Rows with sums, over DynamoDB: whatever arrives in whatever way, the sums are what the orders come to.

use embedded_dynamodb::{EmbeddedDynamoDb, Meter};
use event_store::InMemoryEventStore;
use futures_util::future::join_all;
use order_domain::Command;
use order_store::OrderCommit;
use read_model::{CurrencyTotals, CustomerTotals, DynamoTotals, Engine, SummedRows, Totals};

use crate::customer_totals::{contribution, total};
use crate::story::{TOTALS_TABLE, dynamo, entries, pay, place_in, ship, tell_from};

pub(crate) type TotalsEngine = Engine<CustomerTotals, InMemoryEventStore, SummedRows>;

/// Customers' totals, and the orders they come from.
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

    /// Records an order, and projects nothing.
    pub(crate) async fn order(&self, order: &str, currency: &str, commands: &[Command]) -> Vec<OrderCommit> {
        let told = tell_from(&self.store, order, &place_in("c-1", currency), commands).await;
        told.into_iter().map(|(commit, _)| commit).collect()
    }

    pub(crate) async fn project(&self, commits: impl IntoIterator<Item = &OrderCommit>) {
        let outcome = self.engine.project(entries(commits), None).await;
        assert_eq!(outcome.failed, []);
    }

    pub(crate) async fn of(&self, customer: &str) -> Vec<CurrencyTotals> {
        self.totals.of(customer).await.unwrap()
    }
}

/// What orders come to that are all in one currency.
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

#[tokio::test]
async fn a_placing_and_a_payment_are_a_transaction_and_a_shipment_is_a_plain_write() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25), ship(1, 1, 1)]).await;
    let spent = async |commit: &OrderCommit| {
        book.project([commit]).await;
        let spent = book.meter.take();
        let requests = ["BatchGetItem", "Query", "TransactWriteItems", "PutItem"].map(|name| spent.requests_of(name));
        assert_eq!(requests.iter().sum::<u64>(), spent.total_requests());
        (requests, spent.read_half_units(), spent.write_half_units())
    };
    // Of the row and its sum, neither of which is there yet, to write both; two units each. And a look for other rows, of
    // which there are none.
    assert_eq!(spent(&commits[0]).await, ([1, 1, 1, 0], 6, 8));
    // Of the row to fold on it, then of both again to write them.
    assert_eq!(spent(&commits[1]).await, ([2, 0, 1, 0], 6, 8));
    assert_eq!(spent(&commits[2]).await, ([2, 0, 0, 1], 6, 2));
    // A repeat needs no more than a look at the row. One of the first commit looks when it is about to write.
    assert_eq!(spent(&commits[2]).await, ([1, 0, 0, 0], 2, 0));
    assert_eq!(spent(&commits[0]).await, ([1, 0, 0, 0], 4, 0));
    // The next order of the customer finds its sum; one in another currency has to look for rows again.
    let second = book.order("o-2", "EUR", &[]).await;
    assert_eq!(spent(&second[0]).await, ([1, 0, 1, 0], 4, 8));
    let dollars = book.order("o-3", "USD", &[]).await;
    assert_eq!(spent(&dollars[0]).await, ([1, 1, 1, 0], 6, 8));
}

#[tokio::test]
async fn a_batch_costs_two_requests_an_order_and_its_orders_do_not_fight_over_their_sum() {
    let book = Book::new().await;
    let mut orders = Vec::new();
    for number in 0..40 {
        orders.push(book.order(&format!("o-{number:02}"), "EUR", &[pay(1, 25), ship(1, 1, 1)]).await);
    }
    book.project(orders.iter().flatten()).await;
    let spent = book.meter.take();
    assert_eq!((spent.requests_of("BatchGetItem"), spent.requests_of("TransactWriteItems")), (40, 40));
    assert_eq!((spent.requests_of("Query"), spent.total_requests()), (1, 81), "the first begins the sum");
    assert_eq!(book.of("c-1").await, [total_of(orders.iter().map(Vec::as_slice))]);
}

#[tokio::test]
async fn engines_that_race_for_one_customer_add_every_order_once() {
    let book = Book::new().await;
    let mut orders = Vec::new();
    for number in 0..30 {
        orders.push(book.order(&format!("o-{number:02}"), "EUR", &[pay(1, 20), pay(2, 5)]).await);
    }
    // Each with turns of its own, as in processes of their own.
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
