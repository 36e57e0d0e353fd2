//! A table's stream, read without HTTP, for the stream pump, and for tests and tools that deliver its records themselves.

use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde_json::Value;

use crate::error::EmbeddedError;

/// The one shard of a table's stream.
#[derive(Clone)]
pub struct TableStream {
    database: Database,
    /// The stream's name. A table that is created again has another stream.
    pub arn: String,
    /// The name of the shard.
    pub shard_id: String,
}

/// A record in the form in which Lambda delivers it.
#[derive(Serialize)]
pub struct DeliveredRecord<'a> {
    /// The record of the stream.
    #[serde(flatten)]
    pub record: Record,
    #[serde(rename = "eventSourceARN")]
    source: &'a str,
}

impl TableStream {
    /// Finds the stream of a table; `None` if the table has no stream.
    ///
    /// # Errors
    /// When the database fails.
    pub fn of_table(database: &Database, table: &str) -> Result<Option<Self>, DynoxideError> {
        let of_table = ListStreamsRequest { table_name: Some(table.to_owned()), ..Default::default() };
        let Some(stream) = database.list_streams(of_table)?.streams.pop() else { return Ok(None) };
        let found = Self { database: database.clone(), arn: stream.stream_arn, shard_id: String::new() };
        let shard = found.shards()?.pop();
        Ok(shard.map(|shard| Self { shard_id: shard.shard_id, ..found }))
    }

    /// Returns at most 1,000 records after a sequence number, oldest first; without a sequence number, from the oldest
    /// stored one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn read_after(&self, sequence_number: Option<&str>) -> Result<Vec<DeliveredRecord<'_>>, DynoxideError> {
        let kind = if sequence_number.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
        let from = GetShardIteratorRequest {
            stream_arn: self.arn.clone(),
            shard_id: self.shard_id.clone(),
            shard_iterator_type: kind.to_owned(),
            sequence_number: sequence_number.map(str::to_owned),
        };
        let Some(shard_iterator) = self.database.get_shard_iterator(from)?.shard_iterator else {
            return Ok(Vec::new());
        };
        let answer = self.database.get_records(GetRecordsRequest { shard_iterator, limit: None })?;
        Ok(answer.records.into_iter().map(|record| DeliveredRecord { record, source: &self.arn }).collect())
    }

    /// Returns the sequence number of the newest record; `None` if the stream has no records.
    ///
    /// # Errors
    /// When the database fails.
    pub fn newest(&self) -> Result<Option<String>, DynoxideError> {
        let shard = self.shards()?.pop();
        Ok(shard.and_then(|shard| shard.sequence_number_range.ending_sequence_number))
    }

    fn shards(&self) -> Result<Vec<dynoxide::actions::describe_stream::Shard>, DynoxideError> {
        let request = DescribeStreamRequest { stream_arn: self.arn.clone(), ..Default::default() };
        Ok(self.database.describe_stream(request)?.stream_description.shards)
    }
}

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
    let Some(stream) = TableStream::of_table(database, table).map_err(failed)? else { return Ok(Vec::new()) };
    let records: Result<_, _> = stream.read_after(after).map_err(failed)?.iter().map(serde_json::to_value).collect();
    records.map_err(|error| failed(DynoxideError::InternalServerError(error.to_string())))
}
