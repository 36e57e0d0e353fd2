//! The reads for queries, over DynamoDB.

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::{EmbeddedDynamoDb, Meter};
use event_store::{InMemoryEventStore, TableError};
use order_domain::Command;
use order_domain::status::OrderStatus;
use read_models::{
    DynamoRows, DynamoSummaries, Engine, ListFilter, OrderSummaries, OrderSummaryByCustomer, OrderSummaryRow, RowError,
    RowPage,
};

use crate::story::{SUMMARY_TABLE, cancel, dynamo, entries, pay, record, row_of};

/// A customer's stored list.
struct Shelf {
    store: InMemoryEventStore,
    engine: Engine<OrderSummaryByCustomer, InMemoryEventStore, DynamoRows>,
    summaries: DynamoSummaries,
    meter: Meter,
    server: EmbeddedDynamoDb,
}

impl Shelf {
    async fn new() -> Self {
        let server = dynamo().await;
        let (client, meter) = server.metered_client();
        let store = InMemoryEventStore::default();
        Self {
            engine: Engine::new(store.clone(), DynamoRows::new(server.client(), SUMMARY_TABLE)),
            summaries: DynamoSummaries::new(client, SUMMARY_TABLE),
            store,
            meter,
            server,
        }
    }

    async fn put(&self, order: &str, customer: &str, commands: &[Command]) {
        let recorded = record(&self.store, order, customer, commands).await;
        let outcome = self.engine.project(entries(recorded.iter().map(|(commit, _)| commit)), None).await;
        assert_eq!(outcome.failed, []);
    }

    /// Adds `count` orders of a customer and cancels every `nth`.
    async fn fill(&self, customer: &str, count: usize, nth: usize) {
        for number in 0..count {
            let commands = if number % nth == 0 { vec![cancel()] } else { vec![pay(1, 25)] };
            self.put(&format!("{customer}-{number:03}"), customer, &commands).await;
        }
    }

    /// Removes the total from an order's row, as a newer release might.
    async fn damage(&self, order: &str) {
        let row = self.summaries.find(order).await.unwrap().unwrap();
        self.server
            .client()
            .update_item()
            .table_name(SUMMARY_TABLE)
            .key("customerId", AttributeValue::S(row.customer_id.clone()))
            .key("placedAtOrderId", AttributeValue::S(row.sort_key()))
            .update_expression("REMOVE #total")
            .expression_attribute_names("#total", "total")
            .send()
            .await
            .unwrap();
        let _ = self.meter.take();
    }

    /// Returns all pages of a list.
    async fn pages(&self, customer: &str, status: Option<OrderStatus>, limit: usize) -> Vec<Vec<String>> {
        let (mut pages, mut after, filter) =
            (Vec::new(), None::<String>, ListFilter { status, ..ListFilter::default() });
        loop {
            let page = self.summaries.list(customer, &filter, limit, after.as_deref()).await.unwrap();
            pages.push(page.rows.into_iter().map(|row| row.unwrap().order_id).collect());
            after = page.next;
            if after.is_none() {
                return pages;
            }
        }
    }
}

fn numbered(customer: &str, numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers.map(|number| format!("{customer}-{number:03}")).collect()
}

#[tokio::test]
async fn an_order_is_found_by_its_id_as_it_was_folded() {
    let shelf = Shelf::new().await;
    shelf.put("o-1", "c-1", &[pay(1, 25)]).await;
    let recorded = record(&InMemoryEventStore::default(), "o-1", "c-1", &[pay(1, 25)]).await;
    let commits: Vec<_> = recorded.into_iter().map(|(commit, _)| commit).collect();
    assert_eq!(shelf.summaries.find("o-1").await.unwrap(), Some(row_of(&commits)));
    let spent = shelf.meter.take();
    assert_eq!((spent.requests_of("Query"), spent.requests_of("GetItem"), spent.total_requests()), (1, 1, 2));
}

#[tokio::test]
async fn an_order_without_a_row_is_not_found() {
    assert_eq!(Shelf::new().await.summaries.find("o-1").await.unwrap(), None);
}

#[tokio::test]
async fn a_list_is_the_customers_own_newest_first() {
    let shelf = Shelf::new().await;
    shelf.fill("c-1", 5, 2).await;
    shelf.fill("c-2", 2, 2).await;
    assert_eq!(shelf.pages("c-1", None, 20).await, [numbered("c-1", (0..5).rev())]);
    assert_eq!(shelf.pages("c-none", None, 20).await, [Vec::<String>::new()]);
}

#[tokio::test]
async fn pages_hold_every_order_once_and_read_no_more_than_they_hold() {
    let shelf = Shelf::new().await;
    shelf.fill("c-1", 10, 2).await;
    let pages = shelf.pages("c-1", None, 4).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
    assert_eq!(pages.concat(), numbered("c-1", (0..10).rev()));
    // The request reads four rows first, and then one more to find out that another page follows.
    assert_eq!(shelf.meter.take().total_requests(), 2 + 2 + 1);
}

#[tokio::test]
async fn a_filtered_page_is_filled_as_long_as_there_are_matches() {
    let shelf = Shelf::new().await;
    shelf.fill("c-1", 40, 7).await;
    for (status, wanted) in [(OrderStatus::Cancelled, true), (OrderStatus::Paid, false)] {
        let matching = numbered("c-1", (0..40).rev().filter(|number| (number % 7 == 0) == wanted));
        for limit in [1, 2, 3, 5, 6, 100] {
            let pages = shelf.pages("c-1", Some(status), limit).await;
            assert_eq!(pages.concat(), matching, "{status:?}, limit {limit}");
            let mut full = pages.iter().rev().skip(1);
            assert!(full.all(|page| page.len() == limit), "{status:?}, limit {limit}: {pages:?}");
        }
    }
    assert_eq!(shelf.pages("c-1", Some(OrderStatus::Shipped), 20).await.concat(), Vec::<String>::new());
}

/// Returns the orders of a page, with a mark for each unreadable row.
fn order_ids(page: &RowPage<OrderSummaryRow>) -> Vec<String> {
    let rows = page.rows.iter().map(|row| match row {
        Ok(row) => row.order_id.clone(),
        Err(unreadable) => format!("unreadable: {}", unreadable.order_id().unwrap()),
    });
    rows.collect()
}

#[tokio::test]
async fn a_row_that_cannot_be_read_keeps_its_place_and_costs_no_other() {
    let shelf = Shelf::new().await;
    shelf.fill("c-1", 5, 2).await;
    shelf.damage("c-1-002").await;
    // The second list finds more rows than it needs, and ends exactly at that row.
    for (status, limit, pages) in [
        (None, 3, [vec!["c-1-004", "c-1-003", "unreadable: c-1-002"], vec!["c-1-001", "c-1-000"]]),
        (Some(OrderStatus::Cancelled), 2, [vec!["c-1-004", "unreadable: c-1-002"], vec!["c-1-000"]]),
    ] {
        let filter = ListFilter { status, ..ListFilter::default() };
        let first = shelf.summaries.list("c-1", &filter, limit, None).await.unwrap();
        let second = shelf.summaries.list("c-1", &filter, limit, first.next.as_deref()).await.unwrap();
        assert_eq!([order_ids(&first), order_ids(&second)], pages);
    }
}

#[tokio::test]
async fn a_missing_table_is_a_refusal_and_not_an_outage() {
    let server = dynamo().await;
    let summaries = DynamoSummaries::new(server.client(), "NoSuchTable");
    assert!(matches!(
        summaries.find("o-1").await,
        Err(RowError::Table(TableError::Refused { operation: "Query", .. }))
    ));
    let listed = summaries.list("c-1", &ListFilter::default(), 20, None).await;
    assert!(matches!(listed, Err(RowError::Table(TableError::Refused { operation: "Query", .. }))));
}
