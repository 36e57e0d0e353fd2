//! The one log line of a command: ids, numbers and words of ours; never a body, a token or a name.

use std::error::Error;
use std::time::Duration;

use event_store::store::chain;
use event_store::{Execution, Outcome};
use lambda_http::http::StatusCode;
use order_store::Orders;

/// What there is to say of a command, as far as it got.
#[derive(Debug, Default)]
pub(crate) struct LogEntry {
    /// Which order, once that is known.
    pub(crate) order_id: Option<String>,
    /// The version that is answered.
    pub(crate) version: Option<u64>,
    /// How often the command was decided.
    pub(crate) attempts: Option<u32>,
    /// `recorded`, `replayed`, `unchanged`, or the code of the problem.
    pub(crate) outcome: &'static str,
    error: Option<String>,
}

impl LogEntry {
    /// Notes how an accepted command ended.
    pub(crate) const fn accepted(&mut self, execution: &Execution<Orders>) {
        self.version = Some(execution.version);
        self.attempts = Some(execution.attempts);
        self.outcome = match execution.outcome {
            Outcome::Recorded => "recorded",
            Outcome::Replayed => "replayed",
            Outcome::Unchanged => "unchanged",
        };
    }

    /// Notes an error with everything that it came from.
    pub(crate) fn failed(&mut self, error: &dyn Error) {
        self.error = Some(chain(error));
    }

    /// Writes the line; an error of ours is one in the log too.
    pub(crate) fn write(&self, request_id: &str, status: StatusCode, duration: Duration) {
        let Self { order_id, version, attempts, outcome, error } = self;
        let (order_id, error) = (order_id.as_deref(), error.as_deref());
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        if status.is_server_error() {
            tracing::error!(order_id, version, request_id, outcome, duration_ms, attempts, error, "command failed");
        } else {
            tracing::info!(order_id, version, request_id, outcome, duration_ms, attempts, "command {outcome}");
        }
    }
}
