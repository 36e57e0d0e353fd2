//! The items of one order's commits, newest first and with snapshots, as an array in DynamoDB's JSON.

use event_store::snapshot::Policy;
use event_store::{EventStore, Fingerprint, InMemoryEventStore, Loaded, Request, StoreError, Timestamp, UpTo, item};
use order_aggregate::{OrderCommit, Orders};
use order_domain::{Event, Order, stored};
use serde_dynamo::Item;
use serde_json::{Value, json};

use crate::table::Table;

thread_local! {
    static TABLE: Table = Table::new();
}

/// Reads each item, and loads the order from the items. If the order exists, appends to it and loads it again.
pub fn stored_items(input: &[u8]) {
    let Ok(items) = serde_json::from_slice::<Vec<Value>>(input) else { return };
    // Limits the input to items that DynamoDB can return. A value of a type that the SDK does not know would panic in
    // serde_dynamo.
    let Ok(known) = items.iter().cloned().map(serde_json::from_value::<Item>).collect::<Result<Vec<_>, _>>() else {
        return;
    };
    let commits: Vec<_> = known.into_iter().map(decoded).collect();
    TABLE.with(|table| {
        let with = table.load(&items);
        let without = table.load(&items.iter().cloned().map(without_snapshot).collect::<Vec<_>>());
        if let Ok(folded) = &without {
            assert_eq!(folded.snapshot_version(), 0);
            assert_eq!(folded.state, fold(folded.version, commits), "a load is a fold");
            assert!(with.is_ok(), "a snapshot is a cache: it costs no order its life");
        }
        if let Ok(loaded) = with {
            table.runtime.block_on(goes_on(&loaded)).unwrap();
        }
    });
}

/// Returns the commit in an item, if there is one.
fn decoded(item: Item) -> Option<OrderCommit> {
    let position = item::key_of(&item);
    let commit = item::decode::<Orders>(item).ok()?;
    assert_eq!(position, Some((commit.aggregate_id.clone(), commit.version)), "one item, one position");
    assert!(commit.version > 0 && !commit.events.is_empty());
    assert_eq!(commit.recorded_at.to_string().parse(), Ok(commit.recorded_at));
    Some(commit)
}

fn without_snapshot(mut item: Value) -> Value {
    if let Some(attributes) = item.as_object_mut() {
        attributes.remove("snapshot");
    }
    item
}

/// Folds the commits from the first one up to that version. The commits are given newest first.
fn fold(version: u64, commits: Vec<Option<OrderCommit>>) -> Order {
    let walked = commits.into_iter().take(usize::try_from(version).unwrap()).flatten();
    let oldest_first = walked.collect::<Vec<_>>().into_iter().rev();
    oldest_first.fold(Order::default(), |order, commit| commit.apply_to::<Orders>(order))
}

/// Checks that the next commit is written with a snapshot, and that the snapshot is read back unchanged.
async fn goes_on(loaded: &Loaded<Orders>) -> Result<(), StoreError> {
    let request = Request {
        request_id: "request".to_owned(),
        fingerprint: Fingerprint::of(b""),
        actor: "actor".to_owned(),
        correlation_id: None,
        causation_id: None,
    };
    let next = loaded.next(&request, vec![paid()], Timestamp::now());
    assert_eq!(next.commit.version, loaded.version + 1);
    let memory = InMemoryEventStore::default().with_snapshots(Policy { when_free: true, every: 1 });
    match EventStore::<Orders>::append(&memory, &next).await {
        Ok(_) => {}
        // Tags or a state that exceed the size of an item are rejected, and nothing is written.
        Err(StoreError::Unwritable { .. }) => return Ok(()),
        Err(error) => return Err(error),
    }
    let again = EventStore::<Orders>::load(&memory, &loaded.aggregate_id, UpTo::Head).await?;
    assert_eq!((again.version, &again.state), (next.commit.version, &next.state));
    assert_eq!(again.newest(), Some(&next.commit));
    assert!(again.candidates("request").any(|version| version == again.version), "a repeat is recognised");
    Ok(())
}

fn paid() -> Event {
    stored::decode("PaymentReceived", 1, json!({ "paymentId": "payment", "amount": 1 })).unwrap()
}
