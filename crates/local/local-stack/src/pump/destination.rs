//! The on-failure destination: the records that the function did not process.
//!
//! It writes one JSON document a line, in the shape that Lambda gives an S3 destination («Retain discarded records for a
//! DynamoDB event source in Lambda»). The document contains the records, so no record is lost when the stream continues.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use embedded_dynamodb::stream::TableStream;
use serde_json::{Value, json};
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt;

use super::mapping::{Batch, StreamItem};
use super::stream::{ReadRecord, dynamodb_event};

/// The file of discarded batches; without a file, they are only logged.
#[derive(Debug)]
pub(crate) struct Destination(pub(crate) Option<PathBuf>);

impl Destination {
    /// Writes a batch that was discarded after its last retry. If the destination fails, this is only logged, as on AWS:
    /// the stream must not stop for it.
    pub(crate) async fn discard(&self, function: &str, stream: &TableStream, batch: &Batch<ReadRecord>) {
        let (Some(first), Some(last)) = (batch.records.first(), batch.records.last()) else { return };
        tracing::warn!(
            function, records = batch.records.len(), first = %first.sequence(), last = %last.sequence(),
            "stream records discarded"
        );
        let Some(path) = &self.0 else { return };
        let document = document(function, stream, batch, first, last);
        if let Err(error) = append(path, document).await {
            tracing::error!(path = %path.display(), %error, "cannot write discarded stream records");
        }
    }
}

async fn append(path: &Path, document: Result<Value, serde_json::Error>) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path).await?;
    file.write_all(format!("{}\n", document?).as_bytes()).await?;
    file.flush().await
}

fn document(
    function: &str,
    stream: &TableStream,
    batch: &Batch<ReadRecord>,
    first: &ReadRecord,
    last: &ReadRecord,
) -> Result<Value, serde_json::Error> {
    let payload: Value = serde_json::from_slice(&dynamodb_event(&batch.records))?;
    Ok(json!({
        "requestContext": {
            "functionArn": function,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": batch.retries.saturating_add(1),
        },
        "version": "1.0",
        "timestamp": timestamp(SystemTime::now()),
        "DDBStreamBatchInfo": {
            "shardId": stream.shard_id,
            "startSequenceNumber": first.sequence(),
            "endSequenceNumber": last.sequence(),
            "approximateArrivalOfFirstRecord": timestamp(first.created),
            "approximateArrivalOfLastRecord": timestamp(last.created),
            "batchSize": batch.records.len(),
            "streamArn": stream.arn,
        },
        "payload": payload,
    }))
}

fn timestamp(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map(|time| format!("{time:.3}")).unwrap_or_default()
}
