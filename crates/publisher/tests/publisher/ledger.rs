//! An embedded DynamoDB whose stream is real: commands in, records out.

use embedded_dynamodb::{ANY_PORT, Database, EmbeddedDynamoDb};
use event_store::{DynamoEventStore, EventStore, Fingerprint, Request, Timestamp, UpTo};
use order_domain::{Command, Decision, decide};
use order_store::Orders;
use sam_template::Template;
use serde_json::{Value, json};

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
        let database = self.server.database();
        let arn =
            database.list_streams(request(json!({ "TableName": "OrderEvents" }))).unwrap().streams.remove(0).stream_arn;
        let description = database.describe_stream(request(json!({ "StreamArn": arn }))).unwrap().stream_description;
        let iterator = iterator(database, &arn, &description.shards[0].shard_id);
        let records = database.get_records(request(json!({ "ShardIterator": iterator }))).unwrap().records;
        let mut records: Vec<Value> = records.iter().map(|record| serde_json::to_value(record).unwrap()).collect();
        for record in &mut records {
            record["eventSourceARN"] = json!(arn);
        }
        records
    }
}

fn iterator(database: &Database, arn: &str, shard_id: &str) -> String {
    let from = json!({ "StreamArn": arn, "ShardId": shard_id, "ShardIteratorType": "TRIM_HORIZON" });
    database.get_shard_iterator(request(from)).unwrap().shard_iterator.unwrap()
}

fn request<T: serde::de::DeserializeOwned>(request: Value) -> T {
    serde_json::from_value(request).unwrap()
}
