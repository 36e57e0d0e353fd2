//! A table's stream, read without HTTP, for tests and tools that deliver its records themselves.

use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use dynoxide::{Database, DynoxideError};
use serde_json::{Value, json};

use crate::error::EmbeddedError;

/// Returns all records of a table's stream after the sequence number `after`, oldest first, each in the form in which
/// Lambda delivers it.
///
/// # Errors
/// [`EmbeddedError::Database`].
pub fn all(database: &Database, table: &str, after: Option<&str>) -> Result<Vec<Value>, EmbeddedError> {
    let mut after = after.map(str::to_owned);
    let mut all = Vec::new();
    loop {
        let page = records(database, table, after.as_deref())?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
        all.extend(page);
    }
}

/// Returns at most 1,000 records of a table's stream after the sequence number `after`, oldest first, each in the form in
/// which Lambda delivers it. Returns no records if the table has no stream.
///
/// # Errors
/// [`EmbeddedError::Database`].
pub fn records(database: &Database, table: &str, after: Option<&str>) -> Result<Vec<Value>, EmbeddedError> {
    let failed = |source| EmbeddedError::Database { failed: format!("cannot read the stream of {table}"), source };
    read(database, table, after).map_err(failed)
}

fn read(database: &Database, table: &str, after: Option<&str>) -> Result<Vec<Value>, DynoxideError> {
    let of_table = ListStreamsRequest { table_name: Some(table.to_owned()), ..Default::default() };
    let Some(stream) = database.list_streams(of_table)?.streams.pop() else { return Ok(Vec::new()) };
    let arn = stream.stream_arn;
    let described = DescribeStreamRequest { stream_arn: arn.clone(), ..Default::default() };
    let shards = database.describe_stream(described)?.stream_description.shards;
    let Some(shard) = shards.into_iter().next() else { return Ok(Vec::new()) };
    let kind = if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
    let from = GetShardIteratorRequest {
        stream_arn: arn.clone(),
        shard_id: shard.shard_id,
        shard_iterator_type: kind.to_owned(),
        sequence_number: after.map(str::to_owned),
    };
    let Some(shard_iterator) = database.get_shard_iterator(from)?.shard_iterator else { return Ok(Vec::new()) };
    let answer = database.get_records(GetRecordsRequest { shard_iterator, limit: None })?;
    let as_lambda_has_it = |record| {
        let mut record: Value = serde_json::to_value(record)?;
        record["eventSourceARN"] = json!(arn);
        Ok(record)
    };
    let records: Result<_, serde_json::Error> = answer.records.iter().map(as_lambda_has_it).collect();
    records.map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
