//! Reads one table's stream from the embedded DynamoDB, and encodes its records for a function.
//!
//! It uses library calls instead of HTTP, because the stream is read many times a second. They wait for SQLite, so they run
//! on a blocking thread.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use embedded_dynamodb::stream::{DeliveredRecord, TableStream};
use embedded_dynamodb::{Database, DynoxideError};

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

/// A record of the stream, ready to be sent, with the properties that the mapping needs.
#[derive(Debug)]
pub(crate) struct ReadRecord {
    encoded: Vec<u8>,
    sequence: SequenceNumber,
    pub(crate) created: SystemTime,
}

impl ReadRecord {
    fn new(delivered: &DeliveredRecord<'_>) -> Result<Self, DynoxideError> {
        let change = &delivered.record.dynamodb;
        let encoded = serde_json::to_vec(delivered);
        Ok(Self {
            encoded: encoded.map_err(|error| DynoxideError::InternalServerError(error.to_string()))?,
            sequence: change.sequence_number.as_str().into(),
            created: UNIX_EPOCH
                + Duration::try_from_secs_f64(change.approximate_creation_date_time).unwrap_or_default(),
        })
    }
}

impl StreamItem for ReadRecord {
    fn sequence(&self) -> &SequenceNumber {
        &self.sequence
    }

    fn encoded_bytes(&self) -> usize {
        self.encoded.len()
    }
}

/// Builds the payload of a function: Lambda's event for DynamoDB Streams.
pub(crate) fn dynamodb_event(records: &[ReadRecord]) -> Bytes {
    let records: Vec<&[u8]> = records.iter().map(|record| record.encoded.as_slice()).collect();
    [br#"{"Records":["#.as_slice(), &records.join(&b','), b"]}"].concat().into()
}

/// Finds the stream of a table.
pub(crate) async fn find(database: &Database, table: &str) -> Result<TableStream, StreamError> {
    let (database, name) = (database.clone(), table.to_owned());
    let found = blocking(move || TableStream::of_table(&database, &name)).await?;
    found.ok_or_else(|| StreamError::NoStream(table.to_owned()))
}

/// Reads the next records after `position`, oldest first; without a position, from the oldest stored one.
pub(crate) async fn read(
    stream: &TableStream,
    position: Option<SequenceNumber>,
) -> Result<Vec<ReadRecord>, StreamError> {
    let stream = stream.clone();
    let read = move || {
        let records = stream.read_after(position.as_ref().map(SequenceNumber::as_str))?;
        records.iter().map(ReadRecord::new).collect()
    };
    blocking(read).await
}

/// Returns the sequence number of the newest record; `None` if the stream has no records.
pub(crate) async fn newest(stream: &TableStream) -> Result<Option<SequenceNumber>, StreamError> {
    let stream = stream.clone();
    let newest = blocking(move || stream.newest()).await?;
    Ok(newest.as_deref().map(SequenceNumber::from))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DynoxideError> + Send + 'static,
) -> Result<T, StreamError> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|panicked| StreamError::Database(panicked.to_string()))?;
    done.map_err(|error| StreamError::Database(error.to_string()))
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::event::dynamodb::Event;

    use super::super::tests::database;
    use super::*;

    #[tokio::test]
    async fn an_event_can_be_read_as_lambdas_own_type() {
        let before = SystemTime::now();
        let stream = find(&database(), "things").await.unwrap();
        let records = read(&stream, None).await.unwrap();
        let newest = newest(&stream).await.unwrap().unwrap();
        assert_eq!((records.len(), &records[0].sequence), (1, &newest));
        // The stream's time has whole seconds.
        assert!(before.duration_since(records[0].created).unwrap_or_default() < Duration::from_secs(2));

        let event: Event = serde_json::from_slice(&dynamodb_event(&records)).unwrap();
        assert_eq!(event.records.len(), 1);
        let read = &event.records[0];
        assert_eq!((read.event_name.as_str(), read.event_source_arn.as_deref()), ("INSERT", Some(stream.arn.as_str())));
        assert_eq!(read.change.sequence_number.as_deref(), Some(newest.as_str()));
        assert_eq!(SystemTime::from(read.change.approximate_creation_date_time), records[0].created);
        let image: std::collections::HashMap<String, String> =
            serde_dynamo::from_item(read.change.new_image.clone()).unwrap();
        assert_eq!(image["id"], "a");
    }

    #[tokio::test]
    async fn an_event_of_several_records_has_them_in_order() {
        let database = database();
        let item = serde_json::json!({ "TableName": "things", "Item": { "id": { "S": "b" } } });
        database.put_item(serde_json::from_value(item).unwrap()).unwrap();
        let stream = find(&database, "things").await.unwrap();
        let event: Event = serde_json::from_slice(&dynamodb_event(&read(&stream, None).await.unwrap())).unwrap();
        let images: Vec<std::collections::HashMap<String, String>> = event
            .records
            .iter()
            .map(|record| serde_dynamo::from_item(record.change.new_image.clone()).unwrap())
            .collect();
        assert_eq!(images.iter().map(|image| image["id"].as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }
}
