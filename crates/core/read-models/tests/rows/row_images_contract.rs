//! The audit's assumptions about stored rows, checked for every adapter.

use std::collections::{BTreeMap, BTreeSet};

use embedded_dynamodb::EmbeddedDynamoDb;
use event_store::InMemoryEventStore;
use read_models::{
    DynamoRows, EventsTable, InMemoryRows, OrderSummaryRow, RowImage, RowImages, RowKey, Segment, SummedRows, Write,
};
use serde_json::json;

use crate::story::{Numbered, SUMMARY_TABLE, dynamo, paid_in_parts, row_of, write};

type One = Numbered<1>;

/// An adapter with the server of its table.
struct Adapter<R> {
    rows: R,
    _server: Option<EmbeddedDynamoDb>,
}

fn memory_rows() -> Adapter<InMemoryRows<One>> {
    Adapter { rows: InMemoryRows::default(), _server: None }
}

async fn dynamo_rows() -> Adapter<DynamoRows> {
    let server = dynamo().await;
    Adapter { rows: DynamoRows::new(server.client(), SUMMARY_TABLE), _server: Some(server) }
}

async fn summed_rows() -> Adapter<SummedRows> {
    let server = dynamo().await;
    Adapter { rows: SummedRows::new(server.client(), SUMMARY_TABLE), _server: Some(server) }
}

/// Returns an order's row after its first commits.
async fn row(order: &str, version: usize) -> (RowKey, OrderSummaryRow) {
    let commits = paid_in_parts(&InMemoryEventStore::default(), order, 4).await;
    let row = row_of(&commits[..version]);
    (RowKey { partition: row.customer_id.clone(), sort: row.sort_key() }, row)
}

async fn image<R: RowImages<One>>(rows: &R, key: &RowKey) -> Option<R::Image> {
    rows.images(std::slice::from_ref(key)).await.unwrap().remove(key)
}

async fn an_image_has_the_version_the_number_and_every_attribute<R: RowImages<One>>(adapter: &Adapter<R>) {
    let (key, row) = row("o-1", 3).await;
    assert_eq!(image(&adapter.rows, &key).await, None);
    assert_eq!(write(&adapter.rows, &key, 3, &row).await.unwrap(), Write::Written);
    let image = image(&adapter.rows, &key).await.unwrap();
    assert_eq!((image.version(), image.projection()), (3, 1));
    let attributes = image.attributes();
    assert_eq!(attributes["amountPaid"], json!(2));
    assert_eq!(attributes["items"].as_array().unwrap().len(), row.items.len());
    let expected = serde_json::to_value(&row).unwrap();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(attributes.get(name), Some(value), "{name}");
    }
}

async fn a_row_is_replaced_only_where_it_is_unchanged<R: RowImages<One>>(adapter: &Adapter<R>) {
    let rows = &adapter.rows;
    let ((key, first), (_, third), (_, fifth)) = (row("o-1", 1).await, row("o-1", 3).await, row("o-1", 5).await);
    assert!(rows.replace(&key, None, 3, &third).await.unwrap());
    assert!(!rows.replace(&key, None, 5, &fifth).await.unwrap(), "a row is stored");
    let was = image(rows, &key).await.unwrap();
    assert!(rows.replace(&key, Some(&was), 5, &fifth).await.unwrap());
    assert!(!rows.replace(&key, Some(&was), 1, &first).await.unwrap(), "the row has changed");
    let was = image(rows, &key).await.unwrap();
    assert_eq!(was.version(), 5);
    assert!(rows.replace(&key, Some(&was), 1, &first).await.unwrap(), "a repair may take a row back");
    assert_eq!(image(rows, &key).await.unwrap().version(), 1);
}

async fn a_row_is_deleted_only_where_it_is_unchanged<R: RowImages<One>>(adapter: &Adapter<R>) {
    let rows = &adapter.rows;
    let ((key, third), (_, fifth)) = (row("o-1", 3).await, row("o-1", 5).await);
    assert!(rows.replace(&key, None, 3, &third).await.unwrap());
    let was = image(rows, &key).await.unwrap();
    assert!(rows.replace(&key, Some(&was), 5, &fifth).await.unwrap());
    assert!(!rows.delete(&key, &was).await.unwrap(), "the row has changed");
    let was = image(rows, &key).await.unwrap();
    assert!(rows.delete(&key, &was).await.unwrap());
    assert_eq!(image(rows, &key).await, None);
    assert!(!rows.delete(&key, &was).await.unwrap(), "no row is stored");
}

async fn the_segments_of_a_scan_have_every_row_once<R: RowImages<One>>(adapter: &Adapter<R>) {
    let rows = &adapter.rows;
    let mut written = BTreeSet::new();
    for order in 0..7 {
        let (key, row) = row(&format!("o-{order}"), 2).await;
        assert!(rows.replace(&key, None, 2, &row).await.unwrap());
        written.insert(key);
    }
    for (segments, limit) in [(1, None), (1, Some(3)), (3, Some(2))] {
        let mut read = BTreeMap::<RowKey, usize>::new();
        for number in 0..segments {
            let mut after = None;
            loop {
                let segment = Segment { number, of: segments };
                let page = rows.scan(segment, after.as_ref(), limit).await.unwrap();
                assert!(limit.is_none_or(|limit| page.rows.len() <= usize::try_from(limit).unwrap()));
                page.rows.into_iter().for_each(|(key, _)| *read.entry(key).or_default() += 1);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        assert!(read.values().all(|times| *times == 1), "{read:?}");
        assert_eq!(read.into_keys().collect::<BTreeSet<_>>(), written);
    }
}

async fn rows_remember_their_events_table_and_no_scan_shows_it<R: RowImages<One>>(adapter: &Adapter<R>) {
    let rows = &adapter.rows;
    assert_eq!(rows.events_table().await.unwrap(), None);
    for id in ["first", "second"] {
        let events = EventsTable { id: id.to_owned(), name: "OrderEvents".to_owned() };
        rows.remember_events_table(&events).await.unwrap();
        assert_eq!(rows.events_table().await.unwrap(), Some(events));
    }
    assert!(rows.scan(Segment::WHOLE, None, None).await.unwrap().rows.is_empty());
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
    an_image_has_the_version_the_number_and_every_attribute,
    a_row_is_replaced_only_where_it_is_unchanged,
    a_row_is_deleted_only_where_it_is_unchanged,
    the_segments_of_a_scan_have_every_row_once,
    rows_remember_their_events_table_and_no_scan_shows_it,
];
