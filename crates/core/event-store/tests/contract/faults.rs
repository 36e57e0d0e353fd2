//! Faults between the SDK and DynamoDB. The SDK's own retries are active.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::body::SdkBody;
use event_store::{Appended, DynamoEventStore, EventStore, Failure, Loaded, Outcome, StoreError, TableError, UpTo};

use crate::dynamo;
use crate::ledger::{Ledger, at, book, booked, fill, request, run, run_with};

/// Turns so many responses of DynamoDB into a 500, after DynamoDB has executed the requests.
#[derive(Debug, Clone)]
struct LoseAnswers(Arc<AtomicU32>);

#[dyn_dispatch_hint]
impl Intercept for LoseAnswers {
    fn name(&self) -> &'static str {
        "LoseAnswers"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let take_one = |left: u32| left.checked_sub(1);
        if self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take_one).is_ok() {
            *context.response_mut() = HttpResponse::new(500.try_into()?, SdkBody::empty());
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_write_that_lost_its_answer_is_recognised_when_the_sdk_repeats_it() {
    let dynamo = dynamo().await;
    let losing = LoseAnswers(Arc::new(AtomicU32::new(0)));
    let client = Client::from_conf(dynamo.server.config().interceptor(losing.clone()).build());
    let store = DynamoEventStore::new(client, "OrderEvents");
    // A creation reads nothing first, so the lost response is that of its write.
    losing.0.store(1, Ordering::SeqCst);
    let created = run_with(&store, "a1", "r1", &book(70), |invocation| invocation.creates = true).await.unwrap();
    assert_eq!(losing.0.load(Ordering::SeqCst), 0, "the fault fired");
    assert_eq!((created.outcome, created.version), (Outcome::Recorded, 1));

    let absent = Loaded::<Ledger>::absent("a2").next(&request("r2", "x"), vec![booked(70)], at(1_000));
    losing.0.store(1, Ordering::SeqCst);
    let appended = store.append(&absent).await.unwrap();
    assert_eq!(losing.0.load(Ordering::SeqCst), 0, "the fault fired");
    assert_eq!(appended, Appended::Occupied(absent.commit), "the commit that stands is our own");

    let loaded = EventStore::<Ledger>::load(&dynamo.store, "a1", UpTo::Head).await.unwrap();
    assert_eq!((loaded.version, loaded.state.balance), (1, 70), "it is recorded once");
}

#[tokio::test]
async fn a_write_whose_every_answer_is_lost_is_found_by_the_callers_retry() {
    let dynamo = dynamo().await;
    let losing = LoseAnswers(Arc::new(AtomicU32::new(u32::MAX)));
    let client = Client::from_conf(dynamo.server.config().interceptor(losing).build());
    let (store, command) = (DynamoEventStore::new(client, "OrderEvents"), book(70));
    let lost = run_with(&store, "a1", "r1", &command, |invocation| invocation.creates = true);
    let Err(Failure::Store(StoreError::Table(error))) = lost.await else { panic!("an answer arrived") };
    assert!(matches!(error, TableError::Unavailable { operation: "PutItem", .. }), "{error}");

    let retried = run(&dynamo.store, "a1", "r1", &book(70)).await.unwrap();
    assert_eq!((retried.outcome, retried.version, retried.state.balance), (Outcome::Replayed, 1, 70));
}

#[tokio::test]
async fn a_table_that_is_not_there_is_refused_and_no_outage() {
    let dynamo = dynamo().await;
    let store = DynamoEventStore::new(dynamo.server.client(), "NoSuchTable");
    let refused = run(&store, "a1", "r1", &book(70)).await;
    let Err(Failure::Store(StoreError::Table(error))) = refused else { panic!("a missing table is refused") };
    assert!(matches!(error, TableError::Refused { operation: "Query", .. }), "{error}");
    assert_eq!(error.to_string(), "Query was refused by the store");
}

#[tokio::test]
async fn a_snapshot_that_does_not_decode_is_walked_past() {
    let dynamo = dynamo().await;
    fill(&dynamo.store, "a1", 1..=12).await;
    let sound = load(&dynamo.store).await;
    assert_eq!(sound.snapshot_version(), 12);
    let client = dynamo.server.client();
    let key = HashMap::from([
        ("aggregateId".to_owned(), AttributeValue::S("a1".to_owned())),
        ("version".to_owned(), AttributeValue::N("12".to_owned())),
    ]);
    let stored = client.get_item().table_name("OrderEvents").set_key(Some(key)).send().await.unwrap().item.unwrap();
    let Some(AttributeValue::B(sound_bytes)) = stored.get("snapshot") else { panic!("no snapshot") };
    let sound_bytes = sound_bytes.as_ref();
    let binary = |bytes: &[u8]| AttributeValue::B(Blob::new(bytes));
    let (head, ring) = (2, 12 * 3);
    let damages = [
        ("no state", binary(&sound_bytes[..head + ring])),
        ("a state that is none", binary(&[&sound_bytes[..head + ring], &[0xc1, 0xff, 0x00]].concat())),
        ("a request too few", binary(&[&sound_bytes[..head + ring - 3], &sound_bytes[head + ring..]].concat())),
        ("cut within the requests", binary(&sound_bytes[..head + 5])),
        ("cut within the schema", binary(&sound_bytes[..1])),
        ("nothing", binary(&[])),
        ("another schema", binary(&[&[0, 7], &sound_bytes[head..]].concat())),
        ("a text", AttributeValue::S("text".to_owned())),
        ("a map", AttributeValue::M(HashMap::new())),
    ];
    for (what, damage) in damages {
        let mut damaged = stored.clone();
        assert!(damaged.insert("snapshot".to_owned(), damage.clone()).is_some());
        client.put_item().table_name("OrderEvents").set_item(Some(damaged)).send().await.unwrap();
        let loaded = load(&dynamo.store).await;
        assert_eq!(loaded.snapshot_version(), 11, "{what}: {damage:?}");
        assert_eq!((loaded.version, &loaded.state), (12, &sound.state), "{what}: {damage:?}");
        assert_eq!(loaded.candidates("fill-3").collect::<Vec<_>>(), [3]);
    }
}

async fn load(store: &DynamoEventStore) -> Loaded<Ledger> {
    store.load("a1", UpTo::Head).await.unwrap()
}
