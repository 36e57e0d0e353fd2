//! The on-failure destination: the records that the function did not process.
//!
//! It writes one JSON document a line, in the shape that Lambda gives an S3 destination («Retain discarded records for a
//! DynamoDB event source in Lambda»). The document contains the records, so no record is lost when the stream continues.

use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::{Value, json};
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt;

use super::event::dynamodb_event;
use super::mapping::{Batch, StreamItem};
use super::stream::{ReadRecord, TableStream};

/// The reason why a batch was discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

/// The location of discarded batches.
#[derive(Debug)]
pub(crate) enum Destination {
    /// Appended to a file, with a warning in the log.
    File(PathBuf),
    /// Written to the log only.
    Log,
}

impl Destination {
    /// Writes a discarded batch. If the destination fails, this is only logged, as on AWS: the stream must not stop for it.
    pub(crate) async fn discard(
        &self,
        function: &str,
        stream: &TableStream,
        batch: &Batch<ReadRecord>,
        condition: Condition,
    ) {
        let (Some(first), Some(last)) = (batch.records.first(), batch.records.last()) else { return };
        tracing::warn!(
            function, ?condition, records = batch.records.len(),
            first = %first.sequence(), last = %last.sequence(),
            "stream records discarded"
        );
        let Self::File(path) = self else { return };
        if let Err(error) = append(path, function, stream, batch, condition).await {
            tracing::error!(path = %path.display(), %error, "cannot write discarded stream records");
        }
    }
}

async fn append(
    path: &PathBuf,
    function: &str,
    stream: &TableStream,
    batch: &Batch<ReadRecord>,
    condition: Condition,
) -> Result<(), std::io::Error> {
    let mut line = serde_json::to_vec(&document(function, stream, batch, condition)?)?;
    line.push(b'\n');
    let mut file = OpenOptions::new().create(true).append(true).open(path).await?;
    file.write_all(&line).await?;
    file.flush().await
}

fn document(
    function: &str,
    stream: &TableStream,
    batch: &Batch<ReadRecord>,
    condition: Condition,
) -> Result<Value, serde_json::Error> {
    let sequence = |record: Option<&ReadRecord>| record.map(|record| record.sequence().clone());
    let arrival = |record: Option<&ReadRecord>| record.map(|record| timestamp(record.created()));
    let payload: Value = serde_json::from_slice(&dynamodb_event(&batch.records))?;
    Ok(json!({
        "requestContext": {
            "functionArn": function,
            "condition": match condition {
                Condition::RetryAttemptsExhausted => "RetryAttemptsExhausted",
                Condition::RecordAgeExceeded => "RecordAgeExceeded",
            },
            "approximateInvokeCount": batch.retries.saturating_add(1),
        },
        "version": "1.0",
        "timestamp": timestamp(SystemTime::now()),
        "DDBStreamBatchInfo": {
            "shardId": stream.shard_id(),
            "startSequenceNumber": sequence(batch.records.first()),
            "endSequenceNumber": sequence(batch.records.last()),
            "approximateArrivalOfFirstRecord": arrival(batch.records.first()),
            "approximateArrivalOfLastRecord": arrival(batch.records.last()),
            "batchSize": batch.records.len(),
            "streamArn": stream.arn(),
        },
        "payload": payload,
    }))
}

fn timestamp(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map(|time| format!("{time:.3}")).unwrap_or_default()
}
