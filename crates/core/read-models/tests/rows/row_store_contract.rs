//! The engine's assumptions about rows, checked for every adapter.

use embedded_dynamodb::EmbeddedDynamoDb;
use event_store::InMemoryEventStore;
use read_models::{DynamoRows, ExistingRow, InMemoryRows, OrderSummaryRow, RowKey, RowStore, SummedRows, Write};

use crate::story::{Numbered, SUMMARY_TABLE, dynamo, paid_in_parts, row_of, write};

type One = Numbered<1>;
type Two = Numbered<2>;

/// The same rows as seen by a release with projection number 1 and by one with number 2.
struct Rows<R1, R2> {
    one: R1,
    two: R2,
    _server: Option<EmbeddedDynamoDb>,
}

fn memory_rows() -> Rows<InMemoryRows<One>, InMemoryRows<Two>> {
    let one = InMemoryRows::default();
    Rows { two: one.seen_by(), one, _server: None }
}

async fn dynamo_rows() -> Rows<DynamoRows, DynamoRows> {
    let server = dynamo().await;
    let rows = DynamoRows::new(server.client(), SUMMARY_TABLE);
    Rows { one: rows.clone(), two: rows, _server: Some(server) }
}

async fn summed_rows() -> Rows<SummedRows, SummedRows> {
    let server = dynamo().await;
    let rows = SummedRows::new(server.client(), SUMMARY_TABLE);
    Rows { one: rows.clone(), two: rows, _server: Some(server) }
}

/// Returns the row of an order at versions 1 to 5.
async fn versions(order: &str) -> Vec<(RowKey, OrderSummaryRow)> {
    let commits = paid_in_parts(&InMemoryEventStore::default(), order, 4).await;
    let rows = (1..=commits.len()).map(|count| row_of(&commits[..count]));
    rows.map(|row| (RowKey { partition: row.customer_id.clone(), sort: row.sort_key() }, row)).collect()
}

async fn standing<P, R>(rows: &R, key: &RowKey) -> Option<ExistingRow<OrderSummaryRow>>
where
    P: read_models::Projection<Row = OrderSummaryRow>,
    R: RowStore<P>,
{
    let mut read = rows.read(std::slice::from_ref(key)).await.unwrap();
    assert!(read.unread.is_empty());
    read.rows.remove(key)
}

async fn a_row_that_was_written_is_read<R1: RowStore<One>, R2: RowStore<Two>>(rows: &Rows<R1, R2>) {
    for (key, row) in versions("o-1").await {
        assert_eq!(write(&rows.one, &key, row.version, &row).await.unwrap(), Write::Written);
        assert_eq!(standing(&rows.one, &key).await, Some(ExistingRow::Row { version: row.version, row }));
    }
}

async fn a_key_without_a_row_is_not_among_the_rows<R1: RowStore<One>, R2: RowStore<Two>>(rows: &Rows<R1, R2>) {
    let (written, row) = versions("o-1").await.swap_remove(0);
    let absent = RowKey { sort: "elsewhere".to_owned(), ..written.clone() };
    write(&rows.one, &written, 1, &row).await.unwrap();
    let read = rows.one.read(&[absent, written.clone()]).await.unwrap();
    assert_eq!(read.rows.into_keys().collect::<Vec<_>>(), [written]);
    assert!(rows.one.read(&[]).await.unwrap().rows.is_empty());
}

async fn a_row_never_goes_backwards<R1: RowStore<One>, R2: RowStore<Two>>(rows: &Rows<R1, R2>) {
    let versions = versions("o-1").await;
    let (key, newest) = &versions[4];
    write(&rows.one, key, 5, newest).await.unwrap();
    for (key, row) in &versions {
        assert_eq!(write(&rows.one, key, row.version, row).await.unwrap(), Write::Superseded { version: 5 });
    }
    assert_eq!(standing(&rows.one, key).await, Some(ExistingRow::Row { version: 5, row: newest.clone() }));
}

async fn a_row_of_an_older_number_gives_way_to_one_as_far<R1: RowStore<One>, R2: RowStore<Two>>(rows: &Rows<R1, R2>) {
    let versions = versions("o-1").await;
    let (key, row) = &versions[2];
    write(&rows.one, key, 3, row).await.unwrap();
    assert_eq!(standing(&rows.two, key).await, Some(ExistingRow::Outdated));
    assert_eq!(write(&rows.two, key, 2, &versions[1].1).await.unwrap(), Write::Behind { version: 3 });
    assert_eq!(standing(&rows.two, key).await, Some(ExistingRow::Outdated));
    assert_eq!(write(&rows.two, key, 3, row).await.unwrap(), Write::Written);
    assert_eq!(standing(&rows.two, key).await, Some(ExistingRow::Row { version: 3, row: row.clone() }));
}

async fn a_row_of_a_newer_number_is_left<R1: RowStore<One>, R2: RowStore<Two>>(rows: &Rows<R1, R2>) {
    let versions = versions("o-1").await;
    let (key, row) = &versions[0];
    write(&rows.two, key, 1, row).await.unwrap();
    assert_eq!(standing(&rows.one, key).await, Some(ExistingRow::Newer));
    assert_eq!(write(&rows.one, key, 5, &versions[4].1).await.unwrap(), Write::NewerProjection);
    assert_eq!(standing(&rows.two, key).await, Some(ExistingRow::Row { version: 1, row: row.clone() }));
}

async fn a_hundred_rows_are_read_at_once<R1: RowStore<One>, R2: RowStore<Two>>(rows: &Rows<R1, R2>) {
    let (key, row) = versions("o-1").await.swap_remove(0);
    let keys: Vec<_> = (0..100).map(|n| RowKey { sort: format!("{}-{n}", key.sort), ..key.clone() }).collect();
    for key in &keys {
        write(&rows.one, key, 1, &row).await.unwrap();
    }
    let read = rows.one.read(&keys).await.unwrap();
    assert_eq!((read.rows.len(), read.unread.len()), (100, 0));
}

macro_rules! contract {
    ($($check:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $check() { super::$check(&super::memory_rows()).await; })+
        }
        mod dynamodb {
            $(#[tokio::test] async fn $check() { super::$check(&super::dynamo_rows().await).await; })+
        }
        mod dynamodb_with_sums {
            $(#[tokio::test] async fn $check() { super::$check(&super::summed_rows().await).await; })+
        }
    };
}

contract![
    a_row_that_was_written_is_read,
    a_key_without_a_row_is_not_among_the_rows,
    a_row_never_goes_backwards,
    a_row_of_an_older_number_gives_way_to_one_as_far,
    a_row_of_a_newer_number_is_left,
    a_hundred_rows_are_read_at_once,
];
