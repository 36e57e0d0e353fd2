//! The HTTP client between the SDK and the database.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use embedded_dynamodb::{Database, protocol};
use serde_json::Value;

use crate::faults::fault::{Fault, Faults};
use crate::faults::strike::{Dice, Fired, Moment, Rates, Strike};
use crate::faults::tampering::Tampering;
use crate::world::journal::Journal;
use crate::world::names::EVENTS;
use crate::world::sdk_config::own_budget;
use crate::world::wire::{self, position};

/// Beyond this many bytes, a page that is not the last was cut by DynamoDB's limit of 1 MB and by no other.
const LARGE_PAGE_BYTES: usize = 600 * 1024;

/// Carries requests to a database, late, and struck by faults from a seed. Clones are the same network.
///
/// Each request is under way for a while before it arrives and for a while on its way back, in Tokio's time. So whoever
/// drops a request drops it before the database has it, or after it has done it.
#[derive(Clone)]
pub struct Network {
    database: Database,
    dice: Arc<Mutex<Dice>>,
    faults: Faults,
    /// What is done to commits, and whether those who read through this network are of the newer release.
    tampering: Option<(Tampering, bool)>,
    journal: Option<Journal>,
    rows_written: Arc<AtomicU64>,
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
        let dice = Arc::new(Mutex::new(Dice::new(seed, rates)));
        Self { database, dice, faults: Faults::default(), tampering: None, journal: None, rows_written: Arc::default() }
    }

    /// The same network, on which only those faults strike that may, and each is counted.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// The same network, on which commits are tampered with.
    pub(crate) fn with_tampering(self, tampering: Tampering, knows_all: bool) -> Self {
        Self { tampering: Some((tampering, knows_all)), ..self }
    }

    /// The same network, on which every write is followed by a look at the tables.
    pub(crate) fn with_journal(self, journal: Journal) -> Self {
        Self { journal: Some(journal), ..self }
    }

    /// From now on nothing strikes.
    pub(crate) fn calm(&self) {
        self.dice().rates = Rates::default();
    }

    /// The real SDK's client on this network, otherwise as `config` has it.
    ///
    /// It has a budget of retries of its own. The SDK's clients share one in a process, so what one network struck would
    /// tell on another.
    #[must_use]
    pub fn client(&self, config: aws_sdk_dynamodb::config::Builder) -> Client {
        Client::from_conf(config.http_client(self.clone()).retry_partition(own_budget()).build())
    }

    /// How often each strike has fallen.
    #[must_use]
    pub fn fired(&self) -> Fired {
        self.dice().fired.clone()
    }

    /// How many strikes have fallen.
    pub(crate) fn strikes(&self) -> u64 {
        self.dice().fired.values().sum()
    }

    /// How many rows of the read models were written through it.
    pub(crate) fn rows_written(&self) -> u64 {
        self.rows_written.load(Ordering::Relaxed)
    }

    fn dice(&self) -> MutexGuard<'_, Dice> {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a strike, as a fault only where it makes a difference: reads may be repeated.
    fn strike(&self, moment: Moment, strike: Strike, is_write: bool) {
        *self.dice().fired.entry((moment, strike)).or_default() += 1;
        let fault = strike.fault(moment);
        if is_write || fault == Fault::Throttling {
            self.faults.struck(fault);
        }
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (there, drawn, back) = {
            let mut dice = self.dice();
            (dice.delay_ms(), dice.draw(), dice.delay_ms())
        };
        let drawn = drawn.filter(|(moment, strike)| self.faults.may(strike.fault(*moment)));
        tokio::time::sleep(Duration::from_millis(there)).await;
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.split_once('.').map_or(target, |(_version, operation)| operation);
        let is_write = wire::is_write(operation);
        if let Some((Moment::Before, strike)) = drawn {
            self.strike(Moment::Before, strike, is_write);
            return instead_of_an_answer(strike).await;
        }
        let (status, answer) = self.ask(operation, request.body().bytes().unwrap_or_default());
        tokio::time::sleep(Duration::from_millis(back)).await;
        if let Some((Moment::After, strike)) = drawn {
            self.strike(Moment::After, strike, is_write && status == 200);
            return instead_of_an_answer(strike).await;
        }
        wire::response((status, answer))
    }

    /// Asks the database, and sees what it comes to.
    fn ask(&self, operation: &str, body: &[u8]) -> (u16, String) {
        let enlarged = self.tampering.as_ref().filter(|_| operation == "PutItem");
        let enlarged = enlarged.and_then(|(tampering, _)| tampering.enlarged(body));
        let body = enlarged.as_deref().unwrap_or(body);
        let (status, answer) = protocol::answer(&self.database, operation, body);
        if let Some(journal) = self.journal.as_ref().filter(|_| status == 200 && wire::is_write(operation)) {
            journal.written(body);
        }
        let is_of_events = wire::names_table(body, EVENTS);
        match (operation, status) {
            ("PutItem", 200) if is_of_events => {
                if let Some((tampering, _)) = &self.tampering {
                    tampering.written(&self.database, body);
                }
            }
            ("PutItem", 200) => {
                self.rows_written.fetch_add(1, Ordering::Relaxed);
            }
            ("PutItem", _) if is_of_events => self.lost_race(body, &answer),
            ("Query" | "Scan", 200) if is_of_events => {
                if answer.len() > LARGE_PAGE_BYTES && answer.contains("LastEvaluatedKey") {
                    self.faults.struck(Fault::LargeStream);
                }
                if let Some((tampering, knows_all)) = &self.tampering {
                    return (status, tampering.seen(answer, *knows_all));
                }
            }
            _ => {}
        }
        (status, answer)
    }

    /// Counts an append to a version that another request had taken.
    fn lost_race(&self, sent: &[u8], answer: &str) {
        let (Ok(sent), Ok(answer)) = (serde_json::from_slice::<Value>(sent), serde_json::from_str::<Value>(answer))
        else {
            return;
        };
        let taken = &answer["Item"];
        if position(taken).is_some() && taken["requestId"] != sent["Item"]["requestId"] {
            self.faults.struck(Fault::LostRace);
        }
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

async fn instead_of_an_answer(strike: Strike) -> Result<HttpResponse, ConnectorError> {
    match strike {
        Strike::Throttled => wire::response(protocol::refusal(400, "ThrottlingException")),
        Strike::ThroughputExceeded => wire::response(protocol::refusal(400, "ProvisionedThroughputExceededException")),
        Strike::ServerError => wire::response(protocol::refusal(500, "InternalServerError")),
        Strike::TimedOut => std::future::pending().await,
        Strike::Cut => Err(ConnectorError::io("the connection was cut".into())),
    }
}
