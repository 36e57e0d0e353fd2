//! The HTTP client between the SDK and the database.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use embedded_dynamodb::Database;

use crate::fault::{Dice, Fault, Fired, Moment, Rates};
use crate::wire;

/// Carries requests to a database, late, and struck by faults from a seed. Clones are the same network.
///
/// Each request is under way for a while before it arrives and for a while on its way back, in Tokio's time. So whoever
/// drops a request drops it before the database has it, or after it has done it.
#[derive(Clone)]
pub struct Network {
    database: Database,
    dice: Arc<Mutex<Dice>>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("dice", &self.dice).finish_non_exhaustive()
    }
}

impl Network {
    /// A network to `database`.
    #[must_use]
    pub fn new(database: Database, seed: u64, rates: Rates) -> Self {
        Self { database, dice: Arc::new(Mutex::new(Dice::new(seed, rates))) }
    }

    /// The real SDK's client on this network, otherwise as `config` has it.
    ///
    /// It has a budget of retries of its own. The SDK's clients share one in a process, so what one network struck would
    /// tell on another.
    #[must_use]
    pub fn client(&self, config: aws_sdk_dynamodb::config::Builder) -> Client {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let budget = RetryPartition::new(format!("chaos-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        Client::from_conf(config.http_client(self.clone()).retry_partition(budget).build())
    }

    /// How often each fault has struck.
    #[must_use]
    pub fn fired(&self) -> Fired {
        self.dice().fired.clone()
    }

    fn dice(&self) -> MutexGuard<'_, Dice> {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn strike(&self, moment: Moment, fault: Fault) {
        *self.dice().fired.entry((moment, fault)).or_default() += 1;
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (there, drawn, back) = {
            let mut dice = self.dice();
            (dice.delay_ms(), dice.draw(), dice.delay_ms())
        };
        tokio::time::sleep(Duration::from_millis(there)).await;
        if let Some((Moment::Before, fault)) = drawn {
            self.strike(Moment::Before, fault);
            return instead_of_an_answer(fault).await;
        }
        let operation = request.headers().get("x-amz-target").unwrap_or_default();
        let answer = wire::answer(&self.database, operation, request.body().bytes().unwrap_or_default());
        tokio::time::sleep(Duration::from_millis(back)).await;
        if let Some((Moment::After, fault)) = drawn {
            self.strike(Moment::After, fault);
            return instead_of_an_answer(fault).await;
        }
        response(answer)
    }
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl HttpClient for Network {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

async fn instead_of_an_answer(fault: Fault) -> Result<HttpResponse, ConnectorError> {
    match fault {
        Fault::Throttled => response(wire::refusal(400, "ThrottlingException")),
        Fault::ThroughputExceeded => response(wire::refusal(400, "ProvisionedThroughputExceededException")),
        Fault::ServerError => response(wire::refusal(500, "InternalServerError")),
        Fault::TimedOut => std::future::pending().await,
        Fault::Cut => Err(ConnectorError::io("the connection was cut".into())),
    }
}

fn response((status, body): (u16, String)) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
