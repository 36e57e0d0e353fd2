//! The position of a consumer in a stream: the last record that it has processed.
//!
//! A lost or damaged checkpoint does no harm. The stream is then read from its oldest record, and consumers of DynamoDB
//! Streams must accept repeats.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokio::fs;

use super::sequence::SequenceNumber;

/// The file of one consumer's checkpoint, from which a restart resumes. It is `None` if the stream ends with the process.
#[derive(Debug)]
pub(crate) struct Checkpoint(pub(crate) Option<PathBuf>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    /// A table that was deleted and created again has another stream, in which earlier sequence numbers are not valid.
    stream_arn: String,
    sequence_number: SequenceNumber,
}

impl Checkpoint {
    /// Returns the last processed record, if it is known and belongs to this stream.
    pub(crate) async fn load(&self, stream_arn: &str) -> Option<SequenceNumber> {
        let path = self.0.as_ref()?;
        let stored: Stored = serde_json::from_slice(&fs::read(path).await.ok()?)
            .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "checkpoint is damaged: starting at the oldest record"))
            .ok()?;
        (stored.stream_arn == stream_arn).then_some(stored.sequence_number)
    }

    /// Stores that every record up to `sequence_number` is processed. A reader sees either the old checkpoint or the new
    /// one.
    pub(crate) async fn save(&self, stream_arn: &str, sequence_number: &SequenceNumber) -> io::Result<()> {
        let Some(path) = &self.0 else { return Ok(()) };
        let stored = Stored { stream_arn: stream_arn.to_owned(), sequence_number: sequence_number.clone() };
        let temporary = path.with_extension("tmp");
        fs::write(&temporary, serde_json::to_vec(&stored)?).await?;
        fs::rename(&temporary, path).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_checkpoint_outlives_the_process_and_belongs_to_one_stream() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("projector.json");
        Checkpoint(Some(path.clone())).save("stream-1", &"42".into()).await.unwrap();
        assert_eq!(Checkpoint(Some(path.clone())).load("stream-1").await, Some("42".into()));
        assert_eq!(Checkpoint(Some(path)).load("stream-2").await, None);
    }

    #[tokio::test]
    async fn a_lost_or_damaged_checkpoint_starts_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("projector.json");
        assert_eq!(Checkpoint(Some(path.clone())).load("stream").await, None);
        fs::write(&path, "{ half").await.unwrap();
        assert_eq!(Checkpoint(Some(path)).load("stream").await, None);
    }
}
