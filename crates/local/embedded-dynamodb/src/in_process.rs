//! A client in this process. It sends the requests of the real SDK to the database itself, without a server.
//!
//! Its calls can each take additional time, like calls to a database across a network. It works with a paused clock
//! (`tokio::time::pause`). The clock then shows the duration of work that waits only for calls.

use std::fmt;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;

use crate::protocol::answer;

/// The connection to a database.
#[derive(Clone)]
pub(crate) struct InProcess {
    pub(crate) database: Database,
    /// The additional time of each call.
    pub(crate) latency: Duration,
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").field("latency", &self.latency).finish_non_exhaustive()
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { database, latency } = self.clone();
        HttpConnectorFuture::new(async move {
            if latency.is_zero() {
                // The call itself never waits. Without this, a task with many calls would keep its thread from other tasks.
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(latency).await;
            }
            let operation = request.headers().get("x-amz-target").and_then(|target| Some(target.rsplit_once('.')?.1));
            let (status, body) =
                answer(&database, operation.unwrap_or_default(), request.body().bytes().unwrap_or(&[]));
            let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
            Ok(HttpResponse::new(status, SdkBody::from(body)))
        })
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
