//! Writes that are rejected or lost, and two releases at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use embedded_dynamodb::{Database, protocol};
use event_store::{RecordedEvent, TableError};
use read_models::projection::{CommitOf, EventOf};
use read_models::{
    Contribution, Counters, CurrencyTotals, CustomerTotals, DynamoRows, Engine, FoldError, KeyAttributes, NewRow,
    Projection, Reason, RowError, RowKey, RowStore, SumError, Summed, SummedRows, Write,
};
use serde_json::{Value, json};

use crate::customer_totals::contribution;
use crate::story::{self, TOTALS_TABLE, entries, pay, ship};
use crate::summed_rows::{Book, total_of};

/// The result of a write on the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    Arrives,
    /// Nothing is written, and the response has this error.
    Refused(&'static str),
    /// The item is written, and the response says that the server failed.
    AnswerLost,
    /// Nothing is written, and the server fails.
    Lost,
}

/// A connection to the database that applies these fates to successive writes. The last fate also applies to all later
/// writes.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    database: Arc<OpaqueDatabase>,
    pub(crate) fates: Arc<Mutex<VecDeque<Fate>>>,
    writes: Arc<Mutex<usize>>,
    /// An item that another writer puts before the next query is answered.
    pub(crate) meanwhile: Arc<Mutex<Option<Value>>>,
    /// The items that another writer puts between the read of the sums and that of the rows.
    between: Arc<Mutex<Vec<Value>>>,
    reads: Arc<Mutex<usize>>,
}

struct OpaqueDatabase(Database);

impl std::fmt::Debug for OpaqueDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database")
    }
}

impl Line {
    fn answer(&self, operation: &str, body: &[u8]) -> (u16, String) {
        let database = &self.database.0;
        match operation {
            "BatchGetItem" => {
                *self.reads.lock().unwrap() += 1;
                if *self.reads.lock().unwrap() == 2 {
                    for put in self.between.lock().unwrap().drain(..) {
                        database.put_item(serde_json::from_value(put).unwrap()).unwrap();
                    }
                }
                return protocol::answer(database, operation, body);
            }
            "Query" => {
                if let Some(put) = self.meanwhile.lock().unwrap().take() {
                    database.put_item(serde_json::from_value(put).unwrap()).unwrap();
                }
                return protocol::answer(database, operation, body);
            }
            _ => *self.writes.lock().unwrap() += 1,
        }
        let fate = {
            let mut fates = self.fates.lock().unwrap();
            if fates.len() > 1 { fates.pop_front() } else { fates.front().copied() }.unwrap()
        };
        assert_eq!(operation, "PutItem", "no other write of a row");
        let arrives = || protocol::answer(database, operation, body);
        match fate {
            Fate::Arrives => arrives(),
            Fate::Refused(name) => {
                let kind = format!("com.amazonaws.dynamodb.v20120810#{name}");
                (400, json!({ "__type": kind, "message": name }).to_string())
            }
            Fate::Lost => (500, json!({ "__type": "InternalServerError", "message": "lost" }).to_string()),
            Fate::AnswerLost => {
                assert_eq!(arrives().0, 200);
                (500, json!({ "__type": "InternalServerError", "message": "lost" }).to_string())
            }
        }
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let (status, body) = self.answer(target.rsplit_once('.').unwrap().1, request.body().bytes().unwrap());
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl HttpClient for Line {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Returns rows on such a connection, whose client makes so many attempts, and the connection.
pub(crate) fn rows(book: &Book, attempts: u32, fates: &[Fate]) -> (SummedRows, Line) {
    let line = Line {
        database: Arc::new(OpaqueDatabase(book.server.database().clone())),
        fates: Arc::new(Mutex::new(fates.iter().copied().collect())),
        writes: Arc::default(),
        meanwhile: Arc::default(),
        between: Arc::default(),
        reads: Arc::default(),
    };
    let config = book.server.config().http_client(line.clone());
    let config = config.retry_config(RetryConfig::standard().with_max_attempts(attempts));
    (SummedRows::new(Client::from_conf(config.build()), TOTALS_TABLE), line)
}

pub(crate) async fn write(rows: &SummedRows, commits: &[order_aggregate::OrderCommit]) -> Result<Write, RowError> {
    let key = CustomerTotals::key(&commits[0]).unwrap();
    let version = commits.last().unwrap().version;
    story::write::<CustomerTotals>(rows, &key, version, &contribution(commits)).await
}

async fn contribution_is_stored(book: &Book, version: u64) -> bool {
    let get = book.server.client().get_item().table_name(TOTALS_TABLE).consistent_read(true);
    let get = get.key("customerId", AttributeValue::S("c-1".to_owned()));
    let get = get.key("entry", AttributeValue::S("order#o-1".to_owned()));
    let row = get.send().await.unwrap().item;
    row.is_some_and(|row| row["version"] == AttributeValue::N(version.to_string()))
}

#[tokio::test]
async fn sums_that_others_change_meanwhile_are_read_again() {
    let book = Book::new().await;
    let refusals = ["ConditionalCheckFailedException", "TransactionConflictException"];
    let fates: Vec<_> = refusals.map(Fate::Refused).into_iter().chain([Fate::Arrives]).collect();
    let commits = book.order("o-1", "EUR", &[pay(1, 25)]).await;
    let (rows, line) = rows(&book, 1, &fates);
    assert_eq!(write(&rows, &commits).await.unwrap(), Write::Written);
    assert_eq!(*line.writes.lock().unwrap(), 4);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn sums_that_others_keep_changing_are_an_outage_after_twelve_writes() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[]).await;
    let (rows, line) = rows(&book, 1, &[Fate::Refused("ConditionalCheckFailedException")]);
    tokio::time::pause();
    let key = CustomerTotals::key(&commits[0]).unwrap();
    let row = NewRow { key, version: 1, position: 1, row: contribution(&commits) };
    let deadline = Instant::now() + Duration::from_secs(3_600);
    let written = RowStore::<CustomerTotals>::write(&rows, &[row], Some(deadline)).await;
    assert!(matches!(written[..], [Err(RowError::Table(TableError::Unavailable { .. }))]));
    assert_eq!(*line.writes.lock().unwrap(), 12);
}

#[tokio::test]
async fn an_operation_without_a_deadline_outlasts_fifty_other_writers() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[]).await;
    let lost = [Fate::Refused("ConditionalCheckFailedException"); 50];
    let fates: Vec<_> = lost.into_iter().chain([Fate::Arrives]).collect();
    let (rows, _) = rows(&book, 1, &fates);
    tokio::time::pause();
    assert_eq!(write(&rows, &commits).await.unwrap(), Write::Written);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn sums_that_others_change_between_the_two_reads_are_read_again() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25), pay(2, 10)]).await;
    let items = || book.server.database().scan(serde_json::from_value(json!({ "TableName": TOTALS_TABLE })).unwrap());
    let puts = || -> Vec<Value> {
        let items = items().unwrap().items.unwrap();
        items.iter().map(|item| json!({ "TableName": TOTALS_TABLE, "Item": item })).collect()
    };
    let (rows, _) = self::rows(&book, 1, &[Fate::Arrives]);
    write(&rows, &commits[..1]).await.unwrap();
    let mut before = puts();
    // The stored row is no longer pending, so the sums count the stored one.
    before.iter_mut().for_each(|put| drop(put["Item"].as_object_mut().unwrap().remove("pending")));
    write(&rows, &commits[..2]).await.unwrap();
    let after = puts();
    for put in before {
        book.server.database().put_item(serde_json::from_value(put).unwrap()).unwrap();
    }
    let (rows, line) = self::rows(&book, 1, &[Fate::Arrives]);
    *line.between.lock().unwrap() = after;
    assert_eq!(write(&rows, &commits).await.unwrap(), Write::Written);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn a_write_that_is_malformed_is_a_refusal_at_once() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[]).await;
    let (rows, line) = rows(&book, 1, &[Fate::Refused("ValidationException")]);
    assert!(matches!(write(&rows, &commits).await, Err(RowError::Table(TableError::Refused { .. }))));
    assert_eq!(*line.writes.lock().unwrap(), 1);
}

#[tokio::test]
async fn sums_whose_answer_is_lost_count_once_and_their_row_is_stored() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25)]).await;
    tokio::time::pause();
    // The SDK retries and finds its own write. The row is then written as one that the sums already count.
    let (again, line) = rows(&book, 3, &[Fate::AnswerLost, Fate::Arrives]);
    assert_eq!(write(&again, &commits[..1]).await.unwrap(), Write::Superseded { version: 1 });
    assert_eq!(*line.writes.lock().unwrap(), 3);
    // Without a retry in the SDK, a repeat has the same result.
    let (once, _) = rows(&book, 1, &[Fate::AnswerLost, Fate::Arrives]);
    assert!(matches!(write(&once, &commits).await, Err(RowError::Table(TableError::Unavailable { .. }))));
    assert_eq!(write(&once, &commits).await.unwrap(), Write::Superseded { version: 2 });
    tokio::time::resume();
    assert!(contribution_is_stored(&book, 2).await);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn a_row_that_is_lost_behind_its_sums_is_stored_by_a_repeat() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25)]).await;
    let (rows, _) = rows(&book, 1, &[Fate::Arrives, Fate::Lost, Fate::Arrives]);
    tokio::time::pause();
    assert!(matches!(write(&rows, &commits).await, Err(RowError::Table(TableError::Unavailable { .. }))));
    tokio::time::resume();
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])], "the sums are ahead of the row");
    assert!(!contribution_is_stored(&book, 2).await);
    assert_eq!(write(&rows, &commits[..1]).await.unwrap(), Write::Superseded { version: 2 });
    assert!(contribution_is_stored(&book, 2).await);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn a_row_that_is_lost_is_stored_before_the_sums_forget_it() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25)]).await;
    let (line_rows, _) = rows(&book, 1, &[Fate::Arrives, Fate::Lost, Fate::Arrives]);
    tokio::time::pause();
    assert!(write(&line_rows, &commits).await.is_err());
    tokio::time::resume();
    let mut orders = vec![commits];
    for number in 2..7 {
        let order = book.order(&format!("o-{number}"), "EUR", &[]).await;
        book.project(&order).await;
        orders.push(order);
    }
    assert!(contribution_is_stored(&book, 2).await);
    assert!(!book.sums().await["pending"].as_m().unwrap().contains_key("order#o-1"));
    // Counted rows are not counted again.
    book.project(orders.iter().flatten()).await;
    assert_eq!(book.of("c-1").await, [total_of(orders.iter().map(Vec::as_slice))]);
}

#[tokio::test]
async fn a_row_that_cannot_be_stored_stays_pending() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25)]).await;
    let (line_rows, line) = rows(&book, 1, &[Fate::Arrives, Fate::Lost, Fate::Arrives]);
    tokio::time::pause();
    assert!(write(&line_rows, &commits).await.is_err());
    let mut orders = vec![commits];
    for number in 2..5 {
        // For the last order, the lost row is lost again. Then the sums and the row arrive.
        *line.fates.lock().unwrap() = if number == 4 { [Fate::Lost, Fate::Arrives] } else { [Fate::Arrives; 2] }.into();
        let order = book.order(&format!("o-{number}"), "EUR", &[]).await;
        assert_eq!(write(&line_rows, &order).await.unwrap(), Write::Written);
        orders.push(order);
    }
    tokio::time::resume();
    assert!(!contribution_is_stored(&book, 2).await);
    assert!(book.sums().await["pending"].as_m().unwrap().contains_key("order#o-1"));
    book.project(orders.iter().flatten()).await;
    assert_eq!(book.of("c-1").await, [total_of(orders.iter().map(Vec::as_slice))]);
}

#[tokio::test]
async fn after_the_deadline_nothing_is_written() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[]).await;
    let (rows, line) = rows(&book, 1, &[Fate::Arrives]);
    let row =
        NewRow { key: CustomerTotals::key(&commits[0]).unwrap(), version: 1, position: 1, row: contribution(&commits) };
    let written = RowStore::<CustomerTotals>::write(&rows, &[row], Some(Instant::now())).await;
    assert!(matches!(written[..], [Err(RowError::OutOfTime)]));
    assert_eq!(*line.writes.lock().unwrap(), 0);
}

/// The same projection in a later release.
struct Later;

impl Projection for Later {
    type Aggregate = order_aggregate::Orders;
    type Row = Contribution;
    const NAME: &'static str = CustomerTotals::NAME;
    const NUMBER: u32 = CustomerTotals::NUMBER + 1;
    const KEY: KeyAttributes = CustomerTotals::KEY;

    fn key(commit: &CommitOf<Self>) -> Result<RowKey, FoldError> {
        CustomerTotals::key(commit)
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        CustomerTotals::aggregate_id(key)
    }

    /// This release counts double.
    fn apply(
        row: Option<Contribution>,
        event: &RecordedEvent<EventOf<Self>>,
        commit: &CommitOf<Self>,
    ) -> Result<Contribution, FoldError> {
        let half = row.map(|row| Contribution { amount_paid: row.amount_paid / 2, ..row });
        let row = CustomerTotals::apply(half, event, commit)?;
        Ok(Contribution { amount_paid: row.amount_paid * 2, ..row })
    }
}

impl Summed for Later {
    type Sum = CurrencyTotals;

    fn sum_name(row: &Contribution) -> &str {
        CustomerTotals::sum_name(row)
    }

    fn replace(
        sum: Option<CurrencyTotals>,
        old: Option<&Contribution>,
        new: &Contribution,
    ) -> Result<CurrencyTotals, SumError> {
        CustomerTotals::replace(sum, old, new)
    }
}

#[tokio::test]
async fn a_later_release_sums_from_nothing_and_leaves_the_earlier_ones_sums_to_it() {
    let book = Book::new().await;
    let first = book.order("o-1", "EUR", &[pay(1, 20), pay(2, 5)]).await;
    let second = book.order("o-2", "EUR", &[pay(1, 25)]).await;
    book.project(first[..2].iter().chain(&second)).await;
    let before = book.of("c-1").await;

    let later: Engine<Later, _, _> =
        Engine::new(book.store.clone(), SummedRows::new(book.server.client(), TOTALS_TABLE));
    let outcome = later.project(entries(&first[2..]), None).await;
    assert_eq!((outcome.failed.len(), outcome.counters.gaps_repaired), (0, 1));
    assert_eq!(book.of("c-1").await, before, "what the earlier release reads");
    let outcome = book.engine.project(entries(&first[2..]), None).await;
    assert_eq!(outcome.failed[0].reason, Reason::NewerProjection);
    assert_eq!(book.of("c-1").await, before);

    // A replay or a rebuild delivers every order again, from the beginning or in part.
    let outcome = later.project(entries(first.iter().chain(&second[..1])), None).await;
    let expected = Counters { aggregates: 2, rows_written: 1, superseded: 1, gaps_repaired: 1, ..Counters::default() };
    assert_eq!((outcome.failed, outcome.counters), (vec![], expected));
    let sum = book.server.client().get_item().table_name(TOTALS_TABLE);
    let sum = sum.key("customerId", AttributeValue::S("c-1".to_owned()));
    let sum = sum.key("entry", AttributeValue::S("total#3".to_owned())).send().await.unwrap().item.unwrap();
    let euros = sum["sums"].as_m().unwrap()["EUR"].as_m().unwrap();
    assert_eq!(["orders", "gross"].map(|name| euros[name].as_n().unwrap().as_str()), ["2", "100"]);
}

/// The same projection in the previous release, which every commit concerned, and which kept its own sums.
struct Earlier;

impl Projection for Earlier {
    type Aggregate = order_aggregate::Orders;
    type Row = Contribution;
    const NAME: &'static str = CustomerTotals::NAME;
    const NUMBER: u32 = CustomerTotals::NUMBER - 1;
    const KEY: KeyAttributes = CustomerTotals::KEY;

    fn key(commit: &CommitOf<Self>) -> Result<RowKey, FoldError> {
        CustomerTotals::key(commit)
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        CustomerTotals::aggregate_id(key)
    }

    fn apply(
        row: Option<Contribution>,
        event: &RecordedEvent<EventOf<Self>>,
        commit: &CommitOf<Self>,
    ) -> Result<Contribution, FoldError> {
        CustomerTotals::apply(row, event, commit)
    }
}

#[tokio::test]
async fn rows_of_the_release_before_are_replaced_whatever_commit_they_end_with() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25), ship(1, 1, 1), pay(2, 5), ship(2, 2, 1)]).await;
    let earlier: Engine<Earlier, _, _> =
        Engine::new(book.store.clone(), DynamoRows::new(book.server.client(), TOTALS_TABLE));
    // The cases: a rebuild; a repeat from the stream while the previous release is further; and the row lost after its
    // sums were written.
    for (seen, told) in [(&commits[..3], &commits[..3]), (&commits[..5], &commits[..2]), (&commits[..5], &commits[..])]
    {
        let outcome = earlier.project(entries(seen), None).await;
        assert!(outcome.failed.is_empty() || outcome.failed[0].reason == Reason::NewerProjection);
        let outcome = book.engine.project(entries(told), None).await;
        assert_eq!(outcome.failed, [], "{} of {}", told.len(), seen.len());
    }
    assert!(contribution_is_stored(&book, 4).await);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn a_pending_row_replaces_one_of_the_release_before() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25), ship(1, 1, 1)]).await;
    let (line_rows, _) = rows(&book, 1, &[Fate::Arrives, Fate::Lost, Fate::Arrives]);
    tokio::time::pause();
    assert!(write(&line_rows, &commits[..2]).await.is_err());
    tokio::time::resume();
    let earlier: Engine<Earlier, _, _> =
        Engine::new(book.store.clone(), DynamoRows::new(book.server.client(), TOTALS_TABLE));
    assert_eq!(earlier.project(entries(&commits), None).await.failed, []);
    // A rebuild reads all commits in the same way.
    assert_eq!(book.engine.project(entries(&commits), None).await.failed, []);
    assert!(contribution_is_stored(&book, 2).await);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}
