//! Properties of every history and every item.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;

use event_store::{
    Aggregate, CodecError, Decided, EncodedEvent, EventPosition, EventStore, Failure, Fingerprint, InMemoryEventStore,
    Invocation, Loaded, Outcome, Request, Rules, StoreError, Tags, Timestamp, UpTo, execute, item, snapshot,
};
use proptest::prelude::*;
use serde_dynamo::{AttributeValue, Item};

/// Versions with the values written in them.
type Entries = Vec<(u64, i64)>;

/// A state that keeps every event, in order.
struct Diary;

impl Aggregate for Diary {
    type State = Entries;
    type Event = i64;
    const STATE_SCHEMA: u32 = 1;
    const TAGS: &'static [&'static str] = &["kept"];

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

/// The same diary in a release that cannot read a negative entry.
struct Positive;

impl Aggregate for Positive {
    type State = Entries;
    type Event = i64;
    const STATE_SCHEMA: u32 = Diary::STATE_SCHEMA;
    const TAGS: &'static [&'static str] = Diary::TAGS;

    fn evolve(diary: Self::State, event: &i64, at: EventPosition) -> Self::State {
        Diary::evolve(diary, event, at)
    }

    fn tags(first: &Self::State, recorded_at: Timestamp) -> Tags {
        Diary::tags(first, recorded_at)
    }

    fn encode(event: &i64) -> Result<EncodedEvent, CodecError> {
        Diary::encode(event)
    }

    fn decode(event: EncodedEvent) -> Result<i64, CodecError> {
        Diary::decode(event).and_then(|entry| if entry < 0 { Err("negative".into()) } else { Ok(entry) })
    }
}

/// The rules of a diary: every entry is accepted.
struct Write(i64);

impl Rules<Diary> for Write {
    type Refusal = std::convert::Infallible;

    fn authorize(&self, _diary: &Entries) -> Result<(), Self::Refusal> {
        Ok(())
    }

    fn decide(&self, _diary: &Entries) -> Result<Decided<i64>, Self::Refusal> {
        Ok(Decided::Append(vec![self.0]))
    }
}

fn invocation(request: &Request) -> Invocation<'_> {
    let clock = || Timestamp::from_epoch_ms(0).unwrap();
    Invocation { aggregate_id: "d", creates: false, request, expected_versions: None, clock }
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

/// Appends commits of several events each, at the given clock times. Returns the fold of all of them.
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

/// Returns a value that an attribute must not have.
fn damage() -> impl Strategy<Value = Option<AttributeValue>> {
    prop_oneof![
        Just(None),
        ".{0,8}".prop_map(|text| Some(AttributeValue::S(text))),
        "-?[0-9e.]{0,30}".prop_map(|digits| Some(AttributeValue::N(digits))),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Some(AttributeValue::B(bytes))),
        Just(Some(AttributeValue::Null(true))),
        Just(Some(AttributeValue::L(vec![AttributeValue::Bool(true)]))),
        Just(Some(AttributeValue::M(HashMap::new()))),
    ]
}

/// Returns a commit in its stored form, with a snapshot.
fn stored() -> HashMap<String, AttributeValue> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |digits: &str| AttributeValue::N(digits.to_owned());
    let map = |entries: Vec<(&str, AttributeValue)>| {
        entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<HashMap<_, _>>()
    };
    let event = map(vec![
        ("eventId", text("862234ae-6963-5d14-ae93-9561e6747ad9")),
        ("eventType", text("Wrote")),
        ("schemaVersion", number("1")),
        ("data", number("5")),
    ]);
    map(vec![
        ("aggregateId", text("d")),
        ("version", number("1")),
        ("recordedAt", text("2026-11-21T09:30:00.123Z")),
        ("actor", text("someone")),
        ("requestId", text("r")),
        ("requestHash", AttributeValue::B(vec![0; 16])),
        ("correlationId", text("c")),
        ("events", AttributeValue::L(vec![AttributeValue::M(event)])),
    ])
}

fn set(map: &mut HashMap<String, AttributeValue>, name: &str, value: Option<AttributeValue>) {
    match value {
        Some(value) => map.insert(name.to_owned(), value),
        None => map.remove(name),
    };
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Invariants I5 and I7.
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

    /// The definition: the newest commit recorded at the instant or before it. The result is unreadable if a commit to
    /// fold is unreadable.
    #[test]
    fn an_instant_shows_the_newest_commit_recorded_at_it_or_before(
        commits in prop::collection::vec((prop::collection::vec(-1i64..30, 1..3), -10_000_000i64..10_000_000), 1..40),
        elsewhere in -20_000_000i64..20_000_000,
    ) {
        let store = InMemoryEventStore::default().with_snapshots(snapshot::Policy::NEVER);
        runtime().block_on(async {
            write(&store, &commits).await;
            let recorded = EventStore::<Diary>::commits(&store, "d", 0, None).await.unwrap();
            let around = recorded.iter().map(|commit| commit.recorded_at.epoch_ms()).flat_map(|at| [at - 1, at, at + 1]);
            for instant in around.chain([elsewhere]) {
                let instant = Timestamp::from_epoch_ms(instant).unwrap();
                let then: Vec<_> = recorded.iter().filter(|commit| commit.recorded_at <= instant).collect();
                let loaded: Loaded<Diary> = store.load("d", UpTo::Time(instant)).await.unwrap();
                prop_assert_eq!(loaded.version, then.last().map_or(0, |commit| commit.version));
                let negative = then.iter().rev().find(|commit| commit.events.iter().any(|entry| entry.event < 0));
                let read: Result<Loaded<Positive>, _> = store.load("d", UpTo::Time(instant)).await;
                match (read, negative) {
                    (Ok(read), None) => prop_assert_eq!((read.version, read.state), (loaded.version, loaded.state)),
                    (Err(StoreError::Unreadable { version, .. }), Some(commit)) => {
                        prop_assert_eq!(version, commit.version);
                    }
                    (read, negative) => {
                        prop_assert!(false, "{:?} where {:?} is unreadable", read.map(|read| read.version), negative);
                    }
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_stored_commit_with_one_attribute_damaged_is_read_as_it_stands_or_refused(
        name in prop::sample::select(vec!["aggregateId", "version", "recordedAt", "actor", "requestId", "requestHash",
            "correlationId", "causationId", "events", "anything"]),
        of_the_event in prop::option::of(prop::sample::select(vec!["eventId", "eventType", "schemaVersion", "data"])),
        value in damage(),
    ) {
        prop_assert!(item::decode::<Diary>(Item::from(stored())).is_ok(), "undamaged it is read");
        let mut attributes = stored();
        if let Some(name) = of_the_event {
            let Some(AttributeValue::L(events)) = attributes.get_mut("events") else { panic!("no events") };
            let AttributeValue::M(event) = &mut events[0] else { panic!("no event") };
            set(event, name, value.clone());
        } else {
            set(&mut attributes, name, value.clone());
        }
        let expected_to_be_read = match (of_the_event, name, &value) {
            // These attributes may be absent, and these values are valid for any tag or text.
            (None, "correlationId" | "causationId", None | Some(AttributeValue::S(_)))
            | (None, "anything", _)
            | (None, "actor" | "requestId" | "aggregateId", Some(AttributeValue::S(_)))
            | (Some("eventType"), _, Some(AttributeValue::S(_))) => true,
            (None, "version", Some(AttributeValue::N(digits))) => {
                digits.parse().is_ok_and(|version: u64| (1..1 << 53).contains(&version))
            }
            (None, "requestHash", Some(AttributeValue::B(bytes))) => bytes.len() == 16,
            (Some("schemaVersion"), _, Some(AttributeValue::N(digits))) => digits.parse::<u32>().is_ok(),
            (Some("data"), _, Some(AttributeValue::N(digits))) => digits.parse::<i64>().is_ok(),
            _ => false,
        };
        let read = item::decode::<Diary>(Item::from(attributes));
        prop_assert_eq!(read.is_ok(), expected_to_be_read, "{:?} {:?}: {:?}", of_the_event.unwrap_or(name), value, read);
    }

    /// Invariant I6: an aggregate and a request id have one outcome.
    #[test]
    fn a_request_id_has_one_commit_and_one_answer(requests in prop::collection::vec((0usize..6, 1i64..4), 1..50)) {
        let store = InMemoryEventStore::default();
        let mut answers: HashMap<usize, (i64, u64, Entries)> = HashMap::new();
        runtime().block_on(async {
            for (id, event) in requests {
                let request = Request { fingerprint: Fingerprint::of(&event.to_be_bytes()), ..request(id) };
                let result = execute::<Diary, _, _>(&store, invocation(&request), &Write(event)).await;
                match (answers.get(&id), result) {
                    (None, Ok(first)) => {
                        prop_assert_eq!(first.outcome, Outcome::Recorded);
                        answers.insert(id, (event, first.version, first.state));
                    }
                    (Some((asked, version, state)), Ok(again)) => {
                        prop_assert_eq!((again.outcome, asked), (Outcome::Replayed, &event));
                        prop_assert_eq!((&again.version, &again.state), (version, state));
                    }
                    (Some((asked, ..)), Err(Failure::RequestIdReused)) => prop_assert_ne!(*asked, event),
                    (_, Err(other)) => prop_assert!(false, "{}", other),
                }
            }
            let commits = EventStore::<Diary>::commits(&store, "d", 0, None).await.unwrap();
            prop_assert_eq!(commits.len(), answers.len());
            Ok(())
        })?;
    }
}

#[test]
fn a_version_is_one_that_another_can_follow() {
    for (version, is_one) in [("0", false), ("1", true), ("9007199254740991", true), ("9007199254740992", false)] {
        let item = stored()
            .into_iter()
            .chain([("version".to_owned(), AttributeValue::N(version.to_owned()))])
            .collect::<HashMap<_, _>>();
        assert_eq!(item::decode::<Diary>(Item::from(item)).is_ok(), is_one, "{version}");
    }
}
