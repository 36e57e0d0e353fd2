//! What is under test: the functions as they are deployed, or with a bug that somebody planted.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use command_handler::CommandHandler;
use event_store::{DynamoEventStore, EventStore, StoreError};
use function_setup::ProjectorConfig;
use http_api::{AuthMode, QuoteVerifier};
use lambda_http::{Body, Request, Response};
use lambda_runtime::{Context, LambdaEvent};
use operations::redrive::{Redrive, RedriveError, Redriven};
use order_aggregate::Orders;
use parked_orders::{Consumer, ParkedOrders};
use projector::{Payload, Projector};
use publisher::{EventBus, Publisher};
use query_handler::QueryHandler;
use read_models::{
    AuditError, CustomerTotals, DynamoRows, DynamoSummaries, DynamoTotals, LagBound, OrderSummaries,
    OrderSummaryByCustomer, RowStore, SummedRows, Totals,
};
use stream_consumer::StreamEvent;
use tracing::level_filters::LevelFilter;

use crate::bus::BUS;
use crate::clock;
pub use crate::repair::Repaired;
use crate::repair::repair;
use crate::tampering::EVENTS;
use crate::verify::wrong_snapshots;

/// The table of the summaries.
pub(crate) const SUMMARIES: &str = "OrderSummaryByCustomer";
/// The table of the totals.
pub(crate) const TOTALS: &str = "CustomerTotals";
/// The table of parked orders.
pub(crate) const PARKED: &str = "ParkedOrders";

/// What an invocation is until it ends.
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

/// What takes a parked order out.
pub trait Redriving: Send + Sync {
    /// Redrives an order for a consumer.
    fn order<'a>(&'a self, consumer: Consumer, order: &'a str) -> Invocation<'a, Result<Redriven, RedriveError>>;
}

/// How the functions come about. As they stand here they are what is deployed; tests override what they break.
pub trait Release: Send + Sync {
    /// The command handler, which accepts these quotes.
    fn command_handler(&self, client: aws_sdk_dynamodb::Client, quotes: QuoteVerifier) -> Instance {
        command_handler(DynamoEventStore::new(client, EVENTS), quotes)
    }

    /// The query handler.
    fn query_handler(&self, client: aws_sdk_dynamodb::Client) -> Instance {
        query_handler(
            DynamoEventStore::new(client.clone(), EVENTS),
            DynamoSummaries::new(client.clone(), SUMMARIES),
            DynamoTotals::new(client.clone(), TOTALS),
            ParkedOrders::new(client, PARKED),
        )
    }

    /// The projector.
    fn projector(&self, client: aws_sdk_dynamodb::Client) -> Box<dyn StreamFunction> {
        projector(client)
    }

    /// What takes parked orders out.
    fn redrive(&self, bus: aws_sdk_eventbridge::Client, client: aws_sdk_dynamodb::Client) -> Box<dyn Redriving> {
        redrive(bus, client)
    }

    /// Compares the read models with the events, and repairs what differs and is not late by `bound`. The summaries are repaired
    /// as the newer release of the projection has them where `is_newer`.
    fn repair(
        &self,
        client: aws_sdk_dynamodb::Client,
        is_newer: bool,
        bound: LagBound,
    ) -> Invocation<'_, Result<Repaired, AuditError>> {
        Box::pin(repair(client, is_newer, bound))
    }

    /// Compares the snapshots with the events, and names those that differ: their order and version.
    fn wrong_snapshots(
        &self,
        client: aws_sdk_dynamodb::Client,
    ) -> Invocation<'_, Result<Vec<(String, u64)>, StoreError>> {
        Box::pin(wrong_snapshots(client))
    }

    /// The publisher, to the bus that `bus` reaches.
    fn publisher(&self, bus: aws_sdk_eventbridge::Client, client: aws_sdk_dynamodb::Client) -> Box<dyn StreamFunction> {
        publisher(bus, client)
    }
}

/// The functions as they are deployed.
#[derive(Debug, Clone, Copy, Default)]
pub struct AsDeployed;

impl Release for AsDeployed {}

/// The command handler on a store, for tokens and signed requests.
pub fn command_handler(store: impl EventStore<Orders> + 'static, quotes: QuoteVerifier) -> Instance {
    Box::new(CommandHandler::new(store, AuthMode::JwtAndIam, quotes, clock::now))
}

/// The query handler on the events, the read models and the notes.
pub fn query_handler(
    events: impl EventStore<Orders> + 'static,
    summaries: impl OrderSummaries + 'static,
    totals: impl Totals + 'static,
    parked: ParkedOrders,
) -> Instance {
    Box::new(QueryHandler::new(events, summaries, totals, parked, AuthMode::JwtAndIam))
}

/// The projector as it is deployed.
#[must_use]
pub fn projector(client: aws_sdk_dynamodb::Client) -> Box<dyn StreamFunction> {
    let config = ProjectorConfig {
        events_table: EVENTS.to_owned(),
        summary_table: SUMMARIES.to_owned(),
        totals_table: Some(TOTALS.to_owned()),
        parked_table: PARKED.to_owned(),
        log_level: LevelFilter::OFF,
    };
    Box::new(Projector::on_dynamo(client, &config))
}

/// The publisher as it is deployed.
#[must_use]
pub fn publisher(bus: aws_sdk_eventbridge::Client, client: aws_sdk_dynamodb::Client) -> Box<dyn StreamFunction> {
    Box::new(Publisher::new(EventBus::new(bus, BUS), ParkedOrders::new(client, PARKED)))
}

/// What takes parked orders out, as operators have it.
#[must_use]
pub fn redrive(bus: aws_sdk_eventbridge::Client, client: aws_sdk_dynamodb::Client) -> Box<dyn Redriving> {
    Box::new(Redrive::new(
        DynamoEventStore::new(client.clone(), EVENTS),
        ParkedOrders::new(client.clone(), PARKED),
        EventBus::new(bus, BUS),
        DynamoRows::new(client.clone(), SUMMARIES),
        SummedRows::new(client, TOTALS),
    ))
}

impl Redriving for Redrive {
    fn order<'a>(&'a self, consumer: Consumer, order: &'a str) -> Invocation<'a, Result<Redriven, RedriveError>> {
        Box::pin(Self::order(self, consumer, order))
    }
}

impl<S: EventStore<Orders>> HttpFunction for CommandHandler<S> {
    fn handle(&self, request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        Box::pin(Self::handle(self, request))
    }
}

impl<S: EventStore<Orders>, R: OrderSummaries, T: Totals> HttpFunction for QueryHandler<S, R, T> {
    fn handle(&self, request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        Box::pin(Self::handle(self, request))
    }
}

impl<S, R, T> StreamFunction for Projector<S, R, T>
where
    S: EventStore<Orders> + Clone,
    R: RowStore<OrderSummaryByCustomer>,
    T: RowStore<CustomerTotals>,
{
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
