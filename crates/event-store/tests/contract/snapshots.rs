//! A snapshot saves reading, and never changes an answer.

use event_store::{EventStore, UpTo, snapshot};

use crate::Store;
use crate::ledger::{LaterLedger, Ledger, fill};

pub(crate) async fn a_load_rests_on_the_newest_snapshot(store: &impl Store) {
    fill(store, "a1", 1..=10).await;
    let loaded = EventStore::<Ledger>::load(store, "a1", UpTo::Head).await.unwrap();
    assert_eq!((loaded.snapshot_version(), loaded.state.entries), (10, 10));
}

pub(crate) async fn a_snapshot_of_another_schema_is_walked_past(store: &impl Store) {
    fill(store, "a1", 1..=50).await;
    let later = EventStore::<LaterLedger>::load(store, "a1", UpTo::Head).await.unwrap();
    let now = EventStore::<Ledger>::load(store, "a1", UpTo::Head).await.unwrap();
    assert_eq!((later.snapshot_version(), &later.state), (0, &now.state));
    assert_eq!(later.candidates("fill-17").collect::<Vec<_>>(), now.candidates("fill-17").collect::<Vec<_>>());
}

pub(crate) async fn a_stream_without_any_snapshot_loads(store: &impl Store) {
    let store = store.clone().with_snapshots(snapshot::Policy::NEVER);
    fill(&store, "a1", 1..=70).await;
    let loaded = EventStore::<Ledger>::load(&store, "a1", UpTo::Head).await.unwrap();
    assert_eq!((loaded.version, loaded.snapshot_version(), loaded.state.entries), (70, 0, 70));
    assert_eq!(loaded.candidates("fill-7").collect::<Vec<_>>(), [7]);
    assert_eq!(loaded.candidates("fill-6").count(), 0);
}
