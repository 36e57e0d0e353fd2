//! Appended commits, and reads of them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::{Appended, EventStore, Loaded, StoreError, Tags, UpTo};

use crate::ledger::{Account, Booked, Ledger, at, book, booked, fill, request, run, run_with};
use crate::{Dynamo, Store, dynamo};

async fn load(store: &impl Store, up_to: UpTo) -> Loaded<Ledger> {
    EventStore::<Ledger>::load(store, "a1", up_to).await.unwrap()
}

pub(crate) async fn what_was_appended_is_loaded(store: &impl Store) {
    run(store, "a1", "r1", &book(70)).await.unwrap();
    run(store, "a1", "r2", &book(-30)).await.unwrap();

    let loaded = load(store, UpTo::Head).await;
    assert_eq!(loaded.version, 2);
    assert_eq!(loaded.state, Account { balance: 40, entries: 2, last_deposit_at: 1 });
    let newest = loaded.newest().unwrap();
    assert_eq!(newest.request, request("r2", &format!("{:?}", booked(-30))));
    assert_eq!(newest.request.correlation_id, None, "the request's own id is no correlation id");
    assert_eq!(newest.events[0].event, booked(-30));
}

pub(crate) async fn an_aggregate_to_which_nothing_happened_is_absent(store: &impl Store) {
    fill(store, "a2", 1..=1).await;
    let loaded = load(store, UpTo::Head).await;
    assert!(!loaded.exists());
    assert_eq!(loaded.state, Account::default());
}

pub(crate) async fn a_version_is_taken_once(store: &impl Store) {
    let absent = Loaded::<Ledger>::absent("a1");
    let first = absent.next(&request("r1", "x"), vec![booked(1)], at(1));
    let second = absent.next(&request("r2", "y"), vec![booked(2)], at(2));
    assert_eq!(store.append(&first).await.unwrap(), Appended::Written { oversized_snapshot: None });
    assert_eq!(store.append(&second).await.unwrap(), Appended::Occupied(first.commit));
    assert_eq!(load(store, UpTo::Head).await.state.balance, 1);
}

pub(crate) async fn every_past_version_can_be_loaded(store: &impl Store) {
    fill(store, "a1", 1..=30).await;
    for version in 1..=30 {
        let then = load(store, UpTo::Version(version)).await;
        assert_eq!((then.version, then.state.entries), (version, version));
    }
    assert_eq!(load(store, UpTo::Version(99)).await.version, 30);
    assert!(!load(store, UpTo::Version(0)).await.exists());
}

pub(crate) async fn commits_are_read_in_order_from_any_version(store: &impl Store) {
    fill(store, "a1", 1..=12).await;
    for (after, limit, expected) in
        [(0, None, 1..=12), (3, Some(4), 4..=7), (10, Some(10), 11..=12), (0, Some(1), 1..=1)]
    {
        let commits = EventStore::<Ledger>::commits(store, "a1", after, limit).await.unwrap();
        let versions: Vec<u64> = commits.iter().map(|commit| commit.version).collect();
        assert_eq!(versions, expected.collect::<Vec<_>>());
    }
    assert!(EventStore::<Ledger>::commits(store, "a1", 12, None).await.unwrap().is_empty());
    assert!(EventStore::<Ledger>::commits(store, "a1", u64::MAX, None).await.unwrap().is_empty());
}

pub(crate) async fn time_rises_within_an_aggregate_whatever_the_clock_does(store: &impl Store) {
    let clocks: [fn() -> event_store::Timestamp; 4] = [|| at(5_000), || at(5_000), || at(1_000), || at(9_000)];
    for (index, clock) in clocks.into_iter().enumerate() {
        run_with(store, "a1", &format!("r{index}"), &book(1), |invocation| invocation.clock = clock).await.unwrap();
    }
    let commits = EventStore::<Ledger>::commits(store, "a1", 0, None).await.unwrap();
    let times: Vec<i64> = commits.iter().map(|commit| commit.recorded_at.epoch_ms()).collect();
    assert_eq!(times, [5_000, 5_001, 5_002, 9_000]);
}

pub(crate) async fn tags_of_the_first_commit_stand_on_every_later_one(store: &impl Store) {
    run(store, "a1", "r1", &book(70)).await.unwrap();
    run(store, "a1", "r2", &book(5)).await.unwrap();
    for commit in EventStore::<Ledger>::commits(store, "a1", 0, None).await.unwrap() {
        assert_eq!(commit.tags["openingBalance"], "70");
        assert_eq!(commit.tags["openedAt"], at(1_000).to_string());
    }
}

/// Returns the items of account a1, in order.
async fn items(dynamo: &Dynamo) -> Vec<HashMap<String, AttributeValue>> {
    let id = AttributeValue::S("a1".to_owned());
    let query = dynamo.server.client().query().table_name("OrderEvents").key_condition_expression("aggregateId = :id");
    query.expression_attribute_values(":id", id).send().await.unwrap().items.unwrap()
}

/// The store reads only the tags that the aggregate names.
#[tokio::test]
async fn an_attribute_that_a_tool_added_is_not_copied_onto_later_commits() {
    let dynamo = dynamo().await;
    run(&dynamo.store, "a1", "r1", &book(70)).await.unwrap();
    let mut touched = items(&dynamo).await.remove(0);
    touched.insert("ttl".to_owned(), AttributeValue::N("1".to_owned()));
    touched.insert("reviewedBy".to_owned(), AttributeValue::S("a tool".to_owned()));
    touched.insert("openedat".to_owned(), AttributeValue::S("another case".to_owned()));
    dynamo.server.client().put_item().table_name("OrderEvents").set_item(Some(touched)).send().await.unwrap();

    run(&dynamo.store, "a1", "r2", &book(5)).await.unwrap();
    run(&dynamo.store, "a1", "r3", &book(5)).await.unwrap();
    let opened_at = at(1_000).to_string();
    for commit in EventStore::<Ledger>::commits(&dynamo.store, "a1", 0, None).await.unwrap() {
        let tags: Vec<_> = commit.tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(tags, [("openedAt", opened_at.as_str()), ("openingBalance", "70")]);
    }
    for item in &items(&dynamo).await[1..] {
        assert!(["ttl", "reviewedBy", "openedat"].iter().all(|name| !item.contains_key(*name)), "{item:?}");
        assert!(item.contains_key("openedAt") && item.contains_key("openingBalance"), "{item:?}");
    }
}

#[tokio::test]
async fn an_attribute_does_not_stand_in_for_a_tag_that_is_missing() {
    let dynamo = dynamo().await;
    run(&dynamo.store, "a1", "r1", &book(70)).await.unwrap();
    let mut touched = items(&dynamo).await.remove(0);
    let opened_at = touched.remove("openedAt").unwrap();
    touched.insert("openedat".to_owned(), opened_at);
    dynamo.server.client().put_item().table_name("OrderEvents").set_item(Some(touched)).send().await.unwrap();

    run(&dynamo.store, "a1", "r2", &book(5)).await.unwrap();
    for commit in EventStore::<Ledger>::commits(&dynamo.store, "a1", 0, None).await.unwrap() {
        assert_eq!(commit.tags, Tags::from([("openingBalance".to_owned(), "70".to_owned())]));
    }
}

pub(crate) async fn a_tag_that_the_aggregate_does_not_name_is_not_written(store: &impl Store) {
    let mut new = Loaded::<Ledger>::absent("a1").next(&request("r1", "x"), vec![booked(1)], at(1));
    new.commit.tags.insert("unnamed".to_owned(), "x".to_owned());
    assert!(matches!(store.append(&new).await, Err(StoreError::Unwritable { version: 1, .. })));
}

pub(crate) async fn a_stream_beyond_one_megabyte_loads(store: &impl Store) {
    let store = store.clone().with_snapshots(event_store::snapshot::Policy::NEVER);
    let note = "n".repeat(40_000);
    for index in 0..40 {
        let mut command = book(1);
        command.event = Booked { cents: 1, note: note.clone() };
        run(&store, "a1", &format!("r{index}"), &command).await.unwrap();
    }
    let loaded = load(&store, UpTo::Head).await;
    assert_eq!((loaded.version, loaded.state.entries, loaded.snapshot_version()), (40, 40, 0));
    assert_eq!(EventStore::<Ledger>::commits(&store, "a1", 0, None).await.unwrap().len(), 40);
    run(&store, "a1", "one-more", &book(1)).await.unwrap();
}

pub(crate) async fn a_commit_beyond_the_item_limit_is_refused_whole(store: &impl Store) {
    let mut command = book(1);
    command.event.note = "n".repeat(410_000);
    let refused = run(store, "a1", "r1", &command).await;
    assert!(matches!(refused, Err(event_store::Failure::Store(StoreError::Unwritable { version: 1, .. }))));
    assert!(!load(store, UpTo::Head).await.exists());
}
