//! Tables that cannot be read.

use std::future::pending;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use event_store::{
    Appended, Commit, CommitPage, EventStore, InMemoryEventStore, Loaded, NewCommit, StoreError, TableError, UpTo,
};
use http_api::AuthMode;
use order_aggregate::Orders;
use order_domain::Event;
use parked_orders::ParkedOrderTable;
use query_handler::{QueryHandler, Readers};
use read_models::{DynamoTotals, RowError};
use test_support::failing_store::FailingStore;
use test_support::gateway::Reply;

use crate::given::{Ledger, ask, get_order, get_totals, list_events, list_orders, parked, readers};
use crate::rows::{BrokenRows, Rows};

#[tokio::test]
async fn an_outage_is_a_503_that_says_when_to_retry() {
    let ledger = Ledger::empty().await;
    let no_events = ledger.handler_on(
        FailingStore(|| TableError::unavailable("Query", "secret").into()),
        Rows::default(),
        AuthMode::None,
    );
    let no_rows = ledger.handler_on(
        InMemoryEventStore::default(),
        BrokenRows(|| TableError::unavailable("Query", "secret").into()),
        AuthMode::None,
    );
    let replies = [
        ask(&no_events, &get_order("o-1")).await,
        ask(&no_events, &get_order("o-1").query("version=1")).await,
        ask(&no_events, &list_events("o-1")).await,
        ask(&no_rows, &get_order("o-1")).await,
        ask(&no_rows, &list_orders("customer-1001")).await,
    ];
    for reply in replies {
        assert_eq!(reply.problem(), (503, "unavailable".to_owned()));
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert!(!reply.body.contains("secret"), "{}", reply.body);
    }
}

/// A store whose reads never end.
#[derive(Clone)]
struct Silent;

impl EventStore<Orders> for Silent {
    async fn append(&self, _: &NewCommit<Orders>) -> Result<Appended<Event>, StoreError> {
        pending().await
    }

    async fn load(&self, _: &str, _: UpTo) -> Result<Loaded<Orders>, StoreError> {
        pending().await
    }

    async fn commits(&self, _: &str, _: u64, _: Option<usize>) -> Result<Vec<Commit<Event>>, StoreError> {
        pending().await
    }

    async fn page(&self, _: &str, _: u64, _: usize) -> Result<CommitPage<Event>, StoreError> {
        pending().await
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_in_time_is_an_outage_too() {
    let handler = Ledger::empty().await.handler_on(Silent, Rows::default(), AuthMode::None);
    for call in [get_order("o-1"), get_order("o-1").query("version=1"), list_events("o-1")] {
        let Ok(response) = handler.handle(call.overdue_request()).await;
        let reply = Reply::of(response);
        assert_eq!(reply.problem(), (503, "unavailable".to_owned()));
        assert_eq!(reply.header("retry-after"), Some("1"));
    }
}

#[tokio::test]
async fn an_internal_error_is_a_500_without_details() {
    let events = FailingStore(|| TableError::refused("Query", "secret").into());
    let rows = BrokenRows(|| TableError::refused("Query", "secret").into());
    let handler = Ledger::empty().await.handler_on(events, rows, AuthMode::None);
    for call in [get_order("o-1"), list_events("o-1"), list_orders("customer-1001")] {
        let reply = ask(&handler, &call).await;
        assert_eq!(reply.problem(), (500, "internal_error".to_owned()));
        assert!(!reply.body.contains("secret"), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_counts_as_missing() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let rows = BrokenRows(|| RowError::Unreadable {
        partition: "customer-1001".into(),
        sort: "2026".into(),
        source: Arc::new(std::io::Error::other("of a newer release")),
    });
    let handler = ledger.handler_on(ledger.events.clone(), rows, AuthMode::None);
    let reply = ask(&handler, &get_order(&order_id)).await;
    assert_eq!((reply.status, &reply.json()["version"]), (200, &5.into()));
}

/// Creates a client whose DynamoDB does not answer.
fn unreachable(ledger: &Ledger) -> Client {
    let closed = ledger.database.config().endpoint_url("http://127.0.0.1:1").retry_config(RetryConfig::disabled());
    Client::from_conf(closed.build())
}

#[tokio::test]
async fn unreadable_totals_are_a_503_or_a_500_and_never_empty() {
    let ledger = Ledger::empty().await;
    let unreachable = DynamoTotals::new(unreachable(&ledger), "CustomerTotals");
    let missing = DynamoTotals::new(ledger.database.client(), "NoSuchTable");
    for (totals, problem) in [(unreachable, (503, "unavailable")), (missing, (500, "internal_error"))] {
        let parked = parked(&ledger.database);
        let rows =
            Readers { totals: Some(Arc::new(totals)), ..readers(&ledger.database.client(), ledger.rows.clone()) };
        let handler = QueryHandler::new(ledger.events.clone(), rows, parked, AuthMode::None);
        let reply = ask(&handler, &get_totals("customer-1001")).await;
        assert_eq!(reply.problem(), (problem.0, problem.1.to_owned()));
        assert!(!reply.body.contains("CustomerTotals"), "{}", reply.body);
    }
}

#[tokio::test]
async fn queries_of_rows_fail_if_parked_orders_cannot_be_read() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 3).await;
    let unreachable = ParkedOrderTable::new(unreachable(&ledger), "ParkedOrders");
    let missing = ParkedOrderTable::new(ledger.database.client(), "NoSuchTable");
    for (parked, problem) in [(unreachable, (503, "unavailable")), (missing, (500, "internal_error"))] {
        let rows = readers(&ledger.database.client(), ledger.rows.clone());
        let handler = QueryHandler::new(ledger.events.clone(), rows, parked, AuthMode::None);
        for call in [get_order(&order_id), list_orders("customer-1001"), get_totals("customer-1001")] {
            let reply = ask(&handler, &call).await;
            assert_eq!(reply.problem(), (problem.0, problem.1.to_owned()));
        }
        // Replies from events are never stale.
        for call in [get_order(&order_id).query("minVersion=4"), get_order(&order_id).query("version=3")] {
            assert_eq!(ask(&handler, &call).await.status, 200);
        }
    }
}
