//! The project's own functions in this process. They are wired as in their `main.rs`, but to the stack's DynamoDB and
//! EventBridge.

use std::error::Error;
use std::sync::Arc;

use command_handler::CommandHandler;
use function_setup::{CommandConfig, Config, ProjectorConfig, PublisherConfig, QueryConfig};
use lambda_http::service_fn as http_service;
use lambda_runtime::service_fn;
use parked_orders::ParkedOrderTable;
use projector::Projector;
use publication::EventBus;
use publisher::Publisher;
use query_handler::QueryHandler;

use crate::error::StartError;
use crate::function::{Function, event_function, http_function};
use crate::invoker::Functions;
use crate::stack::{LocalStack, Options, Surroundings};

type SetUp = Result<Arc<dyn Function>, Box<dyn Error + Send + Sync>>;

impl LocalStack {
    /// Starts a stack with the project's own functions.
    pub async fn start_in_process(options: Options) -> Result<Self, StartError> {
        Self::start(options, async |surroundings| in_process(surroundings)).await
    }
}

/// Returns the project's four functions in this process.
///
/// # Errors
/// When a function's environment is not complete.
pub fn in_process(surroundings: &Surroundings) -> Result<Functions, Box<dyn Error + Send + Sync>> {
    Ok([
        ("command-handler".to_owned(), command_handler(surroundings)?),
        ("projector".to_owned(), projector(surroundings)?),
        ("publisher".to_owned(), publisher(surroundings)?),
        ("query-handler".to_owned(), query_handler(surroundings)?),
    ]
    .into())
}

fn command_handler(surroundings: &Surroundings) -> SetUp {
    let config = CommandConfig::from_variables(|name| surroundings.variable("command-handler", name))?;
    let handler = Arc::new(CommandHandler::on_dynamo(surroundings.dynamodb.clone(), config)?);
    Ok(http_function(http_service(move |request| {
        let handler = Arc::clone(&handler);
        async move { handler.handle(request).await }
    })))
}

fn projector(surroundings: &Surroundings) -> SetUp {
    let config = ProjectorConfig::from_variables(|name| surroundings.variable("projector", name))?;
    let projector = Arc::new(Projector::on_dynamo(surroundings.dynamodb.clone(), &config));
    Ok(event_function(service_fn(move |event| {
        let projector = Arc::clone(&projector);
        async move { projector.handle(event).await }
    })))
}

fn publisher(surroundings: &Surroundings) -> SetUp {
    let config = PublisherConfig::from_variables(|name| surroundings.variable("publisher", name))?;
    let bus = EventBus::new(surroundings.eventbridge.clone(), config.event_bus);
    let parked = ParkedOrderTable::new(surroundings.dynamodb.clone(), config.parked_table);
    let publisher = Arc::new(Publisher::new(bus, parked));
    Ok(event_function(service_fn(move |event| {
        let publisher = Arc::clone(&publisher);
        async move { publisher.handle(event).await }
    })))
}

fn query_handler(surroundings: &Surroundings) -> SetUp {
    let config = QueryConfig::from_variables(|name| surroundings.variable("query-handler", name))?;
    let handler = Arc::new(QueryHandler::on_dynamo(surroundings.dynamodb.clone(), config)?);
    Ok(http_function(http_service(move |request| {
        let handler = Arc::clone(&handler);
        async move { handler.handle(request).await }
    })))
}
