//! The HTTP server: `POST /` accepts AWS JSON 1.1, `GET /events` streams the log.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use futures_util::stream;
use loopback_http::Refusal;
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use crate::describe_event_bus;
use crate::faults::{Dice, Ending, Faults};
use crate::log::{EventLog, Follower};
use crate::put_events::{self, CallRefused, MAX_BYTES};

/// The counts of calls and entries. Every examined entry is either accepted or rejected. The entries of a call that was
/// rejected as a whole were not examined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls of PutEvents, with any result.
    pub calls: u64,
    /// Examined entries.
    pub entries: u64,
    /// Entries in the log.
    pub accepted: u64,
    /// Entries rejected by a rule or by a fault.
    pub refused: u64,
}

/// The maximum size of a body: every byte that counts may be escaped as six bytes, and names and syntax are added.
const MAX_BODY: usize = 8 * MAX_BYTES;

pub(crate) struct Bus {
    pub(crate) names: BTreeSet<String>,
    pub(crate) log: Arc<EventLog>,
    pub(crate) state: Mutex<BusState>,
    /// Closes when the bus is stopped or dropped. No client waits for events after that.
    pub(crate) running: watch::Receiver<()>,
}

pub(crate) struct BusState {
    pub(crate) counts: Counts,
    pub(crate) dice: Dice,
}

impl Bus {
    pub(crate) fn new(names: BTreeSet<String>, log: EventLog, running: watch::Receiver<()>) -> Self {
        let state = BusState { counts: Counts::default(), dice: Dice::new(Faults::default()) };
        Self { names, log: Arc::new(log), state: Mutex::new(state), running }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, BusState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn router(bus: Arc<Bus>) -> Router {
    Router::new().route("/", post(operation)).route("/events", get(events)).with_state(bus)
}

async fn operation(State(bus): State<Arc<Bus>>, headers: HeaderMap, body: Body) -> Response<Body> {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation: fn(&Bus, &[u8]) -> Response<Body> = match target {
        "AWSEvents.PutEvents" => put_events,
        "AWSEvents.DescribeEventBus" => describe_event_bus,
        _ => {
            let message = format!("unknown operation '{target}'");
            return refusal(StatusCode::BAD_REQUEST, "UnknownOperationException", &message);
        }
    };
    match to_bytes(body, MAX_BODY).await {
        Ok(body) => operation(&bus, &body),
        Err(error) => refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &error.to_string()),
    }
}

fn describe_event_bus(bus: &Bus, body: &[u8]) -> Response<Body> {
    match describe_event_bus::description(body, &bus.names) {
        Ok(description) => answer(StatusCode::OK, &description),
        Err(refused) => bad_request(&refused),
    }
}

fn put_events(bus: &Bus, body: &[u8]) -> Response<Body> {
    // The lock is kept to the end of the call. Calls are processed one after the other, so faults occur in a reproducible
    // order.
    let mut state = bus.state();
    let BusState { counts, dice } = &mut *state;
    counts.calls += 1;
    let entries = match put_events::entries(body, &bus.names) {
        Ok(entries) => entries,
        Err(refused) => return bad_request(&refused),
    };
    if dice.call_fails() {
        return internal_failure("injected fault: no entry was accepted");
    }
    let (mut results, mut details) = (Vec::new(), Vec::new());
    for entry in entries {
        let checked = entry.detail().map_err(|refused| failed_entry(refused.code(), &refused.to_string()));
        let accepted = checked.and_then(|detail| match dice.entry_fails() {
            None => Ok(detail),
            Some(code) => Err(failed_entry(code, "injected fault")),
        });
        match accepted {
            Ok(detail) => {
                details.push(detail);
                results.push(json!({ "EventId": Uuid::now_v7() }));
            }
            Err(failed) => results.push(failed),
        }
    }
    // This runs before the reply, so an acknowledged entry is always in the log.
    if let Err(error) = bus.log.append(&details) {
        tracing::error!(%error, "cannot write the event log");
        return internal_failure("the event log cannot be written");
    }
    let refused = results.len() - details.len();
    counts.entries += results.len() as u64;
    counts.accepted += details.len() as u64;
    counts.refused += refused as u64;
    match dice.ending() {
        Ending::Answered => answer(StatusCode::OK, &json!({ "FailedEntryCount": refused, "Entries": results })),
        Ending::InternalFailure => internal_failure("injected fault: the entries were accepted"),
        Ending::ConnectionCut => {
            let cut = stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset)) });
            Response::new(Body::from_stream(cut))
        }
    }
}

fn failed_entry(code: &str, message: &str) -> Value {
    json!({ "ErrorCode": code, "ErrorMessage": message })
}

fn bad_request(refused: &CallRefused) -> Response<Body> {
    refusal(StatusCode::BAD_REQUEST, refused.code(), &refused.to_string())
}

fn internal_failure(message: &str) -> Response<Body> {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", message)
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    answer(status, &json!({ "__type": code, "message": message }))
}

/// Builds the reply to a request that is rejected before any operation, in the form that the SDK reads.
pub(crate) fn refuse(refused: Refusal) -> Response<Body> {
    refusal(refused.status(), refused.aws_code(), &refused.to_string())
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amzn-requestid", &Uuid::now_v7().to_string())];
    (status, headers, body.to_string()).into_response()
}

async fn events(State(bus): State<Arc<Bus>>, RawQuery(query): RawQuery) -> Response<Body> {
    let Some((after, follow)) = window(query.as_deref().unwrap_or_default()) else {
        return (StatusCode::BAD_REQUEST, "after is a number of lines, follow is true or false\n").into_response();
    };
    let follower = EventLog::follow(&bus.log, after);
    let running = follow.then(|| bus.running.clone());
    let lines = stream::unfold((follower, running), |(follower, running)| next_lines(follower, running));
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

/// Parses a query: the number of lines to skip, and whether to wait for more lines at the end.
fn window(query: &str) -> Option<(usize, bool)> {
    let (mut after, mut follow) = (0, false);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "after" => after = value.parse().ok()?,
            "follow" => follow = value.parse().ok()?,
            _ => return None,
        }
    }
    Some((after, follow))
}

type Following = (Follower, Option<watch::Receiver<()>>);

async fn next_lines(
    mut follower: Follower,
    mut running: Option<watch::Receiver<()>>,
) -> Option<(io::Result<Bytes>, Following)> {
    loop {
        match follower.read() {
            Ok(lines) if !lines.is_empty() => return Some((Ok(lines.into()), (follower, running))),
            Ok(_end) => {}
            // The connection is cut, so that no client mistakes half a log for a whole one. No further line is read.
            Err(error) => return Some((Err(error), (follower, None))),
        }
        let running = running.as_mut()?;
        tokio::select! {
            () = follower.more() => {}
            _ended = running.changed() => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogLocation;

    #[tokio::test]
    async fn an_acknowledged_entry_is_in_the_log() {
        let (_running, ended) = watch::channel(());
        let bus = Bus::new(["Bus".to_owned()].into(), EventLog::open(LogLocation::Temporary).unwrap(), ended);
        let entry =
            json!({ "EventBusName": "Bus", "Time": 0, "Source": "s", "DetailType": "t", "Detail": r#"{"n":1}"# });
        // The reply and the check run without an `await` between them, so no other task runs in between.
        let answer = put_events(&bus, json!({ "Entries": [entry] }).to_string().as_bytes());
        assert_eq!((answer.status(), bus.log.details().unwrap()), (StatusCode::OK, vec![json!({ "n": 1 })]));
    }
}
