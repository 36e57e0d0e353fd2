//! Orders in this project's event store.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::EmbeddedDynamoDb;
use event_store::{DynamoEventStore, EventStore, Fingerprint, Loaded, Request, Timestamp, UpTo, item};
use order_aggregate::Orders;
use order_domain::{Event, Order};

use crate::processor_time;

const TABLE: &str = "OrderEvents";

/// A recorded order.
pub(crate) struct Recorded {
    store: DynamoEventStore,
    order: String,
    state: Order,
    items: Vec<HashMap<String, AttributeValue>>,
}

impl Recorded {
    /// Records events, each as one commit.
    pub(crate) async fn new(dynamodb: &EmbeddedDynamoDb, order: &str, events: &[Event]) -> Self {
        let store = DynamoEventStore::new(dynamodb.client(), TABLE);
        for (number, event) in (0..).zip(events) {
            let loaded: Loaded<Orders> = store.load(order, UpTo::Head).await.unwrap();
            let request = Request {
                request_id: format!("0b0f6a3c-5d3a-4b52-9a53-{number:012}"),
                fingerprint: Fingerprint::of(b""),
                actor: "order-desk".to_owned(),
                correlation_id: None,
                causation_id: None,
            };
            let time = Timestamp::from_epoch_ms(1_800_000_000_000 + number * 1_000).unwrap();
            store.append(&loaded.next(&request, vec![event.clone()], time)).await.unwrap();
        }
        let state = EventStore::<Orders>::load(&store, order, UpTo::Head).await.unwrap().state;
        let query = dynamodb.client().query().table_name(TABLE).key_condition_expression("aggregateId = :id");
        let query = query.expression_attribute_values(":id", AttributeValue::S(order.to_owned()));
        let items = query.send().await.unwrap().items.unwrap();
        assert_eq!(items.len(), events.len());
        Self { store, order: order.to_owned(), state, items }
    }

    /// Folds the stored items to the order, so many times.
    pub(crate) fn fold(&self, times: usize) -> Duration {
        let mut taken = Duration::ZERO;
        for _ in 0..times {
            let items = self.items.clone();
            let begun = processor_time();
            let folded = items.into_iter().fold(Order::default(), |order, item| {
                item::decode_sdk::<Orders>(item).unwrap().apply_to::<Orders>(order)
            });
            taken += processor_time() - begun;
            assert!(folded == self.state);
        }
        taken
    }

    /// Loads the order so many times, as a command does.
    pub(crate) async fn load(&self, times: usize) -> Duration {
        let begun = processor_time();
        for _ in 0..times {
            let loaded = EventStore::<Orders>::load(&self.store, &self.order, UpTo::Head).await.unwrap();
            assert!(loaded.state == self.state);
        }
        processor_time() - begun
    }
}
