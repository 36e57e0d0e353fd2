//! An embedded DynamoDB whose stream is real: commands in, records out.

use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb, stream};
use event_store::{DynamoEventStore, EventStore, Fingerprint, Request, Timestamp, UpTo};
use order_aggregate::Orders;
use order_domain::{Command, Decision, decide};
use sam_template::Template;
use serde_json::Value;

/// The order ledger, up to its stream.
pub(crate) struct Ledger {
    pub(crate) server: EmbeddedDynamoDb,
    pub(crate) store: DynamoEventStore,
}

impl Ledger {
    pub(crate) async fn new() -> Self {
        let server = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
        server.create_tables(&Template::of_this_project().unwrap()).unwrap();
        Self { store: DynamoEventStore::new(server.client(), "OrderEvents"), server }
    }

    /// Records what a command comes to, at an instant.
    pub(crate) async fn record(&self, order: &str, command: Command, at: &str) {
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

    /// The table's stream so far, each record as Lambda hands it on.
    pub(crate) fn stream(&self) -> Vec<Value> {
        stream::records(self.server.database(), "OrderEvents", None).unwrap()
    }
}
