//! The HTTP client between the DynamoDB SDK and the embedded database.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use embedded_dynamodb::{Database, protocol};
use serde_json::Value;

use crate::faults::fault::{Fault, Faults};
use crate::faults::lagging_replica::{LONGEST_LAG, LaggingReplica};
use crate::faults::strike::{Dice, Fired, Moment, Rates, Strike};
use crate::faults::tampering::Tampering;
use crate::world::journal::Journal;
use crate::world::names::EVENTS;
use crate::world::sdk_config::own_budget;
use crate::world::shared::Shared;
use crate::world::wire::{self, position};

/// A page of more bytes that is not the last was cut by DynamoDB's limit of 1 MB and by no other.
const LARGE_PAGE_BYTES: usize = 600 * 1024;

/// Delivers requests to a database with a delay, and injects faults from a seed. Clones share one network.
///
/// Each request and each reply takes some of Tokio's time. So a caller that drops a request drops it before the database receives
/// it, or after the database has processed it.
#[derive(Clone)]
pub struct Network {
    database: Database,
    dice: Shared<Dice>,
    /// The faults that may strike, and their counts.
    pub(crate) faults: Faults,
    /// The tampering with commits, and true if the readers on this network are of the newer release.
    pub(crate) tampering: Option<(Tampering, bool)>,
    /// The journal of every write.
    pub(crate) journal: Option<Journal>,
    /// The replica that answers eventually consistent reads.
    pub(crate) replica: LaggingReplica,
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
        let dice = Shared::new(Dice::new(seed, rates));
        Self {
            database,
            dice,
            faults: Faults::default(),
            tampering: None,
            journal: None,
            replica: LaggingReplica::default(),
            rows_written: Arc::default(),
        }
    }

    /// Ends the faults.
    pub(crate) fn calm(&self) {
        self.dice.lock().rates = Rates::default();
    }

    /// The SDK's client on this network, with the other settings of `config`.
    ///
    /// It has its own retry budget. By default the SDK's clients share one in a process, so faults on one network would change
    /// the retries on another.
    #[must_use]
    pub fn client(&self, config: aws_sdk_dynamodb::config::Builder) -> Client {
        let network = self.clone();
        let http = http_client_fn(move |_, _| SharedHttpConnector::new(network.clone()));
        Client::from_conf(config.http_client(http).retry_partition(own_budget()).build())
    }

    /// The count of each strike.
    #[must_use]
    pub fn fired(&self) -> Fired {
        self.dice.lock().fired.clone()
    }

    /// The number of strikes.
    pub(crate) fn strikes(&self) -> u64 {
        self.dice.lock().fired.values().sum()
    }

    /// The number of rows that were written through it.
    pub(crate) fn rows_written(&self) -> u64 {
        self.rows_written.load(Ordering::Relaxed)
    }

    /// Strikes a call. It counts as a fault only on a write, or when it is a throttle: a read can be repeated.
    async fn strike(&self, moment: Moment, strike: Strike, is_write: bool) -> Result<HttpResponse, ConnectorError> {
        *self.dice.lock().fired.entry((moment, strike)).or_default() += 1;
        let fault = strike.fault(moment);
        if is_write || fault == Fault::Throttling {
            self.faults.struck(fault);
        }
        strike.strike("ProvisionedThroughputExceededException", "InternalServerError").await
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let call = self.dice.lock().call(&self.faults);
        tokio::time::sleep(call.request).await;
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.split_once('.').map_or(target, |(_version, operation)| operation);
        let is_write = wire::is_write(operation);
        if let Some((Moment::Before, strike)) = call.strike {
            return self.strike(Moment::Before, strike, is_write).await;
        }
        let (status, answer) = self.ask(operation, request.body().bytes().unwrap_or_default());
        tokio::time::sleep(call.reply).await;
        if let Some((Moment::After, strike)) = call.strike {
            return self.strike(Moment::After, strike, is_write && status == 200).await;
        }
        wire::response((status, answer))
    }

    /// Sends a request to the database, and counts the faults that its reply shows.
    fn ask(&self, operation: &str, body: &[u8]) -> (u16, String) {
        let enlarged = self.tampering.as_ref().filter(|_| operation == "PutItem");
        let enlarged = enlarged.and_then(|(tampering, _)| tampering.enlarged(body));
        let body = enlarged.as_deref().unwrap_or(body);
        let (status, answer) = protocol::answer(&self.database, operation, body);
        let table = wire::table(body).unwrap_or_default();
        if let Some(journal) = self.journal.as_ref().filter(|_| status == 200 && wire::is_write(operation)) {
            journal.written(&table);
        }
        if operation == "PutItem" && status == 200 {
            self.replica.written(&table, body);
        }
        let answer = self.late_answer(operation, body, &answer).unwrap_or(answer);
        let is_of_events = table == EVENTS;
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

    /// The answer of a replica that lags.
    fn late_answer(&self, operation: &str, body: &[u8], answer: &str) -> Option<String> {
        if !self.faults.may(Fault::LaggingReplica) || !matches!(operation, "Query" | "BatchGetItem") {
            return None;
        }
        let lag = self.dice.lock().lag(LONGEST_LAG)?;
        let late = self.replica.answer(operation, body, answer, lag);
        late.inspect(|_| self.faults.struck(Fault::LaggingReplica))
    }

    /// Counts an append to a version that another request has taken.
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
