//! The contract of rows, on every adapter.

use embedded_dynamodb::EmbeddedDynamoDb;
use read_models::{DynamoRows, InMemoryRows, RowImages, RowStore, SummedRows};
use test_support::row_contract;
use test_support::row_contract::Adapter;

use crate::story::{Numbered, SUMMARY_TABLE, dynamo};

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
