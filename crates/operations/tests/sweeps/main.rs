//! Rebuild, verify and repair, over the real SDK against the embedded DynamoDB.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod budgets;
mod large_orders;
mod rebuild;
mod verify;

use aws_sdk_dynamodb::Client;
use event_store::DynamoEventStore;
use read_models::ReadModels;
use read_models::registry::CORE;

/// Returns the core's read models on the tables of the template.
fn read_models(client: &Client) -> ReadModels {
    let store = DynamoEventStore::new(client.clone(), "OrderEvents");
    CORE.iter().map(|registered| registered.open(client.clone(), store.clone(), registered.name)).collect()
}
