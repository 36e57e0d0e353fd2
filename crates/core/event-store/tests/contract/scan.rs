//! Reads of the whole table: pages, segments, ranges, and their cost. DynamoDB only.

use std::collections::BTreeMap;
use std::ops::Range;

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::{Delivered, DynamoEventStore, Position, ScanRequest, Scope, StoreError, TableError, Timestamp};

use crate::ledger::{Booked, Ledger, at, book, fill, run, run_with};
use crate::{Dynamo, dynamo};

const EVERYTHING: ScanRequest = ScanRequest { scope: Scope::TABLE, after: None, recorded: None, consistent: true };

/// Reads all pages from a request's position on. Returns the delivered records and the number of pages.
async fn pages(store: &DynamoEventStore, mut request: ScanRequest) -> (Vec<Delivered<Booked>>, u64) {
    let (mut delivered, mut pages) = (Vec::new(), 0);
    loop {
        let page = store.scan::<Ledger>(&request).await.unwrap();
        assert!(page.scanned >= page.delivered.len() as u64);
        (pages, request.after) = (pages + 1, page.next);
        delivered.extend(page.delivered);
        if request.after.is_none() {
            return (delivered, pages);
        }
    }
}

async fn ids(store: &DynamoEventStore, request: ScanRequest) -> Vec<String> {
    pages(store, request).await.0.into_iter().map(|delivered| delivered.id).collect()
}

/// Creates so many accounts of 1 to 3 commits.
async fn accounts(dynamo: &Dynamo, count: u64) -> Vec<String> {
    let mut written = Vec::new();
    for number in 0..count {
        fill(&dynamo.store, &format!("a{number}"), 1..=number % 3 + 1).await;
        written.extend((1..=number % 3 + 1).map(|version| format!("a{number}@{version}")));
    }
    written.sort();
    written
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

async fn put_poison(dynamo: &Dynamo, aggregate_id: &str, version: &str, recorded_at: Option<AttributeValue>) {
    let put = dynamo.server.client().put_item().table_name("OrderEvents");
    let put = put
        .item("aggregateId", AttributeValue::S(aggregate_id.to_owned()))
        .item("version", AttributeValue::N(version.to_owned()));
    match recorded_at {
        Some(value) => put.item("recordedAt", value),
        None => put,
    }
    .send()
    .await
    .unwrap();
}

#[tokio::test]
async fn a_table_beyond_one_megabyte_comes_in_pages_and_each_aggregate_in_the_order_of_its_versions() {
    let dynamo = dynamo().await;
    let mut large = book(1);
    large.event.note = "n".repeat(40_000);
    for number in 0..60 {
        run(&dynamo.store, &format!("a{}", number % 4), &format!("r{number}"), &large).await.unwrap();
    }
    let (delivered, pages) = pages(&dynamo.store, EVERYTHING).await;
    assert_eq!((delivered.len(), pages), (60, 3));
    let mut versions = BTreeMap::<String, Vec<u64>>::new();
    for commit in delivered.into_iter().map(|delivered| delivered.record.unwrap()) {
        versions.entry(commit.aggregate_id).or_default().push(commit.version);
    }
    assert_eq!(versions.len(), 4);
    assert!(versions.values().all(|versions| *versions == (1..=15).collect::<Vec<_>>()), "{versions:?}");
}

#[tokio::test]
async fn segments_hold_every_commit_once() {
    let dynamo = dynamo().await;
    let written = accounts(&dynamo, 30).await;
    for of in [1, 2, 7] {
        let mut found = Vec::new();
        for number in 0..of {
            let segment = ids(&dynamo.store, ScanRequest { scope: Scope::Segment { number, of }, ..EVERYTHING }).await;
            assert!(of > 2 || !segment.is_empty());
            found.extend(segment);
        }
        assert_eq!(sorted(found), written, "{of} segments");
    }
}

#[tokio::test]
async fn a_scan_goes_on_after_any_position() {
    let dynamo = dynamo().await;
    accounts(&dynamo, 10).await;
    for scope in [Scope::TABLE, Scope::Aggregate("a2".to_owned())] {
        let whole = ScanRequest { scope, ..EVERYTHING };
        let found = pages(&dynamo.store, whole.clone()).await.0;
        let names: Vec<&str> = found.iter().map(|delivered| delivered.id.as_str()).collect();
        for (index, delivered) in found.iter().enumerate() {
            let commit = delivered.record.as_ref().unwrap();
            let position = Position::new(&commit.aggregate_id, commit.version);
            // A tool stores the position as JSON.
            let kept = serde_json::to_value(&position).unwrap();
            assert_eq!(kept["aggregateId"], commit.aggregate_id);
            let request = ScanRequest { after: Some(serde_json::from_value(kept).unwrap()), ..whole.clone() };
            assert_eq!(ids(&dynamo.store, request).await, names[index + 1..], "after {position}");
        }
    }
}

#[tokio::test]
async fn a_range_has_its_start_and_not_its_end() {
    let dynamo = dynamo().await;
    let clocks = [|| at(999), || at(1_000), || at(1_001), || at(1_999), || at(2_000)] as [fn() -> Timestamp; 5];
    for (number, clock) in clocks.into_iter().enumerate() {
        let (account, request) = (format!("a{number}"), format!("r{number}"));
        run_with(&dynamo.store, &account, &request, &book(1), |invocation| invocation.clock = clock).await.unwrap();
    }
    let within = |range: Range<i64>| ScanRequest { recorded: Some(at(range.start)..at(range.end)), ..EVERYTHING };
    for (range, expected) in
        [(1_000..2_000, vec!["a1@1", "a2@1", "a3@1"]), (2_000..2_001, vec!["a4@1"]), (1_002..1_999, vec![])]
    {
        assert_eq!(sorted(ids(&dynamo.store, within(range)).await), expected);
    }
    let page = dynamo.store.scan::<Ledger>(&within(1_002..1_999)).await.unwrap();
    assert_eq!((page.delivered.len(), page.scanned), (0, 5), "what is filtered was looked at");
}

#[tokio::test]
async fn what_cannot_be_read_is_delivered_as_such_and_stops_nothing() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=4).await;
    let text = |text: &dyn ToString| Some(AttributeValue::S(text.to_string()));
    put_poison(&dynamo, "a1", "5", text(&at(1_000))).await;
    put_poison(&dynamo, "a1", "6.5", None).await;
    put_poison(&dynamo, "a1", "7", text(&at(9_000_000))).await;
    put_poison(&dynamo, "a1", "8", Some(AttributeValue::N("1000".to_owned()))).await;
    // This text sorts after every instant.
    put_poison(&dynamo, "a1", "9", text(&"yesterday")).await;
    fill(&dynamo.store, "a2", 1..=1).await;

    let recorded = Some(at(0)..at(9_000));
    for (scope, others) in [(Scope::TABLE, 1), (Scope::Aggregate("a1".to_owned()), 0)] {
        let request = ScanRequest { scope, recorded: recorded.clone(), ..EVERYTHING };
        let (delivered, _) = pages(&dynamo.store, request).await;
        let (sound, poison): (Vec<_>, Vec<_>) = delivered.into_iter().partition(|delivered| delivered.record.is_ok());
        assert_eq!(sound.len(), 4 + others);
        let poison = poison.into_iter().map(|delivered| (delivered.id, delivered.record.unwrap_err()));
        let poison: Vec<_> = poison.map(|(id, poison)| (id, poison.position, poison.cause)).collect();
        let expected = [
            ("a1@5".to_owned(), Some(("a1".to_owned(), 5)), "requestId is missing".to_owned()),
            ("a1@6.5".to_owned(), None, "version is out of range".to_owned()),
            ("a1@8".to_owned(), Some(("a1".to_owned(), 8)), "recordedAt is not a string".to_owned()),
        ];
        assert_eq!(poison, expected);
    }
    let everything = ids(&dynamo.store, EVERYTHING).await;
    assert_eq!(everything.len(), 10, "without a range, nothing is left out");
}

#[tokio::test]
async fn a_scan_costs_its_pages_and_a_consistent_one_twice_as_much() {
    let dynamo = dynamo().await;
    let mut large = book(1);
    // The 80 items have between 40 and 41 KB each and fill a little more than three pages.
    large.event.note = "n".repeat(40 * 1024);
    for number in 0..80 {
        run_with(&dynamo.store, &format!("a{number}"), "r", &large, |invocation| invocation.creates = true)
            .await
            .unwrap();
    }
    dynamo.meter.take();
    let mut consumed = Vec::new();
    for (consistent, recorded) in [(false, None), (true, None), (true, Some(at(0)..at(1)))] {
        let (found, pages) = pages(&dynamo.store, ScanRequest { consistent, recorded, ..EVERYTHING }).await;
        consumed.push((found.len(), pages, dynamo.meter.take().read_half_units()));
    }
    // 80 items of a little more than 40 KB cost a little more than 800 units, rounded up for each page. A page that may
    // be stale costs half.
    let [(80, 4, stale), (80, 4, consistent), (0, 4, filtered)] = consumed[..] else { panic!("{consumed:?}") };
    assert!((1_600..1_640).contains(&consistent), "{consistent}");
    assert!(stale.abs_diff(consistent / 2) <= 4, "{stale} of {consistent}");
    assert_eq!(filtered, consistent, "a filter saves nothing");
}

#[tokio::test]
async fn a_scan_of_a_table_that_is_not_there_is_refused() {
    let dynamo = dynamo().await;
    let store = DynamoEventStore::new(dynamo.server.client(), "NoSuchTable");
    for (scope, name) in [(Scope::TABLE, "Scan"), (Scope::Aggregate("a1".to_owned()), "Query")] {
        let refused = store.scan::<Ledger>(&ScanRequest { scope, ..EVERYTHING }).await;
        assert!(matches!(refused, Err(StoreError::Table(TableError::Refused { operation, .. })) if operation == name));
    }
}

#[tokio::test]
async fn one_aggregate_is_a_query_of_what_it_has() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=3).await;
    fill(&dynamo.store, "a2", 1..=50).await;
    dynamo.meter.take();
    let found = ids(&dynamo.store, ScanRequest { scope: Scope::Aggregate("a1".to_owned()), ..EVERYTHING }).await;
    assert_eq!(found, ["a1@1", "a1@2", "a1@3"]);
    let reading = dynamo.meter.take();
    assert_eq!((reading.requests_of("Query"), reading.total_requests(), reading.read_half_units()), (1, 1, 2));
}
