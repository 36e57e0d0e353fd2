//! The Lambda function `publisher`. This file only wires the parts together.

use aws_sdk_eventbridge::Client;
use function_setup::{Config, PublisherConfig, clients, logs};
use lambda_runtime::service_fn;
use parked_orders::ParkedOrderTable;
use publication::EventBus;
use publisher::Publisher;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = PublisherConfig::from_env()?;
    logs::init(config.log_level, &[]);
    let sdk = clients::sdk_config().await;
    let bus = EventBus::new(Client::new(&sdk), config.event_bus);
    let publisher = Publisher::new(bus, ParkedOrderTable::new(clients::dynamodb(&sdk), config.parked_table));
    publisher.prime().await;
    lambda_runtime::run(service_fn(|event| publisher.handle(event))).await.map_err(anyhow::Error::from_boxed)
}
