//! What a command costs on DynamoDB, counted exactly: requests on the wire and consumed capacity.

use event_store::Outcome;

use crate::dynamo;
use crate::ledger::{book, fill, run, run_with};

#[tokio::test]
async fn a_creation_is_one_request_and_one_write_unit() {
    let dynamo = dynamo().await;
    run_with(&dynamo.store, "a1", "r1", &book(70), |invocation| invocation.creates = true).await.unwrap();
    let reading = dynamo.meter.take();
    assert_eq!((reading.total_requests(), reading.read_half_units(), reading.write_half_units()), (1, 0, 2));
}

#[tokio::test]
async fn a_command_costs_the_same_at_commit_10_1000_and_5000() {
    let dynamo = dynamo().await;
    let mut filled = 0;
    for version in [10, 1_000, 5_000] {
        fill(&dynamo.store, "a1", filled + 1..=version - 1).await;
        dynamo.meter.take();
        fill(&dynamo.store, "a1", version..=version).await;
        let reading = dynamo.meter.take();
        assert_eq!((reading.requests_of("Query"), reading.requests_of("PutItem")), (1, 1), "at commit {version}");
        assert_eq!(reading.total_requests(), 2, "at commit {version}");
        assert_eq!((reading.read_half_units(), reading.write_half_units()), (2, 2), "at commit {version}");
        filled = version;
    }
}

#[tokio::test]
async fn a_duplicate_of_the_newest_request_is_one_read() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=100).await;
    dynamo.meter.take();
    let again = run(&dynamo.store, "a1", "fill-100", &book(1)).await.unwrap();
    let reading = dynamo.meter.take();
    assert_eq!(again.outcome, Outcome::Replayed);
    assert_eq!((reading.total_requests(), reading.read_half_units(), reading.write_half_units()), (1, 2, 0));
}

#[tokio::test]
async fn a_duplicate_of_an_older_request_is_two_reads() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=100).await;
    dynamo.meter.take();
    let again = run(&dynamo.store, "a1", "fill-50", &book(1)).await.unwrap();
    let reading = dynamo.meter.take();
    assert_eq!((again.outcome, again.version), (Outcome::Replayed, 50));
    assert_eq!((reading.total_requests(), reading.read_half_units(), reading.write_half_units()), (2, 4, 0));
}
