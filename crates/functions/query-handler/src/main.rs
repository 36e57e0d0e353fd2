//! The Lambda function `query-handler`. This file only wires the parts together.

use function_setup::{Config, QueryConfig, clients, logs};
use lambda_http::service_fn;
use query_handler::QueryHandler;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = QueryConfig::from_env()?;
    logs::init(config.log_level, &[]);
    let client = clients::dynamodb(&clients::sdk_config().await);
    clients::prime(&client, &config.events_table).await;
    let handler = QueryHandler::on_dynamo(client, config)?;
    lambda_http::run(service_fn(|request| handler.handle(request))).await.map_err(anyhow::Error::from_boxed)
}
