//! A client in this process, each of whose calls takes some time more: a database that is a network away.
//!
//! It does without the HTTP server, so it works with a paused clock (`tokio::time::pause`), which then shows how long work takes that
//! waits for nothing but calls.

use std::fmt;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The way to a database.
#[derive(Clone)]
pub(crate) struct Distance {
    pub(crate) database: Database,
    /// The time that each call takes more.
    pub(crate) latency: Duration,
}

impl fmt::Debug for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Distance").field("latency", &self.latency).finish_non_exhaustive()
    }
}

impl HttpConnector for Distance {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { database, latency } = self.clone();
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(latency).await;
            let operation = request.headers().get("x-amz-target").and_then(|target| Some(target.rsplit_once('.')?.1));
            let (status, body) =
                answer(&database, operation.unwrap_or_default(), request.body().bytes().unwrap_or(&[]));
            let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
            Ok(HttpResponse::new(status, SdkBody::from(body)))
        })
    }
}

impl HttpClient for Distance {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn answer(database: &Database, operation: &str, body: &[u8]) -> (u16, String) {
    match operation {
        "PutItem" => run(body, |request| database.put_item(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "Scan" => run(body, |request| database.scan(request)),
        _ => refusal("UnknownOperationException"),
    }
}

fn run<I: DeserializeOwned, O: Serialize>(
    body: &[u8],
    operation: impl FnOnce(I) -> Result<O, DynoxideError>,
) -> (u16, String) {
    let Ok(request) = serde_json::from_slice(body) else { return refusal("SerializationException") };
    match operation(request) {
        Ok(output) => serde_json::to_string(&output).map_or_else(|_| refusal("InternalServerError"), |it| (200, it)),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

fn refusal(code: &str) -> (u16, String) {
    (400, serde_json::json!({ "__type": code, "message": code }).to_string())
}
