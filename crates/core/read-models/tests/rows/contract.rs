//! The contract of rows, on every adapter.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::EmbeddedDynamoDb;
use event_store::InMemoryEventStore;
use read_models::{DynamoRows, InMemoryRows, NewRow, Projection, RowImages, RowStamp, RowStore, SummedRows, Write};
use test_support::row_contract;
use test_support::row_contract::{Adapter, write};

use crate::story::{Numbered, SUMMARY_TABLE, dynamo, paid_in_parts, row_of};

type One = Numbered<1>;
type Two = Numbered<2>;

/// The same rows as seen by a release with projection number 1 and by one with number 2.
struct Rows<R1, R2> {
    one: R1,
    two: R2,
    _server: Option<EmbeddedDynamoDb>,
}

impl<R1: RowImages<One>, R2: RowStore<Two>> Adapter for Rows<R1, R2> {
    type Current = One;
    type Next = Two;
    type Rows = R1;
    type NextRows = R2;

    fn rows(&self) -> &R1 {
        &self.one
    }

    fn next_rows(&self) -> &R2 {
        &self.two
    }
}

async fn memory_rows() -> Rows<InMemoryRows<One>, InMemoryRows<Two>> {
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

row_contract!(in_memory, memory_rows());
row_contract!(dynamodb, dynamo_rows());
row_contract!(dynamodb_with_sums, summed_rows());

#[tokio::test]
async fn the_condition_of_a_write_in_dynamodb_agrees_with_the_stamp() {
    let server = dynamo().await;
    let rows = DynamoRows::new(server.client(), SUMMARY_TABLE);
    let commits = paid_in_parts(&InMemoryEventStore::default(), "o-1", 1).await;
    let row = NewRow { key: Two::key(&commits[0]).unwrap(), version: 2, position: 3, row: row_of(&commits) };
    // Rows without a number: no release wrote them.
    let numbers = [None, Some(1), Some(2), Some(3), Some(4)];
    for (projection, version) in numbers.into_iter().flat_map(|first| numbers.map(|second| (first, second))) {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |number: u64| AttributeValue::N(number.to_string());
        let mut item = HashMap::from([
            (Two::KEY.partition.to_owned(), text(&row.key.partition)),
            (Two::KEY.sort.to_owned(), text(&row.key.sort)),
        ]);
        item.extend(projection.map(|it| ("projection".to_owned(), number(it))));
        item.extend(version.map(|it| ("version".to_owned(), number(it))));
        server.client().put_item().table_name(SUMMARY_TABLE).set_item(Some(item)).send().await.unwrap();
        let stamp = RowStamp { version: version.unwrap_or(0), projection: projection.unwrap_or(0) };
        let expected = stamp.rejects::<Two>(&row).unwrap_or(Write::Written);
        assert_eq!(write::<Two>(&rows, &row).await.unwrap(), expected, "{projection:?}, {version:?}");
    }
}
