//! A snapshot saves reads and never changes a result.

use event_store::{
    Aggregate, CodecError, Decided, EncodedEvent, EventPosition, EventStore, Execution, Invocation, Loaded, Rules,
    Tags, Timestamp, UpTo, execute, snapshot,
};

use crate::Store;
use crate::ledger::{LaterLedger, Ledger, at, fill, request};

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

/// A state that grows by so many kilobytes with each event, until it no longer fits in a commit.
pub(crate) struct Hoard;

impl Aggregate for Hoard {
    type State = String;
    type Event = u64;
    const STATE_SCHEMA: u32 = 1;
    const TAGS: &'static [&'static str] = &[];

    fn evolve(mut hoard: String, kilobytes: &u64, _at: EventPosition) -> String {
        (0..*kilobytes).for_each(|_| hoard.push_str(&"x".repeat(1024)));
        hoard
    }

    fn tags(_first: &String, _recorded_at: Timestamp) -> Tags {
        Tags::new()
    }

    fn encode(kilobytes: &u64) -> Result<EncodedEvent, CodecError> {
        Ok(EncodedEvent { event_type: "Hoarded".to_owned(), schema_version: 1, data: (*kilobytes).into() })
    }

    fn decode(event: EncodedEvent) -> Result<u64, CodecError> {
        event.data.as_u64().ok_or_else(|| "not a number".into())
    }
}

/// Adds so many kilobytes.
struct Add(u64);

impl Rules<Hoard> for Add {
    type Refusal = std::convert::Infallible;

    fn authorize(&self, _hoard: &String) -> Result<(), Self::Refusal> {
        Ok(())
    }

    fn decide(&self, _hoard: &String) -> Result<Decided<u64>, Self::Refusal> {
        Ok(Decided::Append(vec![self.0]))
    }
}

async fn add(store: &impl EventStore<Hoard>, request_id: &str, kilobytes: u64) -> Execution<Hoard> {
    let request = request(request_id, "x");
    let invocation = Invocation {
        aggregate_id: "hoard",
        creates: false,
        request: &request,
        expected_versions: None,
        clock: || at(1_000),
    };
    execute::<Hoard, _, _>(store, invocation, &Add(kilobytes)).await.unwrap()
}

pub(crate) async fn a_due_snapshot_that_does_not_fit_is_left_out_and_reported(store: &impl Store) {
    let store = store.clone().with_snapshots(snapshot::Policy { when_free: false, every: 2 });
    assert_eq!(add(&store, "r1", 10).await.oversized_snapshot, None, "none is due");
    assert_eq!(add(&store, "r2", 10).await.oversized_snapshot, None, "it fits");
    assert_eq!(add(&store, "r3", 390).await.oversized_snapshot, None, "none is due");
    for (version, kilobytes) in [(4, 411), (5, 412), (6, 413)] {
        let execution = add(&store, &format!("r{version}"), 1).await;
        let bytes = execution.oversized_snapshot.unwrap();
        assert!(bytes > kilobytes * 1024 && bytes < (kilobytes + 1) * 1024, "{bytes} bytes at {version}");
        assert_eq!(execution.version, version, "the commit is written");
    }
    let replayed = add(&store, "r6", 1).await;
    assert_eq!((replayed.version, replayed.oversized_snapshot), (6, None), "nothing was written");
    let loaded: Loaded<Hoard> = EventStore::<Hoard>::load(&store, "hoard", UpTo::Head).await.unwrap();
    assert_eq!((loaded.version, loaded.snapshot_version(), loaded.state.len()), (6, 2, 413 * 1024));
}

pub(crate) async fn a_store_without_snapshots_misses_none(store: &impl Store) {
    let store = store.clone().with_snapshots(snapshot::Policy::NEVER);
    assert_eq!(add(&store, "r1", 500).await.oversized_snapshot, None);
    assert_eq!(add(&store, "r2", 500).await.oversized_snapshot, None);
}
