//! The Lambda function `projector`. This file only wires the parts together.

use function_setup::{Config, ProjectorConfig, clients, logs};
use lambda_runtime::service_fn;
use projector::Projector;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = ProjectorConfig::from_env()?;
    logs::init(config.log_level, &[]);
    let client = clients::dynamodb(&clients::sdk_config().await);
    clients::prime(&client, &config.events_table).await;
    let projector = Projector::on_dynamo(client, &config);
    lambda_runtime::run(service_fn(|event| projector.handle(event))).await.map_err(anyhow::Error::from_boxed)
}
