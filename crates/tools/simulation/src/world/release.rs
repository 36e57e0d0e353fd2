//! The release under test: the functions as they are deployed. Tests replace some of them to plant bugs.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use command_handler::CommandHandler;
use event_store::{DynamoEventStore, EventStore};
use http_api::{AuthMode, QuoteVerifier};
use operations::OperationError;
use operations::redrive::{Redrive, RedriveError, Redriven};
use order_aggregate::Orders;
use parked_orders::{Consumer, ParkedOrderTable};
use projector::Projector;
use publication::EventBus;
use publisher::Publisher;
use query_handler::{QueryHandler, Readers};
use read_models::{DynamoOpenOrders, DynamoSummaries, DynamoTotals, LagBound, ReadModels};

use crate::world::clock;
use crate::world::function::{Instance, Invocation, StreamFunction};
use crate::world::models;
use crate::world::names::{BUS, EVENTS, OPEN_ORDERS, PARKED, SUMMARIES, TOTALS};
use crate::world::repair::{Repaired, repair, wrong_snapshots};

/// The constructors of the functions under test. By default they are the deployed ones; tests override them to plant bugs.
pub trait Release: Send + Sync {
    /// The command handler, with a verifier of quotes.
    fn command_handler(&self, client: Client, quotes: QuoteVerifier) -> Instance {
        command_handler(DynamoEventStore::new(client, EVENTS), quotes)
    }

    /// The query handler.
    fn query_handler(&self, client: Client) -> Instance {
        query_handler(
            DynamoEventStore::new(client.clone(), EVENTS),
            readers(&client),
            ParkedOrderTable::new(client, PARKED),
        )
    }

    /// The projector.
    fn projector(&self, client: Client) -> Box<dyn StreamFunction> {
        projector(&models::as_deployed(&client), client)
    }

    /// The projector of the next release, which a rolling deployment brings.
    fn next_projector(&self, client: Client) -> Box<dyn StreamFunction> {
        projector(&models::next(&client), client)
    }

    /// Redrives a parked order for a consumer.
    fn redrive<'a>(
        &'a self,
        bus: aws_sdk_eventbridge::Client,
        client: Client,
        consumer: &'a Consumer,
        order: &'a str,
    ) -> Invocation<'a, Result<Redriven, RedriveError>> {
        let (store, models) = (DynamoEventStore::new(client.clone(), EVENTS), models::as_deployed(&client));
        let redrive = Redrive::new(store, ParkedOrderTable::new(client, PARKED), EventBus::new(bus, BUS), models);
        Box::pin(async move { redrive.order(consumer, order).await })
    }

    /// Compares the read models with the events, and repairs each difference that is not late by `bound`. The summaries are
    /// repaired by the projection of the next release if `is_newer`.
    fn repair(
        &self,
        client: Client,
        is_newer: bool,
        bound: LagBound,
    ) -> Invocation<'_, Result<Repaired, OperationError>> {
        let kept = if is_newer { models::next(&client) } else { models::as_deployed(&client) };
        Box::pin(repair(DynamoEventStore::new(client, EVENTS), kept, bound))
    }

    /// Compares the snapshots with the events, and returns the order and version of each that differs.
    fn wrong_snapshots(&self, client: Client) -> Invocation<'_, Result<Vec<(String, u64)>, OperationError>> {
        Box::pin(wrong_snapshots(DynamoEventStore::new(client, EVENTS)))
    }

    /// The publisher to the bus of a client.
    fn publisher(&self, bus: aws_sdk_eventbridge::Client, client: Client) -> Box<dyn StreamFunction> {
        Box::new(Publisher::new(EventBus::new(bus, BUS), ParkedOrderTable::new(client, PARKED)))
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
pub fn readers(client: &Client) -> Readers {
    Readers {
        summaries: Arc::new(DynamoSummaries::new(client.clone(), SUMMARIES)),
        totals: Some(Arc::new(DynamoTotals::new(client.clone(), TOTALS))),
        open_orders: Some(Arc::new(DynamoOpenOrders::new(client.clone(), OPEN_ORDERS))),
    }
}

/// The projector of a release with these read models.
pub(crate) fn projector(models: &ReadModels, client: Client) -> Box<dyn StreamFunction> {
    let store = DynamoEventStore::new(client.clone(), EVENTS);
    Box::new(Projector::new(store, models, ParkedOrderTable::new(client, PARKED)))
}
