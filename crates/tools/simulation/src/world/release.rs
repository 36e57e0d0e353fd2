//! The release under test: the functions as they are deployed. Tests replace some of them to plant bugs.

use std::sync::Arc;

use command_handler::CommandHandler;
use event_store::{DynamoEventStore, EventStore};
use http_api::{AuthMode, QuoteVerifier};
use operations::OperationError;
use operations::redrive::Redrive;
use order_aggregate::Orders;
use parked_orders::ParkedOrderTable;
use projector::Projector;
use publication::EventBus;
use publisher::Publisher;
use query_handler::{QueryHandler, Readers};
use read_models::{DynamoOpenOrders, DynamoSummaries, DynamoTotals, LagBound};

use crate::world::clock;
use crate::world::function::{Instance, Invocation, Redriving, StreamFunction};
use crate::world::models;
use crate::world::names::{BUS, EVENTS, OPEN_ORDERS, PARKED, SUMMARIES, TOTALS};
use crate::world::repair::{Repaired, repair, wrong_snapshots};

/// The constructors of the functions under test. By default they are the deployed ones; tests override them to plant bugs.
pub trait Release: Send + Sync {
    /// The command handler, with a verifier of quotes.
    fn command_handler(&self, client: aws_sdk_dynamodb::Client, quotes: QuoteVerifier) -> Instance {
        command_handler(DynamoEventStore::new(client, EVENTS), quotes)
    }

    /// The query handler.
    fn query_handler(&self, client: aws_sdk_dynamodb::Client) -> Instance {
        query_handler(
            DynamoEventStore::new(client.clone(), EVENTS),
            readers(&client),
            ParkedOrderTable::new(client, PARKED),
        )
    }

    /// The projector.
    fn projector(&self, client: aws_sdk_dynamodb::Client) -> Box<dyn StreamFunction> {
        projector(client)
    }

    /// The redrive of parked orders.
    fn redrive(&self, bus: aws_sdk_eventbridge::Client, client: aws_sdk_dynamodb::Client) -> Box<dyn Redriving> {
        redrive(bus, client)
    }

    /// Compares the read models with the events, and repairs each difference that is not late by `bound`. The summaries are
    /// repaired by the projection of the next release if `is_newer`.
    fn repair(
        &self,
        client: aws_sdk_dynamodb::Client,
        is_newer: bool,
        bound: LagBound,
    ) -> Invocation<'_, Result<Repaired, OperationError>> {
        let kept = if is_newer { models::next(&client) } else { models::as_deployed(&client) };
        Box::pin(repair(DynamoEventStore::new(client, EVENTS), kept, bound))
    }

    /// Compares the snapshots with the events, and returns the order and version of each that differs.
    fn wrong_snapshots(
        &self,
        client: aws_sdk_dynamodb::Client,
    ) -> Invocation<'_, Result<Vec<(String, u64)>, OperationError>> {
        Box::pin(wrong_snapshots(DynamoEventStore::new(client, EVENTS)))
    }

    /// The publisher to the bus of a client.
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
pub fn query_handler(events: impl EventStore<Orders> + 'static, rows: Readers, parked: ParkedOrderTable) -> Instance {
    Box::new(QueryHandler::new(events, rows, parked, AuthMode::JwtAndIam))
}

/// The reads of the read models as they are deployed.
#[must_use]
pub fn readers(client: &aws_sdk_dynamodb::Client) -> Readers {
    Readers {
        summaries: Arc::new(DynamoSummaries::new(client.clone(), SUMMARIES)),
        totals: Some(Arc::new(DynamoTotals::new(client.clone(), TOTALS))),
        open_orders: Some(Arc::new(DynamoOpenOrders::new(client.clone(), OPEN_ORDERS))),
    }
}

/// The projector as it is deployed.
#[must_use]
pub fn projector(client: aws_sdk_dynamodb::Client) -> Box<dyn StreamFunction> {
    let store = DynamoEventStore::new(client.clone(), EVENTS);
    Box::new(Projector::new(store, &models::as_deployed(&client), ParkedOrderTable::new(client, PARKED)))
}

/// The publisher as it is deployed.
#[must_use]
pub fn publisher(bus: aws_sdk_eventbridge::Client, client: aws_sdk_dynamodb::Client) -> Box<dyn StreamFunction> {
    Box::new(Publisher::new(EventBus::new(bus, BUS), ParkedOrderTable::new(client, PARKED)))
}

/// The redrive of parked orders as it is deployed.
#[must_use]
pub fn redrive(bus: aws_sdk_eventbridge::Client, client: aws_sdk_dynamodb::Client) -> Box<dyn Redriving> {
    let (store, models) = (DynamoEventStore::new(client.clone(), EVENTS), models::as_deployed(&client));
    Box::new(Redrive::new(store, ParkedOrderTable::new(client, PARKED), EventBus::new(bus, BUS), models))
}
