//! The exact cost of a command on DynamoDB: requests on the wire and consumed capacity.

use event_store::{EventStore, InMemoryEventStore, Loaded, Outcome, UpTo};

use crate::ledger::{Ledger, at, book, booked, fill, request, run, run_with};
use crate::{Dynamo, dynamo};

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
        assert_eq!((reading.read_half_units(), reading.write_half_units()), (1, 2), "at commit {version}");
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
    assert_eq!((reading.total_requests(), reading.read_half_units(), reading.write_half_units()), (1, 1, 0));
}

#[tokio::test]
async fn a_duplicate_of_an_older_request_is_two_reads() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=100).await;
    dynamo.meter.take();
    let again = run(&dynamo.store, "a1", "fill-50", &book(1)).await.unwrap();
    let reading = dynamo.meter.take();
    assert_eq!((again.outcome, again.version), (Outcome::Replayed, 50));
    assert_eq!((reading.total_requests(), reading.read_half_units(), reading.write_half_units()), (2, 3, 0));
}

/// Returns the times of 9,300 commits of one order, in milliseconds: one a minute, then half a year later a burst of
/// one a millisecond, and the last commit after ten years.
fn time_of(version: u64) -> i64 {
    let version = i64::try_from(version).unwrap();
    match version {
        ..=4_650 => version * 60_000,
        4_651..=9_299 => 15_768_000_000 + version,
        _ => 315_360_000_000,
    }
}

/// The commits are made in memory, so that DynamoDB only writes them.
async fn a_life_of_9300_commits(dynamo: &Dynamo) {
    let memory = InMemoryEventStore::default();
    for version in 1..=9_300 {
        let loaded: Loaded<Ledger> = memory.load("a1", UpTo::Head).await.unwrap();
        let new = loaded.next(&request(&format!("r{version}"), "x"), vec![booked(1)], at(time_of(version)));
        memory.append(&new).await.unwrap();
        dynamo.store.append(&new).await.unwrap();
    }
}

#[tokio::test]
async fn any_instant_of_9300_commits_costs_at_most_forty_read_units() {
    let dynamo = dynamo().await;
    a_life_of_9300_commits(&dynamo).await;
    // Requests and half units: before the first commit, at it, among evenly spaced commits, in the burst, and at the
    // end.
    let exact = [
        (0, 0, (2, 4)),
        (time_of(1), 1, (3, 6)),
        (time_of(2_000), 2_000, (5, 10)),
        (time_of(2_000) + 1, 2_000, (7, 14)),
        (time_of(7_000), 7_000, (7, 14)),
        (time_of(9_299) + 1, 9_299, (27, 54)),
        (time_of(9_300), 9_300, (1, 2)),
        (time_of(9_300) + 1, 9_300, (1, 2)),
    ];
    let mut found = Vec::new();
    for (instant, version, _) in exact {
        dynamo.meter.take();
        let loaded: Loaded<Ledger> = dynamo.store.load("a1", UpTo::Time(at(instant))).await.unwrap();
        let reading = dynamo.meter.take();
        assert_eq!((loaded.version, loaded.state.entries), (version, version));
        found.push((instant, version, (reading.total_requests(), reading.read_half_units())));
    }
    assert_eq!(found, exact);
    for version in (1..9_300).step_by(211) {
        for instant in [time_of(version) - 1, time_of(version)] {
            dynamo.meter.take();
            let loaded: Loaded<Ledger> = dynamo.store.load("a1", UpTo::Time(at(instant))).await.unwrap();
            let reading = dynamo.meter.take();
            assert_eq!(loaded.version, version - u64::from(instant < time_of(version)));
            assert!(reading.read_half_units() <= 80, "{} half units at {instant}", reading.read_half_units());
        }
    }
}
