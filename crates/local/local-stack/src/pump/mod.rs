//! The stream pump: it does the work of Lambda's event source mapping for a function that reads a DynamoDB stream.
//!
//! - [`mapping`]: the order of batches, and the handling of failed ones. A pure state machine; start here.
//! - [`outcome`]: the outcome of a batch, read from the function's reply.
//! - `stream`, `event`: records read from the embedded database, and the JSON payload of a function.
//! - `checkpoint`, `destination`: the position of the consumer, and the records that it never processed.
//! - `run`: the loop that connects them.
//!
//! Two of Lambda's settings affect only throughput and are not imitated. A batch is sent as soon as there is a record
//! (`MaximumBatchingWindowInSeconds`), and the embedded stream has one shard, read by one loop (`ParallelizationFactor`).

mod checkpoint;
mod destination;
mod event;
pub mod mapping;
#[cfg(test)]
mod mapping_tests;
pub mod outcome;
mod run;
mod sequence;
mod stream;
mod timer;

use std::path::Path;
use std::sync::Arc;

use dynoxide::Database;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub use sequence::SequenceNumber;
pub use stream::StreamError;
pub use timer::{SystemTimer, Timer};

use crate::invoker::Invoker;
use checkpoint::Checkpoint;
use destination::Destination;
use mapping::{Mapping, Policy};
use stream::TableStream;

/// One event source mapping: the table, the function, and the handling of failures.
#[derive(Debug, Clone)]
pub struct Source {
    /// The table whose stream is read.
    pub table: String,
    /// The function that is invoked.
    pub function: String,
    /// The batch size, the retries and the other settings of the template.
    pub policy: Policy,
}

/// A running pump. [`Pump::stop`] waits for its end, which is between two invocations. A dropped pump ends by itself.
pub struct Pump {
    source: Source,
    stream: TableStream,
    wake: Arc<Notify>,
    stop: watch::Sender<bool>,
    done: watch::Receiver<Option<SequenceNumber>>,
    task: JoinHandle<()>,
}

impl Pump {
    /// Starts to pass the stream of `source.table` to `source.function`, from the position where it last stopped.
    ///
    /// The checkpoint and discarded records are stored in `folder`; without a folder they are not stored.
    pub async fn start(
        source: Source,
        database: &Database,
        invoker: Invoker,
        folder: Option<&Path>,
        timer: Arc<dyn Timer>,
    ) -> Result<Self, StreamError> {
        let stream = TableStream::of_table(database, &source.table).await?;
        let named = |suffix: &str| folder.map(|folder| folder.join(format!("{}-{suffix}", source.function)));
        let checkpoint = named("checkpoint.json").map_or(Checkpoint::Forgotten, Checkpoint::File);
        let destination = named("discarded.ndjson").map_or(Destination::Log, Destination::File);
        let position = checkpoint.load(stream.arn()).await;

        let wake = Arc::new(Notify::new());
        let (stop, stopped) = watch::channel(false);
        let (done_sender, done) = watch::channel(position);
        let consumer = run::Consumer {
            function: source.function.clone(),
            reports: source.policy.report_batch_item_failures,
            mapping: Mapping::new(source.policy.clone()),
            stream: stream.clone(),
            invoker,
            checkpoint,
            destination,
            timer,
            wake: Arc::clone(&wake),
            stopped,
            done: done_sender,
        };
        Ok(Self { source, stream, wake, stop, done, task: tokio::spawn(consumer.run()) })
    }

    /// Returns the event source mapping.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Wakes the pump to read the stream at once, instead of at the next poll.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Returns a handle on [`Pump::wake`] for a writer to the table.
    #[must_use]
    pub fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Waits until the record `sequence`, and every record before it, is processed or discarded.
    ///
    /// # Errors
    /// When the pump stops before that.
    pub async fn caught_up(&self, sequence: &SequenceNumber) -> Result<(), StreamError> {
        let reached = |done: &Option<SequenceNumber>| done.as_ref().is_some_and(|done| done >= sequence);
        let mut done = self.done.clone();
        done.wait_for(reached).await.map_err(|_stopped| StreamError::Stopped(self.source.function.clone()))?;
        Ok(())
    }

    /// Waits until every record that is in the stream now is settled.
    ///
    /// # Errors
    /// When the stream cannot be read, or the pump has stopped.
    pub async fn drained(&self) -> Result<(), StreamError> {
        if let Some(newest) = self.stream.newest().await? {
            self.wake();
            self.caught_up(&newest).await?;
        }
        Ok(())
    }

    /// Ends the pump after the running invocation.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _panicked = self.task.await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lambda_runtime::{LambdaEvent, service_fn};
    use serde_json::{Value, from_value, json};

    use super::*;
    use crate::function::event_function;

    /// Returns a database with one record in the stream of `things`.
    fn database() -> Database {
        let database = Database::memory().unwrap();
        let table = json!({
            "TableName": "things",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
        });
        database.create_table(from_value(table).unwrap()).unwrap();
        let item = json!({ "TableName": "things", "Item": { "id": { "S": "a" } } });
        database.put_item(from_value(item).unwrap()).unwrap();
        database
    }

    #[tokio::test]
    async fn nobody_is_told_that_a_dead_pump_has_drained_its_stream() {
        let source = Source {
            table: "things".to_owned(),
            function: "f".to_owned(),
            policy: Policy {
                batch_size: 1,
                maximum_retry_attempts: None,
                maximum_record_age: None,
                bisect_batch_on_function_error: false,
                report_batch_item_failures: false,
            },
        };
        let hangs = event_function(service_fn(|_: LambdaEvent<Value>| {
            std::future::pending::<Result<(), lambda_runtime::Error>>()
        }));
        let invoker = Invoker::new([("f".to_owned(), hangs)].into(), BTreeMap::new());
        let pump = Pump::start(source, &database(), invoker, None, Arc::new(SystemTimer)).await.unwrap();
        pump.task.abort();
        assert_eq!(pump.drained().await.unwrap_err().to_string(), "the pump to the function f has stopped");
    }
}
