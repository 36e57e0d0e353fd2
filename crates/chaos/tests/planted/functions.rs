//! Bugs of the stream's consumers.

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use chaos::release::{Invocation, StreamFunction};

/// A function that never asks for a record again.
pub(crate) struct Acknowledges(pub(crate) Box<dyn StreamFunction>);

impl StreamFunction for Acknowledges {
    fn handle(&self, batch: StreamEvent) -> Invocation<'_, Result<DynamoDbEventResponse, lambda_runtime::Error>> {
        Box::pin(async move {
            let _ = self.0.handle(batch).await;
            Ok(DynamoDbEventResponse::default())
        })
    }
}
