//! Writes of sums and rows that are rejected or lost.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::TableError;
use read_models::{CustomerTotals, NewRow, Projection, RowError, RowStore, SummedRows, Write};
use serde_json::{Value, json};

use crate::customer_totals::contribution;
use crate::faulty_connection::{Fate, faulty_rows};
use crate::story::{self, TOTALS_TABLE, pay};
use crate::summed_rows::{Book, total_of};

pub(crate) async fn write(rows: &SummedRows, commits: &[order_aggregate::OrderCommit]) -> Result<Write, RowError> {
    let key = CustomerTotals::key(&commits[0]).unwrap();
    let version = commits.last().unwrap().version;
    story::write::<CustomerTotals>(rows, &key, version, &contribution(commits)).await
}

pub(crate) async fn contribution_is_stored(book: &Book, version: u64) -> bool {
    let get = book.server.client().get_item().table_name(TOTALS_TABLE).consistent_read(true);
    let get = get.key("customerId", AttributeValue::S("c-1".to_owned()));
    let get = get.key("entry", AttributeValue::S("order#o-1".to_owned()));
    let row = get.send().await.unwrap().item;
    row.is_some_and(|row| row["version"] == AttributeValue::N(version.to_string()))
}

#[tokio::test]
async fn sums_changed_by_another_writer_are_read_again() {
    let book = Book::new().await;
    let refusals = ["ConditionalCheckFailedException", "TransactionConflictException"];
    let fates: Vec<_> = refusals.map(Fate::Refused).into_iter().chain([Fate::Arrives]).collect();
    let commits = book.order("o-1", "EUR", &[pay(1, 25)]).await;
    let (rows, line) = faulty_rows(&book, 1, &fates);
    assert_eq!(write(&rows, &commits).await.unwrap(), Write::Written);
    assert_eq!(*line.writes.lock().unwrap(), 4);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn a_write_that_loses_twelve_races_is_an_outage() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[]).await;
    let (rows, line) = faulty_rows(&book, 1, &[Fate::Refused("ConditionalCheckFailedException")]);
    tokio::time::pause();
    let key = CustomerTotals::key(&commits[0]).unwrap();
    let row = NewRow { key, version: 1, position: 1, row: contribution(&commits) };
    let deadline = Instant::now() + Duration::from_secs(3_600);
    let written = RowStore::<CustomerTotals>::write(&rows, &[row], Some(deadline)).await;
    assert!(matches!(written[..], [Err(RowError::Table(TableError::Unavailable { .. }))]));
    assert_eq!(*line.writes.lock().unwrap(), 12);
}

#[tokio::test]
async fn an_operation_without_a_deadline_survives_fifty_lost_races() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[]).await;
    let lost = [Fate::Refused("ConditionalCheckFailedException"); 50];
    let fates: Vec<_> = lost.into_iter().chain([Fate::Arrives]).collect();
    let (rows, _) = faulty_rows(&book, 1, &fates);
    tokio::time::pause();
    assert_eq!(write(&rows, &commits).await.unwrap(), Write::Written);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn sums_changed_between_the_two_reads_are_read_again() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25), pay(2, 10)]).await;
    let items = || book.server.database().scan(serde_json::from_value(json!({ "TableName": TOTALS_TABLE })).unwrap());
    let puts = || -> Vec<Value> {
        let items = items().unwrap().items.unwrap();
        items.iter().map(|item| json!({ "TableName": TOTALS_TABLE, "Item": item })).collect()
    };
    let (rows, _) = faulty_rows(&book, 1, &[Fate::Arrives]);
    write(&rows, &commits[..1]).await.unwrap();
    let mut before = puts();
    // The stored row is no longer pending, so the sums count the stored one.
    before.iter_mut().for_each(|put| drop(put["Item"].as_object_mut().unwrap().remove("pending")));
    write(&rows, &commits[..2]).await.unwrap();
    let after = puts();
    for put in before {
        book.server.database().put_item(serde_json::from_value(put).unwrap()).unwrap();
    }
    let (rows, line) = faulty_rows(&book, 1, &[Fate::Arrives]);
    *line.between.lock().unwrap() = after;
    assert_eq!(write(&rows, &commits).await.unwrap(), Write::Written);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn a_malformed_write_is_refused_without_a_retry() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[]).await;
    let (rows, line) = faulty_rows(&book, 1, &[Fate::Refused("ValidationException")]);
    assert!(matches!(write(&rows, &commits).await, Err(RowError::Table(TableError::Refused { .. }))));
    assert_eq!(*line.writes.lock().unwrap(), 1);
}

#[tokio::test]
async fn sums_with_a_lost_response_count_once_and_their_row_is_stored() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25)]).await;
    tokio::time::pause();
    // The SDK retries and finds its own write. The row is then written as one that the sums already count.
    let (again, line) = faulty_rows(&book, 3, &[Fate::AnswerLost, Fate::Arrives]);
    assert_eq!(write(&again, &commits[..1]).await.unwrap(), Write::Superseded { version: 1 });
    assert_eq!(*line.writes.lock().unwrap(), 3);
    // Without a retry in the SDK, a repeat has the same result.
    let (once, _) = faulty_rows(&book, 1, &[Fate::AnswerLost, Fate::Arrives]);
    assert!(matches!(write(&once, &commits).await, Err(RowError::Table(TableError::Unavailable { .. }))));
    assert_eq!(write(&once, &commits).await.unwrap(), Write::Superseded { version: 2 });
    tokio::time::resume();
    assert!(contribution_is_stored(&book, 2).await);
    assert_eq!(book.of("c-1").await, [total_of([&commits[..]])]);
}

#[tokio::test]
async fn a_row_lost_after_its_sums_is_stored_by_a_repeat() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25)]).await;
    let (rows, _) = faulty_rows(&book, 1, &[Fate::Arrives, Fate::Lost, Fate::Arrives]);
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
async fn a_lost_row_is_stored_before_the_sums_drop_it() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[pay(1, 25)]).await;
    let (line_rows, _) = faulty_rows(&book, 1, &[Fate::Arrives, Fate::Lost, Fate::Arrives]);
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
    let (line_rows, line) = faulty_rows(&book, 1, &[Fate::Arrives, Fate::Lost, Fate::Arrives]);
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
async fn nothing_is_written_after_the_deadline() {
    let book = Book::new().await;
    let commits = book.order("o-1", "EUR", &[]).await;
    let (rows, line) = faulty_rows(&book, 1, &[Fate::Arrives]);
    let row =
        NewRow { key: CustomerTotals::key(&commits[0]).unwrap(), version: 1, position: 1, row: contribution(&commits) };
    let written = RowStore::<CustomerTotals>::write(&rows, &[row], Some(Instant::now())).await;
    assert!(matches!(written[..], [Err(RowError::OutOfTime)]));
    assert_eq!(*line.writes.lock().unwrap(), 0);
}
