//! A minimal authorizer in front of the functions. It puts the caller's identity where API Gateway puts it. The header
//! `x-test-claims` represents a token, as a JSON object of claims. The header `x-test-user-arn` represents a signature, as
//! the ARN of the signer. Without either header, the context has no caller, as on a route without an authorizer.

use std::sync::Arc;

use bytes::Bytes;
use command_handler::CommandHandler;
use event_store::{DynamoEventStore, Timestamp};
use function_setup::{Config, QueryConfig};
use futures_util::future::BoxFuture;
use http_api::{AuthMode, QuoteVerifier};
use lambda_http::service_fn;
use local_stack::function::{Function, FunctionError, Invocation, http_function};
use local_stack::{Functions, Surroundings};
use parked_orders::ParkedOrderTable;
use query_handler::{QueryHandler, Readers};
use serde_json::{Value, json};
use signed_quotes::DEMO_AUDIENCE;

use crate::system::demo_keys;

struct Authorized(Arc<dyn Function>);

impl Function for Authorized {
    fn invoke(&self, payload: Bytes, invocation: Invocation) -> BoxFuture<'static, Result<Bytes, FunctionError>> {
        let mut request: Value = serde_json::from_slice(&payload).unwrap();
        if let Some(claims) = request["headers"]["x-test-claims"].as_str() {
            let claims: Value = serde_json::from_str(claims).unwrap();
            request["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
        }
        if let Some(arn) = request["headers"]["x-test-user-arn"].as_str().map(str::to_owned) {
            request["requestContext"]["authorizer"] = json!({ "iam": { "userArn": arn } });
        }
        self.0.invoke(request.to_string().into(), invocation)
    }
}

/// Wraps a function with the authorizer.
pub fn in_front_of(function: Arc<dyn Function>) -> Arc<dyn Function> {
    Arc::new(Authorized(function))
}

/// Returns the two HTTP functions as a deployment in this mode configures them, and the projector and the publisher
/// unchanged.
pub fn functions(surroundings: &Surroundings, dynamodb: aws_sdk_dynamodb::Client, mode: AuthMode) -> Functions {
    let config = QueryConfig::from_variables(|name| surroundings.variable("query-handler", name)).unwrap();
    let rows = Readers::on_dynamo(&dynamodb, &config);
    let parked = ParkedOrderTable::new(dynamodb.clone(), config.parked_table);
    let events = DynamoEventStore::new(dynamodb, "OrderEvents");
    let quotes = QuoteVerifier::parse(&demo_keys(), DEMO_AUDIENCE).unwrap();
    let commands = Arc::new(CommandHandler::new(events.clone(), mode, quotes, Timestamp::now));
    let queries = Arc::new(QueryHandler::new(events, rows, parked, mode));
    let commands = http_function(service_fn(move |request| {
        let commands = Arc::clone(&commands);
        async move { commands.handle(request).await }
    }));
    let queries = http_function(service_fn(move |request| {
        let queries = Arc::clone(&queries);
        async move { queries.handle(request).await }
    }));
    let mut functions = local_stack::in_process(surroundings).unwrap();
    functions.insert("command-handler".to_owned(), in_front_of(commands));
    functions.insert("query-handler".to_owned(), in_front_of(queries));
    functions
}
