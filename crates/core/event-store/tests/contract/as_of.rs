//! The aggregate as it was at an instant.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::{EventStore, Loaded, StoreError, UpTo};

use crate::ledger::{LaterLedger, Ledger, at, book, booked, fill, request, run_with};
use crate::{Dynamo, Store, dynamo};

async fn load(store: &impl EventStore<Ledger>, epoch_ms: i64) -> Result<Loaded<Ledger>, StoreError> {
    store.load("a1", UpTo::Time(at(epoch_ms))).await
}

async fn version(store: &impl EventStore<Ledger>, epoch_ms: i64) -> u64 {
    let loaded = load(store, epoch_ms).await.unwrap();
    assert_eq!(loaded.state.entries, loaded.version, "at {epoch_ms} ms");
    loaded.version
}

pub(crate) async fn the_aggregate_at_a_time_is_the_newest_commit_up_to_it(store: &impl Store) {
    for (request_id, clock) in [("r1", (|| at(1_000)) as fn() -> _), ("r2", || at(2_000)), ("r3", || at(3_000))] {
        run_with(store, "a1", request_id, &book(1), |invocation| invocation.clock = clock).await.unwrap();
    }
    for (time, expected) in [(999, 0), (1_000, 1), (1_999, 1), (2_000, 2), (2_999, 2), (3_000, 3), (9_000, 3)] {
        assert_eq!(version(store, time).await, expected, "at {time} ms");
    }
}

pub(crate) async fn an_aggregate_of_one_commit_is_absent_before_it(store: &impl Store) {
    fill(store, "a1", 1..=1).await;
    for (time, expected) in [(i64::from(i32::MIN), 0), (999, 0), (1_000, 1), (1_001, 1)] {
        assert_eq!(version(store, time).await, expected, "at {time} ms");
    }
}

pub(crate) async fn an_unknown_aggregate_is_absent_at_every_instant(store: &impl Store) {
    fill(store, "a2", 1..=3).await;
    assert_eq!(version(store, 9_000).await, 0);
}

/// Writes commits 1 to 10 with this release, at 1,000 ms and each millisecond after. Version 11 comes from a later
/// release, with an event that this release does not know. Versions 12 to 20 are again in the format of this release.
pub(crate) async fn unreadable_from_version_11(store: &impl Store) {
    fill(store, "a1", 1..=10).await;
    for version in 11..=20 {
        let loaded: Loaded<LaterLedger> = EventStore::<LaterLedger>::load(store, "a1", UpTo::Head).await.unwrap();
        let mut event = booked(1);
        if version == 11 {
            event.note = "new".to_owned();
        }
        store.append(&loaded.next(&request(&format!("later-{version}"), "x"), vec![event], at(1_000))).await.unwrap();
    }
}

pub(crate) async fn an_unreadable_commit_matters_only_where_it_is_folded(store: &impl Store) {
    unreadable_from_version_11(store).await;
    assert_eq!(version(store, 999).await, 0);
    for time in 1_000..1_010 {
        assert_eq!(version(store, time).await, u64::try_from(time - 999).unwrap());
    }
    for time in [1_010, 1_011, 1_019, 9_000] {
        let refused = load(store, time).await.err();
        assert!(matches!(refused, Some(StoreError::Unreadable { version: 11, .. })), "at {time} ms: {refused:?}");
    }
}

/// Replaces or removes the `recordedAt` of a commit.
async fn damage(dynamo: &Dynamo, version: u64, recorded_at: Option<AttributeValue>) {
    let client = dynamo.server.client();
    let key = HashMap::from([
        ("aggregateId".to_owned(), AttributeValue::S("a1".to_owned())),
        ("version".to_owned(), AttributeValue::N(version.to_string())),
    ]);
    let stored = client.get_item().table_name("OrderEvents").set_key(Some(key)).send().await.unwrap();
    let mut item = stored.item.unwrap();
    item.remove("recordedAt");
    item.extend(recorded_at.map(|value| ("recordedAt".to_owned(), value)));
    client.put_item().table_name("OrderEvents").set_item(Some(item)).send().await.unwrap();
}

#[tokio::test]
async fn a_commit_whose_time_cannot_be_read_is_named() {
    let damages =
        [None, Some(AttributeValue::N("1000".to_owned())), Some(AttributeValue::S("yesterday at noon".to_owned()))];
    for damaged in damages {
        for (version, time) in [(1, 500), (5, 1_004), (9, 1_010)] {
            let dynamo = dynamo().await;
            fill(&dynamo.store, "a1", 1..=9).await;
            damage(&dynamo, version, damaged.clone()).await;
            let refused = load(&dynamo.store, time).await.err();
            let named = matches!(&refused, Some(StoreError::Unreadable { version: named, .. }) if *named == version);
            assert!(named, "{version}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn a_commit_whose_time_is_not_needed_may_be_unreadable() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=9).await;
    damage(&dynamo, 7, None).await;
    assert_eq!(version(&dynamo.store, 999).await, 0);
    assert_eq!(version(&dynamo.store, 1_004).await, 5);
}

#[tokio::test]
async fn a_version_that_is_missing_on_the_search_path_is_named() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=9).await;
    let key = [("aggregateId", AttributeValue::S("a1".to_owned())), ("version", AttributeValue::N("5".to_owned()))];
    let mut delete = dynamo.server.client().delete_item().table_name("OrderEvents");
    for (name, value) in key {
        delete = delete.key(name, value);
    }
    delete.send().await.unwrap();
    let refused = load(&dynamo.store, 1_004).await.err();
    assert!(matches!(refused, Some(StoreError::Unreadable { version: 5, .. })), "{refused:?}");
}
