//! The one log line of a query: ids, numbers and words of ours; never a token or a name.

use std::time::Duration;

use lambda_http::http::StatusCode;

/// What there is to say of a query, as far as it got.
#[derive(Debug, Default)]
pub(crate) struct LogEntry {
    /// Which order, where the query is for one.
    pub(crate) order_id: Option<String>,
    /// The version of it that is answered.
    pub(crate) version: Option<u64>,
    /// `answered`, or the code of the problem.
    pub(crate) outcome: &'static str,
    /// What only the log is told.
    pub(crate) error: Option<String>,
}

impl LogEntry {
    /// Writes the line; an error of ours is one in the log too.
    pub(crate) fn write(&self, request_id: &str, status: StatusCode, duration: Duration) {
        let Self { order_id, version, outcome, error } = self;
        let (order_id, error) = (order_id.as_deref(), error.as_deref());
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        if status.is_server_error() {
            tracing::error!(order_id, version, request_id, outcome, duration_ms, error, "query failed");
        } else {
            tracing::info!(order_id, version, request_id, outcome, duration_ms, "query {outcome}");
        }
    }
}
