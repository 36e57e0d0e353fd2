//! Reads one table's stream from the embedded DynamoDB.
//!
//! It uses library calls instead of HTTP, because the stream is read many times a second. They wait for SQLite, so they run
//! on a blocking thread.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use dynoxide::{Database, DynoxideError};

use super::event;
use super::mapping::StreamItem;
use super::sequence::SequenceNumber;

/// The reason why the stream could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The embedded database returned an error.
    #[error("cannot read the stream: {0}")]
    Database(String),
    /// The table has no stream.
    #[error("the table {0} has no stream")]
    NoStream(String),
    /// The pump that reads the stream has stopped.
    #[error("the pump to the function {0} has stopped")]
    Stopped(String),
    /// No mapping of the template leads to that function.
    #[error("the function {0} reads no stream")]
    NoReader(String),
}

impl From<DynoxideError> for StreamError {
    fn from(error: DynoxideError) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<serde_json::Error> for StreamError {
    fn from(error: serde_json::Error) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<tokio::task::JoinError> for StreamError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Database(error.to_string())
    }
}

/// A record of the stream, ready to be sent, with the properties that the mapping needs.
#[derive(Debug)]
pub(crate) struct ReadRecord {
    encoded: Vec<u8>,
    sequence: SequenceNumber,
    created: SystemTime,
}

impl ReadRecord {
    pub(crate) fn new(record: &Record, stream_arn: &str) -> Result<Self, serde_json::Error> {
        let age = Duration::try_from_secs_f64(record.dynamodb.approximate_creation_date_time).unwrap_or_default();
        Ok(Self {
            encoded: event::encoded(record, stream_arn)?,
            sequence: SequenceNumber::from(record.dynamodb.sequence_number.as_str()),
            created: UNIX_EPOCH + age,
        })
    }

    /// Returns the record in the form that it has in an event.
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }
}

impl StreamItem for ReadRecord {
    fn sequence(&self) -> &SequenceNumber {
        &self.sequence
    }

    fn created(&self) -> SystemTime {
        self.created
    }

    fn encoded_bytes(&self) -> usize {
        self.encoded.len()
    }
}

/// The one shard of a table's stream.
#[derive(Clone)]
pub(crate) struct TableStream {
    database: Database,
    arn: String,
    shard_id: String,
}

impl TableStream {
    /// Finds the stream of `table`.
    pub(crate) async fn of_table(database: &Database, table: &str) -> Result<Self, StreamError> {
        let (database, table) = (database.clone(), table.to_owned());
        tokio::task::spawn_blocking(move || {
            let request = ListStreamsRequest { table_name: Some(table.clone()), ..Default::default() };
            let summary = database.list_streams(request)?.streams.pop().ok_or(StreamError::NoStream(table))?;
            let shards = describe(&database, &summary.stream_arn)?.shards;
            let shard = shards.into_iter().next().ok_or(StreamError::NoStream(summary.table_name))?;
            Ok(Self { database, arn: summary.stream_arn, shard_id: shard.shard_id })
        })
        .await?
    }

    /// Returns the stream's name. A table that is created again has another stream.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// Returns the name of the shard.
    pub(crate) fn shard_id(&self) -> &str {
        &self.shard_id
    }

    /// Reads at most `limit` records after `position`, oldest first; without a position, from the oldest stored one.
    pub(crate) async fn read_after(
        &self,
        position: Option<SequenceNumber>,
        limit: usize,
    ) -> Result<Vec<ReadRecord>, StreamError> {
        let Self { database, arn, shard_id } = self.clone();
        tokio::task::spawn_blocking(move || {
            let iterator_type = if position.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
            let request = GetShardIteratorRequest {
                stream_arn: arn.clone(),
                shard_id,
                shard_iterator_type: iterator_type.to_owned(),
                sequence_number: position.map(|sequence| sequence.as_str().to_owned()),
            };
            let Some(shard_iterator) = database.get_shard_iterator(request)?.shard_iterator else {
                return Ok(Vec::new());
            };
            let answer = database.get_records(GetRecordsRequest { shard_iterator, limit: Some(limit) })?;
            let records: Result<_, _> = answer.records.iter().map(|record| ReadRecord::new(record, &arn)).collect();
            Ok(records?)
        })
        .await?
    }

    /// Returns the sequence number of the newest record; `None` if the stream has no records.
    pub(crate) async fn newest(&self) -> Result<Option<SequenceNumber>, StreamError> {
        let Self { database, arn, .. } = self.clone();
        tokio::task::spawn_blocking(move || {
            let shard = describe(&database, &arn)?.shards.into_iter().next();
            let newest = shard.and_then(|shard| shard.sequence_number_range.ending_sequence_number);
            Ok(newest.as_deref().map(SequenceNumber::from))
        })
        .await?
    }
}

fn describe(
    database: &Database,
    arn: &str,
) -> Result<dynoxide::actions::describe_stream::StreamDescription, DynoxideError> {
    let request = DescribeStreamRequest { stream_arn: arn.to_owned(), ..Default::default() };
    Ok(database.describe_stream(request)?.stream_description)
}
