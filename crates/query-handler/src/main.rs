//! The Lambda function `query-handler`: the wiring, and nothing else.

use event_store::DynamoEventStore;
use function_setup::{QueryConfig, clients, logs};
use lambda_http::service_fn;
use query_handler::QueryHandler;
use read_model::DynamoSummaries;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = QueryConfig::from_env()?;
    logs::init(config.log_level);
    let auth_mode = config.auth_mode.parse()?;
    let client = clients::dynamodb(&clients::sdk_config().await);
    clients::prime(&client, &config.events_table).await;
    let events = DynamoEventStore::new(client.clone(), config.events_table);
    let handler = QueryHandler::new(events, DynamoSummaries::new(client, config.summary_table), auth_mode);
    lambda_http::run(service_fn(|request| handler.handle(request))).await.map_err(anyhow::Error::from_boxed)
}
