//! An order with waiting commits.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::ANY_PORT;
use embedded_eventbridge::{EmbeddedEventBridge, LogLocation};
use event_store::DynamoEventStore;
use operations::redrive::{Redrive, RedriveError, Redriven};
use parked_orders::{Consumer, ParkRequest, ParkedOrder, ParkedOrderTable};
use publication::{EventBus, Pauses};
use read_models::registry::CORE;
use serde_json::json;

use test_support::recorded::{Recorded, arrived, second};

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) const ORDER: &str = "o-0";

pub(crate) struct Scene {
    pub(crate) recorded: Recorded,
    pub(crate) bus: EmbeddedEventBridge,
    pub(crate) notes: ParkedOrderTable,
}

impl Scene {
    /// Creates an order with a number of versions: one placement, then partial payments.
    pub(crate) async fn with_versions(versions: u64) -> Self {
        let recorded = Recorded::nothing().await;
        recorded.paid(ORDER, [second(1), second(2)]).await;
        for version in 3..=versions {
            let payment = json!({ "paymentId": format!("pay-{version}"), "amount": 1 });
            recorded.record(ORDER, second(version), &[("PaymentReceived", payment)]).await;
        }
        let buses = ["OrderBus".to_owned()];
        let bus = EmbeddedEventBridge::start(ANY_PORT, buses, LogLocation::Temporary).await.unwrap();
        let notes = ParkedOrderTable::new(recorded.dynamodb.client(), "ParkedOrders");
        Self { recorded, bus, notes }
    }

    pub(crate) async fn park(&self, consumer: &Consumer, version: u64, held_up_to: u64) {
        let (aggregate_id, reason) = (ORDER.to_owned(), "poison".to_owned());
        let parking = ParkRequest { aggregate_id, customer_id: Some("alice".to_owned()), version, held_up_to, reason };
        self.notes.park(consumer, &parking).await.unwrap();
    }

    pub(crate) async fn parked(&self, consumer: &Consumer) -> Option<ParkedOrder> {
        self.notes.find(consumer, ORDER).await.unwrap()
    }

    /// Replaces a commit with one that a newer release would have written, and returns the original.
    pub(crate) async fn spoil(&self, version: u64) -> Item {
        let table = self.recorded.dynamodb.client().get_item().table_name("OrderEvents");
        let key = table.key("aggregateId", AttributeValue::S(ORDER.to_owned()));
        let item = key.key("version", AttributeValue::N(version.to_string())).send().await.unwrap().item.unwrap();
        let mut spoilt = item.clone();
        let Some(AttributeValue::L(events)) = spoilt.get_mut("events") else { unreachable!("a commit has events") };
        let Some(AttributeValue::M(event)) = events.first_mut() else { unreachable!("an event is a map") };
        event.insert("eventType".to_owned(), AttributeValue::S("PaymentPromised".to_owned()));
        self.put(spoilt).await;
        item
    }

    pub(crate) async fn put(&self, item: Item) {
        let put = self.recorded.dynamodb.client().put_item().table_name("OrderEvents").set_item(Some(item));
        put.send().await.unwrap();
    }

    pub(crate) async fn redrive(&self, consumer: &Consumer) -> Result<Redriven, RedriveError> {
        self.redrive_through(self.recorded.dynamodb.client(), consumer).await
    }

    /// Redrives with another client of DynamoDB.
    pub(crate) async fn redrive_through(&self, client: Client, consumer: &Consumer) -> Result<Redriven, RedriveError> {
        let no_pauses = Pauses { first: Duration::ZERO, longest: Duration::ZERO };
        let store = DynamoEventStore::new(client.clone(), "OrderEvents");
        let models = CORE.iter().map(|model| model.open(client.clone(), store.clone(), model.name)).collect();
        let redrive = Redrive::new(
            store,
            ParkedOrderTable::new(client, "ParkedOrders"),
            EventBus::new(self.bus.client(), "OrderBus").with_pauses(no_pauses),
            models,
        );
        redrive.order(consumer, ORDER).await
    }

    /// Returns the published versions in the order of arrival.
    pub(crate) async fn published(&self) -> Vec<u64> {
        let version = |event: &String| event.rsplit_once('@').unwrap().1.parse().unwrap();
        arrived(&self.bus.published().await).iter().map(version).collect()
    }
}
