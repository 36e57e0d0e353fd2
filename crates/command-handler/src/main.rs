//! The Lambda function `command-handler`: the wiring, and nothing else.

use command_handler::CommandHandler;
use event_store::{DynamoEventStore, Timestamp};
use function_setup::{CommandConfig, clients, logs};
use lambda_http::service_fn;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = CommandConfig::from_env()?;
    logs::init(config.log_level);
    let auth_mode = config.auth_mode.parse()?;
    let client = clients::dynamodb(&clients::sdk_config().await);
    clients::prime(&client, &config.events_table).await;
    let store = DynamoEventStore::new(client, config.events_table);
    let handler = CommandHandler::new(store, auth_mode, Timestamp::now);
    lambda_http::run(service_fn(|request| handler.handle(request))).await.map_err(anyhow::Error::from_boxed)
}
