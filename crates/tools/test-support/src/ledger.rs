//! The events table of an embedded DynamoDB with its real stream: commands are recorded, and records are read.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb, stream};
use event_store::{DynamoEventStore, EventStore, Fingerprint, Request, Timestamp, UpTo};
use order_aggregate::Orders;
use order_domain::{Command, Decision, decide};
use sam_template::Template;
use serde_json::Value;

/// The events table and its stream.
pub struct Ledger {
    /// The database.
    pub server: EmbeddedDynamoDb,
    /// The store on its events table.
    pub store: DynamoEventStore,
}

impl Ledger {
    /// Creates a database with the tables of the template, all empty.
    pub async fn new() -> Self {
        let server = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
        server.create_tables(&Template::of_this_project().unwrap()).unwrap();
        Self { store: DynamoEventStore::new(server.client(), "OrderEvents"), server }
    }

    /// Records the events of a command at an instant.
    pub async fn record(&self, order: &str, command: Command, at: &str) {
        let loaded = EventStore::<Orders>::load(&self.store, order, UpTo::Head).await.unwrap();
        let Ok(Decision::Record(events)) = decide(&loaded.state, command) else { panic!("not accepted at {at}") };
        let request = Request {
            request_id: format!("{order}-{}", loaded.version + 1),
            fingerprint: Fingerprint::of(at.as_bytes()),
            actor: "order-desk".to_owned(),
            correlation_id: Some("checkout-2001".to_owned()),
            causation_id: None,
        };
        let new = loaded.next(&request, events, at.parse::<Timestamp>().unwrap());
        self.store.append(&new).await.unwrap();
    }

    /// Returns the stream of the table, with each record as Lambda delivers it.
    pub fn stream(&self) -> Vec<Value> {
        stream::records(self.server.database(), "OrderEvents", None).unwrap()
    }

    /// Writes an item unchanged, such as a commit of another release or a repaired commit.
    pub async fn put(&self, item: &HashMap<String, AttributeValue>) {
        let put = self.server.client().put_item().table_name("OrderEvents").set_item(Some(item.clone()));
        put.send().await.unwrap();
    }
}
