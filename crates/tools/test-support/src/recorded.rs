//! Orders in an embedded DynamoDB, recorded as the command handler records them, at chosen times.

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use event_store::{Appended, DynamoEventStore, EventStore, Fingerprint, Loaded, Request, Timestamp, UpTo};
use order_aggregate::Orders;
use order_domain::stored;
use sam_template::Template;
use serde_json::{Value, json};

/// The events table.
pub struct Recorded {
    /// The database.
    pub dynamodb: EmbeddedDynamoDb,
    /// The store on its events table.
    pub store: DynamoEventStore,
}

/// Parses an instant.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Returns the instant `number` seconds after nine o'clock.
pub fn second(number: u64) -> Timestamp {
    at(&format!("2026-11-21T09:{:02}:{:02}Z", number / 60, number % 60))
}

impl Recorded {
    /// Creates a database with the tables of the template, all empty.
    pub async fn nothing() -> Self {
        let dynamodb = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
        dynamodb.create_tables(&Template::of_this_project().unwrap()).unwrap();
        let store = DynamoEventStore::new(dynamodb.client(), "OrderEvents");
        Self { dynamodb, store }
    }

    /// Records events of an order, as one commit.
    pub async fn record(&self, order: &str, time: Timestamp, events: &[(&str, Value)]) {
        let loaded: Loaded<Orders> = self.store.load(order, UpTo::Head).await.unwrap();
        let request = Request {
            request_id: format!("r-{}", loaded.version + 1),
            fingerprint: Fingerprint::of(b""),
            actor: "anna".to_owned(),
            correlation_id: None,
            causation_id: None,
        };
        let events = events.iter().map(|(event_type, data)| stored::decode(event_type, 1, data.clone()).unwrap());
        let appended = self.store.append(&loaded.next(&request, events.collect(), time)).await.unwrap();
        assert_eq!(appended, Appended::Written { oversized_snapshot: None });
    }

    /// Records an order with two events: placed and paid.
    pub async fn paid(&self, order: &str, times: [Timestamp; 2]) {
        let items = json!([{ "sku": "TEA", "quantity": 3, "unitPrice": 999 }]);
        let placed = json!({ "customerId": "alice", "currency": "EUR", "items": items });
        self.record(order, times[0], &[("OrderPlaced", placed)]).await;
        self.record(order, times[1], &[("PaymentReceived", json!({ "paymentId": "pay-1", "amount": 2997 }))]).await;
    }

    /// Records `count` orders: one is placed each second, and paid a second later.
    pub async fn orders(&self, count: u64) {
        for number in 0..count {
            self.paid(&format!("o-{number}"), [second(number), second(number + 1)]).await;
        }
    }

    /// Deletes a commit, to simulate a partly restored table.
    pub async fn delete(&self, order: &str, version: u64) {
        let delete = self.dynamodb.client().delete_item().table_name("OrderEvents");
        delete
            .key("aggregateId", AttributeValue::S(order.to_owned()))
            .key("version", AttributeValue::N(version.to_string()))
            .send()
            .await
            .unwrap();
    }

    /// Writes an item that cannot be read as a commit.
    pub async fn poison(&self, order: &str, version: u64, time: Timestamp) {
        let put = self.dynamodb.client().put_item().table_name("OrderEvents");
        put.item("aggregateId", AttributeValue::S(order.to_owned()))
            .item("version", AttributeValue::N(version.to_string()))
            .item("recordedAt", AttributeValue::S(time.to_string()))
            .send()
            .await
            .unwrap();
    }
}

/// Returns the published events in the order of arrival: `<order>@<sequence>`.
pub fn arrived(published: &[Value]) -> Vec<String> {
    let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
    published.iter().map(|event| format!("{}@{}", text(event, "subject"), text(event, "sequence"))).collect()
}

/// Returns true if the events of each order arrived in sequence.
pub fn in_sequence(arrived: &[String]) -> bool {
    let mut by_order = std::collections::BTreeMap::<&str, Vec<&str>>::new();
    for event in arrived {
        let (order, sequence) = event.split_once('@').unwrap();
        by_order.entry(order).or_default().push(sequence);
    }
    by_order.values().all(|sequences| sequences.is_sorted())
}

/// Returns the events of the first `orders` orders, sorted.
pub fn events_of(orders: u64) -> Vec<String> {
    let of = |number| [1, 2].map(|version: u64| format!("o-{number}@{version:010}"));
    sorted((0..orders).flat_map(of).collect())
}

/// Sorts events.
pub fn sorted(mut events: Vec<String>) -> Vec<String> {
    events.sort();
    events
}
