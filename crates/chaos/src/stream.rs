//! The table's stream, read from the embedded database.

use embedded_dynamodb::Database;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Every record so far, oldest first, as Lambda hands it on.
pub(crate) fn records(database: &Database) -> Vec<Value> {
    read(database).unwrap_or_default()
}

fn read(database: &Database) -> Option<Vec<Value>> {
    let streams = database.list_streams(request(json!({ "TableName": "OrderEvents" }))?).ok()?.streams;
    let arn = &streams.first()?.stream_arn;
    let stream = database.describe_stream(request(json!({ "StreamArn": arn }))?).ok()?.stream_description;
    let shard = &stream.shards.first()?.shard_id;
    let from = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
    let iterator = database.get_shard_iterator(request(from)?).ok()?.shard_iterator?;
    let records = database.get_records(request(json!({ "ShardIterator": iterator }))?).ok()?.records;
    records.iter().map(|record| serde_json::to_value(record).ok()).collect()
}

fn request<T: DeserializeOwned>(request: Value) -> Option<T> {
    serde_json::from_value(request).ok()
}
