//! The exact requests and units of a rebuild and of a verification.

use std::future::pending;

use embedded_dynamodb::meter::Reading;
use event_store::DynamoEventStore;
use operations::rebuild::{Rebuild, segments};
use operations::verify::{Verification, Verify};
use operations::{OperationError, sweep};
use read_models::ReadModels;
use test_support::recorded::Recorded;

use crate::read_models;
use crate::verify::all_lost;

/// More than one BatchGetItem of rows.
const ORDERS: u64 = 150;

async fn rebuild(store: &DynamoEventStore, models: &ReadModels) {
    let segments = segments(store, models, Rebuild::new(1).segments());
    sweep(segments, pending(), |_| Ok::<_, OperationError>(())).await.unwrap();
}

/// Returns the number of requests of each kind, and the read and write units.
fn spent(reading: &Reading) -> ([u64; 4], u64, u64) {
    let requests = ["Scan", "Query", "BatchGetItem", "PutItem"].map(|name| reading.requests_of(name));
    assert_eq!(requests.iter().sum::<u64>(), reading.total_requests());
    (requests, reading.read_half_units() / 2, reading.write_half_units() / 2)
}

#[tokio::test]
async fn a_rebuild_and_a_verification_read_rows_and_commits_by_the_hundred() {
    let recorded = Recorded::nothing().await;
    recorded.orders(ORDERS).await;
    let (client, meter) = recorded.dynamodb.metered_client();
    let (store, models) = (DynamoEventStore::new(client.clone(), "OrderEvents"), read_models(&client));
    rebuild(&store, &models).await;
    // One page of commits. The rows of one customer: the sums and the rows are read, and no earlier row is in the partition. Three
    // rows an order are put, and the sums twice, because many rows are pending in between.
    assert_eq!(spent(&meter.take()), ([1, 1, 3, 3 * ORDERS + 2], 181, 790));
    rebuild(&store, &models).await;
    // The rows without sums are put on the condition that they are newer. DynamoDB does not report the units of a rejected put.
    assert_eq!(spent(&meter.take()), ([1, 0, 3, 2 * ORDERS], 180, 0));
    let known = Verification::new(1);
    let verify = Verify::new(store, models, all_lost(), &known);
    verify.run(&known, pending(), |_| Ok::<_, OperationError>(())).await.unwrap();
    // One page of commits and one of each read model. For each read model, two reads of rows and two of first commits. Then the
    // sums, and their rows.
    assert_eq!(spent(&meter.take()), ([4, 1, 13, 0], 969, 0));
}
