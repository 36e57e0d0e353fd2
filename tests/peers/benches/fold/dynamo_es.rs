//! The same orders in dynamo-es: the same events and the same fold, in its event store.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{
    PersistedEventRepository, PersistedEventStore, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot,
};
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, EventStore};
use dynamo_es::DynamoEventRepository;
use embedded_dynamodb::EmbeddedDynamoDb;
use order_domain::event::{ItemDelivered, ItemReturned, ItemShipped, OrderPlaced, PaymentReceived};
use order_domain::{Event, EventRef, Order, evolve, stored};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::processor_time;

const TABLE: &str = "Events";

/// The order as an aggregate of cqrs-es. It does not know its version, so it counts the events.
#[derive(Debug, Default, Serialize, Deserialize)]
struct PeerOrder {
    order: Order,
    version: u64,
}

/// The events of this benchmark, in the form that cqrs-es expects: an enum that serde can write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum PeerEvent {
    OrderPlaced(OrderPlaced),
    PaymentReceived(PaymentReceived),
    ItemShipped(ItemShipped),
    ItemDelivered(ItemDelivered),
    ItemReturned(ItemReturned),
}

impl PeerEvent {
    fn of(event: &Event) -> Option<Self> {
        match event.clone() {
            Event::OrderPlaced(event) => Some(Self::OrderPlaced(event)),
            Event::PaymentReceived(event) => Some(Self::PaymentReceived(event)),
            Event::ItemShipped(event) => Some(Self::ItemShipped(event)),
            Event::ItemDelivered(event) => Some(Self::ItemDelivered(event)),
            Event::ItemReturned(event) => Some(Self::ItemReturned(event)),
            Event::PaymentCorrected(_)
            | Event::PaymentRefunded(_)
            | Event::ItemsCancelled(_)
            | Event::OrderCancelled(_) => None,
        }
    }

    fn event(self) -> Event {
        match self {
            Self::OrderPlaced(event) => Event::OrderPlaced(event),
            Self::PaymentReceived(event) => Event::PaymentReceived(event),
            Self::ItemShipped(event) => Event::ItemShipped(event),
            Self::ItemDelivered(event) => Event::ItemDelivered(event),
            Self::ItemReturned(event) => Event::ItemReturned(event),
        }
    }
}

impl DomainEvent for PeerEvent {
    fn event_type(&self) -> String {
        stored::event_type(&self.clone().event()).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for PeerOrder {
    type Command = ();
    type Event = PeerEvent;
    type Error = Infallible;
    type Services = ();
    const TYPE: &'static str = "order";

    async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), Infallible> {
        Ok(())
    }

    fn apply(&mut self, event: PeerEvent) {
        self.version += 1;
        let at = EventRef { event_id: Uuid::nil(), version: self.version };
        self.order = evolve(std::mem::take(&mut self.order), &event.event(), at);
    }
}

/// Creates the table that dynamo-es documents.
pub(crate) async fn create_table(client: &Client) {
    let mut create = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    for (name, key, kind) in [
        ("AggregateTypeAndId", KeyType::Hash, ScalarAttributeType::S),
        ("AggregateIdSequence", KeyType::Range, ScalarAttributeType::N),
    ] {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
        let key = KeySchemaElement::builder().attribute_name(name).key_type(key);
        create = create.attribute_definitions(attribute.build().unwrap()).key_schema(key.build().unwrap());
    }
    create.send().await.unwrap();
}

/// A recorded order.
pub(crate) struct Recorded {
    loaded: PersistedEventStore<DynamoEventRepository, PeerOrder>,
    in_memory: PersistedEventStore<InMemory, PeerOrder>,
    order: String,
    version: u64,
}

impl Recorded {
    /// Records events, each as one event of dynamo-es.
    pub(crate) async fn new(dynamodb: &EmbeddedDynamoDb, order: &str, events: &[Event]) -> Self {
        let repository = || DynamoEventRepository::new(dynamodb.client());
        let metadata = HashMap::from([("actor".to_owned(), "order-desk".to_owned())]);
        let envelope = |(sequence, event)| EventEnvelope::<PeerOrder> {
            aggregate_id: order.to_owned(),
            sequence,
            payload: PeerEvent::of(event).unwrap(),
            metadata: metadata.clone(),
        };
        let envelopes: Vec<_> = (1..).zip(events).map(envelope).collect();
        let events: Vec<_> = envelopes.iter().map(|envelope| SerializedEvent::try_from(envelope).unwrap()).collect();
        // Its largest transaction.
        for events in events.chunks(25) {
            repository().persist::<PeerOrder>(events, None).await.unwrap();
        }
        let version = events.len().try_into().unwrap();
        let stored = |event: SerializedEvent| {
            let (payload, metadata) = (event.payload.to_string(), event.metadata.to_string());
            Stored {
                event: SerializedEvent { payload: Value::Null, metadata: Value::Null, ..event },
                payload,
                metadata,
            }
        };
        let in_memory = InMemory(events.into_iter().map(stored).collect());
        Self {
            loaded: PersistedEventStore::new_event_store(repository()),
            in_memory: PersistedEventStore::new_event_store(in_memory),
            order: order.to_owned(),
            version,
        }
    }

    /// Folds the stored events to the order, so many times.
    pub(crate) fn fold(&self, times: usize) -> Duration {
        let begun = processor_time();
        for _ in 0..times {
            // The events are in memory, so the future is ready at once.
            let mut load = pin!(self.in_memory.load_aggregate(&self.order));
            let folded = load.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(folded, Poll::Ready(Ok(folded)) if folded.aggregate.version == self.version));
        }
        processor_time() - begun
    }

    /// Loads the order so many times, as a command of cqrs-es does.
    pub(crate) async fn load(&self, times: usize) -> Duration {
        let begun = processor_time();
        for _ in 0..times {
            assert!(self.loaded.load_aggregate(&self.order).await.unwrap().aggregate.version == self.version);
        }
        processor_time() - begun
    }
}

/// An event as dynamo-es stores it: payload and metadata are JSON texts.
struct Stored {
    event: SerializedEvent,
    payload: String,
    metadata: String,
}

/// The events of one order in memory, read like those of dynamo-es.
struct InMemory(Vec<Stored>);

impl PersistedEventRepository for InMemory {
    fn get_events<A: Aggregate>(
        &self,
        _: &str,
    ) -> impl Future<Output = Result<Vec<SerializedEvent>, PersistenceError>> + Send {
        let read = |stored: &Stored| {
            let (payload, metadata) = (serde_json::from_str(&stored.payload)?, serde_json::from_str(&stored.metadata)?);
            Ok(SerializedEvent { payload, metadata, ..stored.event.clone() })
        };
        ready(self.0.iter().map(read).collect())
    }

    async fn get_last_events<A: Aggregate>(&self, _: &str, _: usize) -> Result<Vec<SerializedEvent>, PersistenceError> {
        Ok(Vec::new())
    }

    async fn get_snapshot<A: Aggregate>(&self, _: &str) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Ok(None)
    }

    async fn persist<A: Aggregate>(
        &self,
        _: &[SerializedEvent],
        _: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        Ok(())
    }

    async fn stream_events<A: Aggregate>(&self, _: &str) -> Result<ReplayStream, PersistenceError> {
        Ok(ReplayStream::new(1).1)
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        Ok(ReplayStream::new(1).1)
    }
}
