//! The Lambda function `command-handler`. This file only wires the parts together.

use command_handler::CommandHandler;
use function_setup::{CommandConfig, Config, clients, logs};
use lambda_http::service_fn;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = CommandConfig::from_env()?;
    logs::init(config.log_level, &[]);
    let client = clients::dynamodb(&clients::sdk_config().await);
    clients::prime(&client, &config.events_table).await;
    let handler = CommandHandler::on_dynamo(client, config)?;
    lambda_http::run(service_fn(|request| handler.handle(request))).await.map_err(anyhow::Error::from_boxed)
}
