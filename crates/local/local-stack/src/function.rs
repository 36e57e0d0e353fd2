//! The port to a Lambda function, and the adapter that runs a handler inside this process.
//!
//! The port has the same types as on AWS: a JSON payload in, a JSON payload out. An in-process handler, a real binary
//! behind a Runtime API and a stub in a test are therefore interchangeable, and both payloads are always encoded and
//! decoded.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, IntoResponse, Request};
use lambda_runtime::{Context, Diagnostic, LambdaEvent, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The maximum size of a function's reply that Lambda accepts, in bytes of the payload: 6 MB for a synchronous invocation
/// (AWS Lambda Developer Guide, "Lambda quotas"). The number is from Lambda's own error message, "Exceeded maximum allowed
/// payload size (6291556 bytes)".
pub const MAX_RESPONSE: usize = 6_291_556;

/// A Lambda function from the view of its caller.
pub trait Function: Send + Sync {
    /// Runs the function once with a JSON payload and returns its JSON reply.
    fn invoke(&self, payload: Bytes, invocation: Invocation) -> BoxFuture<'static, Result<Bytes, FunctionError>>;
}

impl<F> Function for F
where
    F: Fn(Bytes, Invocation) -> BoxFuture<'static, Result<Bytes, FunctionError>> + Send + Sync,
{
    fn invoke(&self, payload: Bytes, invocation: Invocation) -> BoxFuture<'static, Result<Bytes, FunctionError>> {
        self(payload, invocation)
    }
}

/// The data about one invocation that Lambda passes to a function in addition to the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The id of this invocation; a retry has another.
    pub request_id: String,
    /// The time at which the function is stopped, in milliseconds since the epoch.
    pub deadline_ms: u64,
    /// The name under which the function was called.
    pub function_arn: String,
}

/// An invocation that failed. As on AWS, the caller receives no details: an HTTP client gets a 500, and a stream batch is
/// retried.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The payload is not valid for the function, or its reply is not JSON.
    #[error("the payload could not be read or written: {0}")]
    Payload(#[from] serde_json::Error),
    /// The handler returned an error.
    #[error("{error_type}: {message}")]
    Handler {
        /// The type of the error, by which Lambda groups errors.
        error_type: String,
        /// The handler's error message.
        message: String,
    },
    /// The handler panicked. Lambda reports the panic and continues, and so does the local stack.
    #[error("the function panicked")]
    Panicked,
    /// The reply is larger than [`MAX_RESPONSE`]; Lambda drops it.
    #[error("response payload size ({bytes} bytes) exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)")]
    ResponseTooLarge {
        /// The size of the reply.
        bytes: usize,
    },
    /// The function did not answer within its time-out.
    #[error("the function did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The function cannot be reached: its process ended, or no process serves it.
    #[error("the function cannot be reached: {0}")]
    Unreachable(String),
}

/// Runs a `lambda_http` handler in this process, through the same parsing and encoding as `lambda_http::run`.
pub fn http_function<S, R, E>(handler: S) -> Arc<dyn Function>
where
    S: Service<Request, Response = R, Error = E> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    R: IntoResponse + Send + Sync + 'static,
    E: Into<Diagnostic> + Send + 'static,
{
    event_function::<_, LambdaRequest>(Adapter::from(handler))
}

/// Runs a `lambda_runtime` handler in this process: its event and its reply are encoded as JSON.
pub fn event_function<S, T>(handler: S) -> Arc<dyn Function>
where
    S: Service<LambdaEvent<T>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Response: Serialize + Send + 'static,
    S::Error: Into<Diagnostic> + Send + 'static,
    T: DeserializeOwned + Send + 'static,
{
    Arc::new(move |payload: Bytes, invocation: Invocation| -> BoxFuture<'static, Result<Bytes, FunctionError>> {
        let mut handler = handler.clone();
        Box::pin(async move {
            let event: T = serde_json::from_slice(&payload)?;
            poll_fn(|context| handler.poll_ready(context)).await.map_err(failed)?;
            let answer = handler.call(LambdaEvent::new(event, context(invocation))).await.map_err(failed)?;
            Ok(serde_json::to_vec(&answer)?.into())
        })
    })
}

fn context(invocation: Invocation) -> Context {
    let mut context = Context::default();
    context.request_id = invocation.request_id;
    context.deadline = invocation.deadline_ms;
    context.invoked_function_arn = invocation.function_arn;
    context
}

fn failed(error: impl Into<Diagnostic>) -> FunctionError {
    let diagnostic = error.into();
    FunctionError::Handler { error_type: diagnostic.error_type, message: diagnostic.error_message }
}

#[cfg(test)]
mod tests {
    use lambda_http::{Body, RequestExt, service_fn as http_service};
    use lambda_runtime::service_fn;
    use serde_json::{Value, json};

    use super::*;

    fn invocation() -> Invocation {
        Invocation { request_id: "r-1".into(), deadline_ms: 1, function_arn: "arn".into() }
    }

    async fn call(function: &Arc<dyn Function>, payload: Value) -> Result<Value, FunctionError> {
        let answer = function.invoke(payload.to_string().into(), invocation()).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    #[tokio::test]
    async fn an_event_handler_takes_and_gives_json() {
        let function = event_function(service_fn(|event: LambdaEvent<Vec<u32>>| async move {
            Ok::<_, lambda_runtime::Error>(
                json!({ "sum": event.payload.iter().sum::<u32>(), "id": event.context.request_id }),
            )
        }));
        assert_eq!(call(&function, json!([1, 2])).await.unwrap(), json!({ "sum": 3, "id": "r-1" }));
        assert!(matches!(call(&function, json!("no list")).await, Err(FunctionError::Payload(_))));
    }

    #[tokio::test]
    async fn an_http_handler_sees_the_gateways_request_and_its_response_is_encoded() {
        let function = http_function(http_service(|request: Request| async move {
            let id = request.path_parameters_ref().and_then(|path| path.first("id")).unwrap_or_default().to_owned();
            Ok::<_, lambda_http::Error>(http::Response::builder().status(201).body(Body::from(id)).unwrap())
        }));
        let payload = json!({
            "version": "2.0", "routeKey": "GET /things/{id}", "rawPath": "/things/7", "rawQueryString": "",
            "headers": {}, "pathParameters": { "id": "7" }, "isBase64Encoded": false,
            "requestContext": { "http": { "method": "GET", "path": "/things/7" }, "stage": "$default", "timeEpoch": 0 }
        });
        let answer = call(&function, payload).await.unwrap();
        assert_eq!((&answer["statusCode"], &answer["body"]), (&json!(201), &json!("7")));
    }

    #[tokio::test]
    async fn a_handlers_error_keeps_its_type_and_message() {
        let function = event_function(service_fn(|_: LambdaEvent<Value>| async { Err::<(), _>("out of paper") }));
        let error = call(&function, json!({})).await.unwrap_err();
        assert!(error.to_string().ends_with("out of paper"), "{error}");
    }
}
