//! The one log line of a command, and its metrics. The line has ids, numbers and this project's own words, but never a
//! body, a token or a name.

use std::error::Error;
use std::time::Duration;

use event_store::dynamo::throttling_reasons;
use event_store::store::chain;
use event_store::{Execution, Outcome};
use function_setup::metrics::Metrics;
use http_api::Correlation;
use lambda_http::Request;
use lambda_http::http::StatusCode;
use order_aggregate::Orders;

/// The fields of the log line, as far as the command got.
#[derive(Debug, Default)]
pub(crate) struct LogEntry {
    /// The order, once it is known.
    pub(crate) order_id: Option<String>,
    /// The version in the reply.
    pub(crate) version: Option<u64>,
    /// The number of times that the command was decided.
    pub(crate) attempts: Option<u32>,
    /// `recorded`, `replayed`, `unchanged`, or the code of the problem.
    pub(crate) outcome: &'static str,
    /// The reason of the problem, where the code alone does not determine it.
    pub(crate) reason: Option<String>,
    /// The correlation id from the caller.
    pub(crate) correlation: Correlation,
    /// The outcome of an accepted command.
    accepted: Option<Outcome>,
    /// True if other writers won every attempt. This is not an error of the function.
    contended: bool,
    /// The size in bytes of a commit with its snapshot, where a snapshot was due and too large.
    oversized_snapshot: Option<usize>,
    error: Option<String>,
    /// The reasons for throttling that DynamoDB reported.
    throttling_reasons: Option<String>,
}

impl LogEntry {
    /// Creates the entry of a request that has not been parsed yet.
    pub(crate) fn of(request: &Request) -> Self {
        Self { correlation: Correlation::of(request), ..Self::default() }
    }

    /// Records the outcome of an accepted command.
    pub(crate) fn accepted(&mut self, execution: &Execution<Orders>) {
        self.version = Some(execution.version);
        self.attempts = Some(execution.attempts);
        self.accepted = Some(execution.outcome);
        self.oversized_snapshot = execution.oversized_snapshot;
        self.outcome = match execution.outcome {
            Outcome::Recorded => "recorded",
            Outcome::Replayed => "replayed",
            Outcome::Unchanged => "unchanged",
        };
    }

    /// Records that other writers won every attempt.
    pub(crate) fn contended(&mut self, attempts: u32) {
        self.attempts = Some(attempts);
        self.contended = true;
    }

    /// Records an error with its chain of sources.
    pub(crate) fn failed(&mut self, error: &(dyn Error + 'static)) {
        self.error = Some(chain(error));
        self.throttling_reasons = throttling_reasons(error);
    }

    /// Writes the log line and the metrics. The line is an error if the function failed, and a warning if the state has
    /// become too large for a snapshot.
    pub(crate) fn write(&self, request_id: &str, status: StatusCode, duration: Duration) {
        let Self { order_id, version, attempts, outcome, reason, correlation, error, throttling_reasons, .. } = self;
        let correlation_id = &correlation.id;
        let correlation_id_ignored = correlation.is_unusable.then_some(true);
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        if let Some(bytes) = self.oversized_snapshot {
            tracing::warn!(order_id, version, request_id, bytes, "the order's state is too large for a snapshot");
        }
        // Fields without a value are left out of the line.
        macro_rules! line {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    order_id,
                    version,
                    request_id,
                    correlation_id,
                    correlation_id_ignored,
                    outcome,
                    reason,
                    duration_ms,
                    attempts,
                    error,
                    throttling_reasons,
                    $message
                )
            };
        }
        if self.contended {
            line!(warn, "command lost every race");
        } else if status.is_server_error() || error.is_some() {
            line!(error, "command failed");
        } else {
            line!(info, "command {outcome}");
        }
        self.metrics(status).write();
    }

    /// Returns the metrics of the command; `function_setup::metrics` describes each one.
    fn metrics(&self, status: StatusCode) -> Metrics {
        let (accepted, replayed) = match self.accepted {
            Some(Outcome::Recorded | Outcome::Unchanged) => (1, 0),
            Some(Outcome::Replayed) => (0, 1),
            None => (0, 0),
        };
        // The last attempt of an accepted command did not lose. For other commands, the count is known only if every
        // attempt lost.
        let attempts = u64::from(self.attempts.unwrap_or_default());
        let lost = attempts.saturating_sub(accepted + replayed);
        Metrics::new()
            .count("CommandsAccepted", accepted)
            .count("CommandsReplayed", replayed)
            .count("Conflicts", lost)
            .count("CommandsContended", u64::from(self.contended))
            .count("SnapshotsTooLarge", u64::from(self.oversized_snapshot.is_some()))
            .by("code", self.outcome)
            .count("CommandsRefused", u64::from(status.is_client_error()))
    }
}
