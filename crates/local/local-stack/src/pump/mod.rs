//! The stream pump: it does the work of Lambda's event source mapping for a function that reads a DynamoDB stream.
//!
//! - [`mapping`]: the order of batches, and the handling of failed ones. A pure state machine; start here.
//! - [`outcome`]: the outcome of a batch, read from the function's reply.
//! - `stream`: records read from the embedded database, and the JSON payload of a function.
//! - `checkpoint`, `destination`: the position of the consumer, and the records that it never processed.
//! - `run`: the loop that connects them.
//!
//! Two of Lambda's settings affect only throughput and are not imitated. A batch is sent as soon as a read finds a record
//! (`MaximumBatchingWindowInSeconds`), and the embedded stream has one shard, read by one loop (`ParallelizationFactor`).

mod checkpoint;
mod destination;
mod mapping;
mod outcome;
mod run;
mod sequence;
mod stream;

use std::path::Path;
use std::sync::Arc;

use embedded_dynamodb::Database;
use embedded_dynamodb::stream::TableStream;
use sam_template::StreamMapping;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub use stream::StreamError;

use crate::invoker::Invoker;
use checkpoint::Checkpoint;
use destination::Destination;
use mapping::Mapping;
use sequence::SequenceNumber;

/// A running pump. [`Pump::stop`] waits for its end, which is between two invocations. A dropped pump ends by itself.
pub(crate) struct Pump {
    /// The function that is invoked.
    pub(crate) function: String,
    stream: TableStream,
    wake: Arc<Notify>,
    /// Dropping it ends the pump after the running invocation.
    running: watch::Sender<()>,
    done: watch::Receiver<Option<SequenceNumber>>,
    task: JoinHandle<()>,
}

impl Pump {
    /// Starts to pass the stream of the mapping's table to its function, from the position where it last stopped.
    ///
    /// The checkpoint and discarded records are stored in `folder`; without a folder they are not stored.
    pub(crate) async fn start(
        declared: StreamMapping,
        database: &Database,
        invoker: Invoker,
        folder: Option<&Path>,
    ) -> Result<Self, StreamError> {
        let stream = stream::find(database, &declared.table).await?;
        let function = declared.function.clone();
        let named = |suffix: &str| folder.map(|folder| folder.join(format!("{function}-{suffix}")));
        let checkpoint = Checkpoint(named("checkpoint.json"));
        let destination = Destination(named("discarded.ndjson"));
        let position = checkpoint.load(&stream.arn).await;

        let wake = Arc::new(Notify::new());
        let (running, ended) = watch::channel(());
        let (done_sender, done) = watch::channel(position);
        let consumer = run::Consumer {
            function: function.clone(),
            reports: declared.report_batch_item_failures,
            mapping: Mapping::new(declared),
            stream: stream.clone(),
            invoker,
            checkpoint,
            destination,
            wake: Arc::clone(&wake),
            running: ended,
            done: done_sender,
        };
        Ok(Self { function, stream, wake, running, done, task: tokio::spawn(consumer.run()) })
    }

    /// Returns a handle with which a writer to the table makes the pump read the stream at once, instead of at the next
    /// poll.
    pub(crate) fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Waits until every record that is in the stream now is processed or discarded.
    ///
    /// # Errors
    /// When the stream cannot be read, or the pump has stopped.
    pub(crate) async fn drained(&self) -> Result<(), StreamError> {
        if let Some(newest) = stream::newest(&self.stream).await? {
            self.wake.notify_one();
            let reached = |done: &Option<SequenceNumber>| done.as_ref().is_some_and(|done| *done >= newest);
            let reached = self.done.clone().wait_for(reached).await.map(|_| ());
            reached.map_err(|_stopped| StreamError::Stopped(self.function.clone()))?;
        }
        Ok(())
    }

    /// Ends the pump after the running invocation.
    pub(crate) async fn stop(self) {
        drop(self.running);
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
    pub(super) fn database() -> Database {
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
    async fn a_dead_pump_is_not_reported_as_drained() {
        let declared = StreamMapping {
            table: "things".to_owned(),
            function: "f".to_owned(),
            batch_size: 1,
            maximum_retry_attempts: 0,
            bisect_batch_on_function_error: false,
            report_batch_item_failures: false,
        };
        let hangs = event_function(service_fn(|_: LambdaEvent<Value>| {
            std::future::pending::<Result<(), lambda_runtime::Error>>()
        }));
        let invoker = Invoker::new([("f".to_owned(), hangs)].into(), BTreeMap::new());
        let pump = Pump::start(declared, &database(), invoker, None).await.unwrap();
        pump.task.abort();
        assert_eq!(pump.drained().await.unwrap_err().to_string(), "the pump to the function f has stopped");
    }
}
