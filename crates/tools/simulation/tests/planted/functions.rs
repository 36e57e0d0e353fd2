//! Bugs of the stream's consumers, and of redriving.

use std::panic::resume_unwind;

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use operations::redrive::{RedriveError, Redriven};
use parked_orders::{Consumer, ParkedOrderTable};
use simulation::world::function::{Invocation, StreamFunction};
use stream_consumer::StreamEvent;

/// A function that never asks for a retry.
pub(crate) struct Acknowledges(pub(crate) Box<dyn StreamFunction>);

impl StreamFunction for Acknowledges {
    fn tick(&self) -> Invocation<'_, ()> {
        self.0.tick()
    }

    fn handle(&self, batch: StreamEvent) -> Invocation<'_, Result<DynamoDbEventResponse, lambda_runtime::Error>> {
        Box::pin(async move {
            let _ = self.0.handle(batch).await;
            Ok(DynamoDbEventResponse::default())
        })
    }
}

/// A function that panics on a record that it cannot read. `resume_unwind` does not call the panic hook, which would fill the log.
pub(crate) struct Panics(pub(crate) Box<dyn StreamFunction>);

impl StreamFunction for Panics {
    fn tick(&self) -> Invocation<'_, ()> {
        self.0.tick()
    }

    fn handle(&self, batch: StreamEvent) -> Invocation<'_, Result<DynamoDbEventResponse, lambda_runtime::Error>> {
        Box::pin(async move {
            let read = stream_consumer::read(batch.clone());
            if read.delivered.iter().any(|delivered| delivered.record.is_err()) {
                resume_unwind(Box::new("a record cannot be read"));
            }
            self.0.handle(batch).await
        })
    }
}

/// A function that asks for a retry of each unaddressable record, whenever it receives one.
pub(crate) struct Retries(pub(crate) Box<dyn StreamFunction>);

impl StreamFunction for Retries {
    fn tick(&self) -> Invocation<'_, ()> {
        self.0.tick()
    }

    fn handle(&self, batch: StreamEvent) -> Invocation<'_, Result<DynamoDbEventResponse, lambda_runtime::Error>> {
        Box::pin(async move {
            let strays = stream_consumer::read(batch.clone()).unaddressable;
            let mut response = self.0.handle(batch).await?;
            let failed = strays.into_iter().map(|stray| stray.sequence_number.unwrap_or_default());
            response.batch_item_failures.extend(stream_consumer::retry_from(failed).batch_item_failures);
            Ok(response)
        })
    }
}

/// A function that skips unaddressable records.
pub(crate) struct LeavesOut(pub(crate) Box<dyn StreamFunction>);

impl StreamFunction for LeavesOut {
    fn tick(&self) -> Invocation<'_, ()> {
        self.0.tick()
    }

    fn handle(&self, batch: StreamEvent) -> Invocation<'_, Result<DynamoDbEventResponse, lambda_runtime::Error>> {
        let names_an_order = |record: &Box<_>| {
            stream_consumer::read(StreamEvent { records: vec![Box::clone(record)] }).unaddressable.is_empty()
        };
        let records = batch.records.into_iter().filter(names_an_order).collect();
        self.0.handle(StreamEvent { records })
    }
}

/// A redrive that removes the note on a row, and does not change the row.
pub(crate) async fn unpark(
    notes: ParkedOrderTable,
    consumer: &Consumer,
    order: &str,
) -> Result<Redriven, RedriveError> {
    if let Some(note) = notes.find(consumer, order).await? {
        notes.unpark(&note).await?;
    }
    Ok(Redriven::Done { commits: 0 })
}
