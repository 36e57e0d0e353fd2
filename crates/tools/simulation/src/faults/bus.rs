//! An event bus with faults: an HTTP client for the EventBridge SDK, without a socket and without EventBridge.

use aws_sdk_eventbridge::Client;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use embedded_dynamodb::protocol;
use serde_json::{Value, json};

use crate::faults::fault::{Fault, Faults};
use crate::faults::strike::{Dice, Moment, Rates};
use crate::world::sdk_config::own_budget;
use crate::world::shared::Shared;
use crate::world::wire;

#[derive(Debug)]
struct State {
    dice: Dice,
    /// Rejected entries in percent of all, 0 to 100.
    refused_percent: u8,
    taken: Vec<Value>,
}

/// Receives PutEvents calls with a delay, injects faults from a seed, and rejects single entries. Clones share one bus.
#[derive(Debug, Clone)]
pub struct Bus {
    faults: Faults,
    state: Shared<State>,
}

impl Bus {
    /// A bus that rejects `refused_percent` of all entries, 0 to 100, and fails calls at `rates`.
    #[must_use]
    pub fn new(seed: u64, rates: Rates, refused_percent: u8, faults: Faults) -> Self {
        let state = State { dice: Dice::new(seed, rates), refused_percent, taken: Vec::new() };
        Self { faults, state: Shared::new(state) }
    }

    /// The SDK's client for this bus, with the other settings of `config`.
    #[must_use]
    pub fn client(&self, config: aws_sdk_eventbridge::config::Builder) -> Client {
        let bus = self.clone();
        let http = http_client_fn(move |_, _| SharedHttpConnector::new(bus.clone()));
        Client::from_conf(config.http_client(http).retry_partition(own_budget()).build())
    }

    /// The details of the accepted entries, in sequence.
    #[must_use]
    pub fn taken(&self) -> Vec<Value> {
        self.state.lock().taken.clone()
    }

    /// Ends the faults and the rejections.
    pub(crate) fn calm(&self) {
        let mut state = self.state.lock();
        state.dice.rates = Rates::default();
        state.refused_percent = 0;
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let call = self.state.lock().dice.call(&self.faults);
        tokio::time::sleep(call.request).await;
        let answer = match call.strike {
            Some((Moment::Before, _)) => (200, String::new()),
            Some((Moment::After, _)) | None => self.put_events(request.body().bytes().unwrap_or_default()),
        };
        tokio::time::sleep(call.reply).await;
        let Some((moment, strike)) = call.strike else { return wire::response(answer) };
        self.faults.struck(strike.fault(moment));
        strike.strike("RequestLimitExceeded", "InternalException").await
    }

    fn put_events(&self, body: &[u8]) -> (u16, String) {
        let Ok(request) = serde_json::from_slice::<Value>(body) else {
            return protocol::refusal(400, "SerializationException");
        };
        let entries = request["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        if entries.is_empty() || entries.len() > 10 {
            return protocol::refusal(400, "ValidationException");
        }
        let mut state = self.state.lock();
        let mut refused = 0;
        let mut results = Vec::new();
        for entry in entries {
            let is_refused = state.dice.random.u8(0..100) < state.refused_percent;
            if is_refused && self.faults.may(Fault::PartialPublication) {
                refused += 1;
                let code = if state.dice.random.bool() { "InternalFailure" } else { "ThrottlingException" };
                results.push(json!({ "ErrorCode": code, "ErrorMessage": "refused" }));
            } else {
                let detail = entry["Detail"].as_str().unwrap_or_default();
                state.taken.push(serde_json::from_str(detail).unwrap_or_default());
                results.push(json!({ "EventId": format!("bus-{}", state.taken.len()) }));
            }
        }
        if refused > 0 && refused < entries.len() {
            self.faults.struck(Fault::PartialPublication);
        }
        (200, json!({ "FailedEntryCount": refused, "Entries": results }).to_string())
    }
}

impl HttpConnector for Bus {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}
