//! What must hold for every history and every item, found by trying many.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::HashMap;

use event_store::{
    Aggregate, CodecError, EncodedEvent, EventPosition, EventStore, Fingerprint, InMemoryEventStore, Loaded, Request,
    Tags, Timestamp, UpTo, item, snapshot,
};
use proptest::prelude::*;
use serde_dynamo::{AttributeValue, Item};

/// Remembers everything that happened, in order.
struct Diary;

impl Aggregate for Diary {
    type State = Vec<(u64, i64)>;
    type Event = i64;
    const STATE_SCHEMA: u32 = 1;

    fn evolve(mut diary: Self::State, event: &i64, at: EventPosition) -> Self::State {
        diary.push((at.version, *event));
        diary
    }

    fn tags(_first: &Self::State, _recorded_at: Timestamp) -> Tags {
        Tags::from([("kept".to_owned(), "yes".to_owned())])
    }

    fn encode(event: &i64) -> Result<EncodedEvent, CodecError> {
        Ok(EncodedEvent { event_type: "Wrote".to_owned(), schema_version: 1, data: (*event).into() })
    }

    fn decode(event: EncodedEvent) -> Result<i64, CodecError> {
        event.data.as_i64().ok_or_else(|| "not an integer".into())
    }
}

fn request(number: usize) -> Request {
    Request {
        request_id: format!("r{number}"),
        fingerprint: Fingerprint::of(&number.to_be_bytes()),
        actor: "someone".to_owned(),
        correlation_id: number.is_multiple_of(2).then(|| "correlation".to_owned()),
        causation_id: number.is_multiple_of(3).then(|| "causation".to_owned()),
    }
}

/// Appends commits of several events each, at whatever the clock says, and gives the fold of all of them.
async fn write(store: &InMemoryEventStore, commits: &[(Vec<i64>, i64)]) -> Vec<(u64, i64)> {
    let mut fold = Vec::new();
    for (number, (events, clock)) in commits.iter().enumerate() {
        let loaded: Loaded<Diary> = store.load("d", UpTo::Head).await.unwrap();
        let new = loaded.next(&request(number), events.clone(), Timestamp::from_epoch_ms(*clock).unwrap());
        fold.extend(events.iter().map(|event| (loaded.version + 1, *event)));
        store.append(&new).await.unwrap();
    }
    fold
}

fn histories() -> impl Strategy<Value = Vec<(Vec<i64>, i64)>> {
    prop::collection::vec((prop::collection::vec(any::<i64>(), 1..4), -10_000_000i64..10_000_000), 1..40)
}

fn attribute() -> impl Strategy<Value = AttributeValue> {
    let leaf = prop_oneof![
        ".{0,8}".prop_map(AttributeValue::S),
        "-?[0-9e.]{0,30}".prop_map(AttributeValue::N),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null(true)),
    ];
    let names =
        prop::sample::select(vec!["eventId", "eventType", "schemaVersion", "data", "schema", "state", "requests"]);
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(AttributeValue::L),
            prop::collection::hash_map(names.clone().prop_map(str::to_owned), inner, 0..5).prop_map(AttributeValue::M),
        ]
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn versions_are_gapless_time_rises_and_every_load_is_the_fold(
        commits in histories(), every in 1u64..25, when_free: bool,
    ) {
        let store = InMemoryEventStore::default().with_snapshots(snapshot::Policy { when_free, every });
        runtime().block_on(async {
            let fold = write(&store, &commits).await;
            let recorded = EventStore::<Diary>::commits(&store, "d", 0, None).await.unwrap();
            prop_assert!((1..).zip(&recorded).all(|(version, commit)| commit.version == version));
            prop_assert!(recorded.windows(2).all(|pair| pair[0].recorded_at < pair[1].recorded_at));
            for commit in &recorded {
                let then: Loaded<Diary> = store.load("d", UpTo::Version(commit.version)).await.unwrap();
                let expected: Vec<_> = fold.iter().filter(|(version, _)| *version <= commit.version).copied().collect();
                prop_assert_eq!(&then.state, &expected);
                let at_that_time: Loaded<Diary> = store.load("d", UpTo::Time(commit.recorded_at)).await.unwrap();
                prop_assert_eq!(at_that_time.state, expected);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_stored_item_of_any_shape_is_read_or_refused_and_never_panics(
        mut attributes in prop::collection::hash_map(
            prop::sample::select(vec!["aggregateId", "version", "recordedAt", "events", "actor", "requestId",
                "requestHash", "correlationId", "snapshot", "anything"]).prop_map(str::to_owned),
            attribute(), 0..10),
        well_formed: bool,
    ) {
        if well_formed {
            attributes.extend(HashMap::from([
                ("aggregateId".to_owned(), AttributeValue::S("d".to_owned())),
                ("version".to_owned(), AttributeValue::N("7".to_owned())),
                ("recordedAt".to_owned(), AttributeValue::S("2026-11-21T09:30:00.123Z".to_owned())),
                ("actor".to_owned(), AttributeValue::S("someone".to_owned())),
                ("requestId".to_owned(), AttributeValue::S("r".to_owned())),
                ("requestHash".to_owned(), AttributeValue::B(vec![0; 16])),
            ]));
        }
        let item = Item::from(attributes);
        let _ = item::key_of(&item);
        if let Ok(commit) = item::decode::<Diary>(item) {
            prop_assert!(!commit.events.is_empty());
        }
    }

    #[test]
    fn a_timestamp_reads_back_as_it_was_written(epoch_ms in -62_135_596_800_000i64..=253_402_207_200_999) {
        let instant = Timestamp::from_epoch_ms(epoch_ms).unwrap();
        prop_assert_eq!(instant.to_string().parse(), Ok(instant));
        prop_assert_eq!(instant.to_string().len(), 24);
    }

    #[test]
    fn texts_of_timestamps_are_in_the_order_of_the_instants(a in 0i64..253_402_207_200_999, b in 0i64..253_402_207_200_999) {
        let (one, other) = (Timestamp::from_epoch_ms(a).unwrap(), Timestamp::from_epoch_ms(b).unwrap());
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }
}
