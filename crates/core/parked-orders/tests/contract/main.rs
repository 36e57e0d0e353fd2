//! Tests the notes as consumers, operators and queries use them: with the real SDK on the embedded DynamoDB.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod changes;
mod lookups;
mod unaddressable;

use std::collections::BTreeSet;

use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use parked_orders::{Consumer, ParkRequest, ParkedError, ParkedOrder, ParkedOrderTable};
use sam_template::Template;

const SUMMARIES: Consumer = Consumer::new("OrderSummaryByCustomer");
const TOTALS: Consumer = Consumer::new("CustomerTotals");
const TABLE: &str = "ParkedOrders";

async fn dynamo() -> (EmbeddedDynamoDb, ParkedOrderTable) {
    let server = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
    server.create_tables(&Template::of_this_project().unwrap()).unwrap();
    let parked = ParkedOrderTable::new(server.client(), TABLE);
    (server, parked)
}

fn parking(order: &str, version: u64, held_up_to: u64) -> ParkRequest {
    ParkRequest {
        aggregate_id: order.to_owned(),
        customer_id: Some("c-1".to_owned()),
        version,
        held_up_to,
        reason: "events is not a list".to_owned(),
    }
}

async fn note(parked: &ParkedOrderTable, consumer: &Consumer, order: &str) -> ParkedOrder {
    parked.find(consumer, order).await.unwrap().unwrap()
}

fn orders<'a>(parked: impl IntoIterator<Item = &'a ParkedOrder>) -> BTreeSet<&'a str> {
    parked.into_iter().map(|parked| parked.aggregate_id.as_str()).collect()
}

/// Reads all notes, and returns them with the number of pages.
async fn all(parked: &ParkedOrderTable) -> (Vec<Result<ParkedOrder, ParkedError>>, usize) {
    let (mut notes, mut pages, mut from) = (Vec::new(), 0, None);
    loop {
        let page = parked.page(from).await.unwrap();
        notes.extend(page.parked);
        pages += 1;
        from = page.next;
        if from.is_none() {
            return (notes, pages);
        }
    }
}
