//! The loop of one consumer: read, invoke, settle, checkpoint.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use embedded_dynamodb::stream::TableStream;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::checkpoint::Checkpoint;
use super::destination::Destination;
use super::mapping::{Batch, Mapping, StreamItem};
use super::outcome::Outcome;
use super::sequence::SequenceNumber;
use super::stream::{self, ReadRecord, dynamodb_event};
use crate::function::FunctionError;
use crate::invoker::Invoker;

/// Lambda polls a shard four times a second. A command wakes the pump at once, so polling serves writes from other sources.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The minimum time between two reads of the stream. Under load, a batch then has more records, and a row is written once for
/// several commits of its order. A record after an idle time is not delayed.
const READ_INTERVAL: Duration = Duration::from_millis(25);
/// The first pause after a failure. It doubles with each consecutive failure.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(crate) struct Consumer {
    pub(crate) function: String,
    pub(crate) reports: bool,
    pub(crate) mapping: Mapping<ReadRecord>,
    pub(crate) stream: TableStream,
    pub(crate) invoker: Invoker,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) destination: Destination,
    pub(crate) wake: Arc<Notify>,
    /// Closes when the pump is stopped or dropped.
    pub(crate) running: watch::Receiver<()>,
    /// The last settled record, which is processed or discarded.
    pub(crate) done: watch::Sender<Option<SequenceNumber>>,
}

/// The next action of the loop.
enum Next {
    /// Continue at once.
    Go,
    /// Wait for a record.
    Idle,
    /// Wait before retrying the failed batch.
    Pause,
}

impl Consumer {
    pub(crate) async fn run(mut self) {
        let (mut failures_in_a_row, mut next_read) = (0, Instant::now());
        while self.running.has_changed().is_ok() {
            let next = if self.mapping.front().is_some() {
                self.deliver().await
            } else {
                tokio::select! {
                    () = sleep_until(next_read) => {}
                    _stopped = self.running.changed() => break,
                }
                next_read = Instant::now() + READ_INTERVAL;
                self.read().await
            };
            match next {
                Next::Go => failures_in_a_row = 0,
                Next::Idle => tokio::select! {
                    () = sleep(POLL_INTERVAL) => {}
                    () = self.wake.notified() => {}
                    _stopped = self.running.changed() => {}
                },
                Next::Pause => {
                    tokio::select! {
                        () = sleep(pause(failures_in_a_row)) => {}
                        _stopped = self.running.changed() => {}
                    }
                    failures_in_a_row = failures_in_a_row.saturating_add(1);
                }
            }
        }
    }

    async fn read(&mut self) -> Next {
        let position = self.done.borrow().clone();
        match stream::read(&self.stream, position).await {
            Ok(records) if records.is_empty() => Next::Idle,
            Ok(records) => {
                self.mapping.offer(records);
                Next::Go
            }
            Err(error) => {
                tracing::error!(function = self.function, %error, "cannot read the stream");
                Next::Pause
            }
        }
    }

    async fn deliver(&mut self) -> Next {
        let Some(batch) = self.mapping.front() else { return Next::Go };
        let result = self.invoker.invoke(&self.function, dynamodb_event(&batch.records)).await;
        let outcome = Outcome::of(&result, self.reports);
        self.log(batch, &result, &outcome);
        let settled = self.mapping.settle(&outcome);
        if let Some(last) = settled.done.last() {
            self.settled(last.sequence()).await;
        }
        if let Some(batch) = &settled.discarded {
            self.destination.discard(&self.function, &self.stream, batch).await;
            if let Some(last) = batch.records.last() {
                self.settled(last.sequence()).await;
            }
        }
        if settled.retrying { Next::Pause } else { Next::Go }
    }

    /// Advances past `sequence`. If a checkpoint cannot be written, records are repeated after a restart, with no other
    /// effect.
    async fn settled(&self, sequence: &SequenceNumber) {
        if let Err(error) = self.checkpoint.save(&self.stream.arn, sequence).await {
            tracing::error!(function = self.function, %error, "cannot write the checkpoint");
        }
        self.done.send_replace(Some(sequence.clone()));
    }

    fn log(&self, batch: &Batch<ReadRecord>, result: &Result<Bytes, FunctionError>, outcome: &Outcome) {
        let (function, records, retries) = (&self.function, batch.records.len(), batch.retries);
        match (result, outcome) {
            (Err(error), _) => tracing::warn!(function, records, retries, %error, "stream batch failed"),
            (Ok(_), Outcome::Succeeded) => tracing::debug!(function, records, retries, "stream batch done"),
            (Ok(_), Outcome::FailedFrom(sequence)) => {
                tracing::warn!(function, records, retries, %sequence, "stream batch failed in part");
            }
            (Ok(_), Outcome::Failed) => tracing::warn!(function, records, retries, "stream batch reported as failed"),
        }
    }
}

fn pause(failures_before: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures_before)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        assert_eq!([0, 1, 2].map(pause), [100, 200, 400].map(Duration::from_millis));
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
