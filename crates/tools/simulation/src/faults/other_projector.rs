//! Other releases of the projector: the next one, and one whose projections panic.

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use parked_orders::ParkedOrderTable;
use projector::Projector;
use read_models::ReadModels;

use crate::world::models;
use crate::world::names::{EVENTS, PARKED};

/// The projector of the next release.
pub(crate) fn next(client: Client) -> Projector {
    projector_of(&models::next(&client), client)
}

/// A projector whose folds panic over some commits.
pub(crate) fn panicking(client: Client) -> Projector {
    projector_of(&models::panicking(&client), client)
}

fn projector_of(models: &ReadModels, client: Client) -> Projector {
    let store = DynamoEventStore::new(client.clone(), EVENTS);
    Projector::new(store, models, ParkedOrderTable::new(client, PARKED))
}
