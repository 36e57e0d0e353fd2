//! The functions under test, as the harness invokes them.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use command_handler::CommandHandler;
use event_store::EventStore;
use lambda_http::{Body, Request, Response};
use lambda_runtime::{Context, LambdaEvent};
use order_aggregate::Orders;
use projector::{Payload, Projector};
use publisher::Publisher;
use query_handler::QueryHandler;
use stream_consumer::StreamEvent;

/// An invocation that has not ended.
pub type Invocation<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A function that answers HTTP requests.
pub trait HttpFunction: Send + Sync {
    /// One invocation.
    fn handle(&self, request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>>;
}

/// An instance of such a function.
pub type Instance = Box<dyn HttpFunction>;

/// A function that takes batches of the stream.
pub trait StreamFunction: Send + Sync {
    /// One invocation.
    fn handle(&self, batch: StreamEvent) -> Invocation<'_, Result<DynamoDbEventResponse, lambda_runtime::Error>>;

    /// The work of its schedule, if it has one.
    fn tick(&self) -> Invocation<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl<S: EventStore<Orders>> HttpFunction for CommandHandler<S> {
    fn handle(&self, request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        Box::pin(Self::handle(self, request))
    }
}

impl<S: EventStore<Orders>> HttpFunction for QueryHandler<S> {
    fn handle(&self, request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        Box::pin(Self::handle(self, request))
    }
}

impl<S: EventStore<Orders>> StreamFunction for Projector<S> {
    fn handle(&self, batch: StreamEvent) -> Invocation<'_, Result<DynamoDbEventResponse, lambda_runtime::Error>> {
        Box::pin(Self::handle(self, LambdaEvent::new(Payload::Stream(batch), Context::default())))
    }

    fn tick(&self) -> Invocation<'_, ()> {
        Box::pin(Self::tick(self, 0))
    }
}

impl StreamFunction for Publisher {
    fn handle(&self, batch: StreamEvent) -> Invocation<'_, Result<DynamoDbEventResponse, lambda_runtime::Error>> {
        Box::pin(Self::handle(self, LambdaEvent::new(batch, Context::default())))
    }
}
