//! The one log line of a query: ids, numbers and words of ours; never a token or a name.
//!
//! Queries have no metrics of their own: how many there are, how long they take and how they fail is known to API Gateway and
//! Lambda, and what makes answers stale is counted where orders are parked.

use std::error::Error;
use std::time::Duration;

use event_store::dynamo::throttling_reasons;
use event_store::store::chain;
use function_setup::metrics::Metrics;
use http_api::Correlation;
use lambda_http::Request;
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
    /// The correlation id that the caller gave.
    pub(crate) correlation: Correlation,
    error: Option<String>,
    /// The reasons that DynamoDB gave for throttling.
    throttling_reasons: Option<String>,
}

impl LogEntry {
    /// The entry of a request of which nothing else is known yet.
    pub(crate) fn of(request: &Request) -> Self {
        Self { correlation: Correlation::of(request), ..Self::default() }
    }

    /// Notes an error with everything that it came from.
    pub(crate) fn failed(&mut self, error: &(dyn Error + 'static)) {
        self.error = Some(chain(error));
        self.throttling_reasons = throttling_reasons(error);
    }

    /// Writes the line, an error of ours as one.
    pub(crate) fn write(&self, request_id: &str, status: StatusCode, duration: Duration) {
        let Self { order_id, version, outcome, correlation, error, throttling_reasons } = self;
        let correlation_id = &correlation.id;
        let correlation_id_ignored = correlation.is_unusable.then_some(true);
        let (order_id, error) = (order_id.as_deref(), error.as_deref());
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        if status.is_server_error() || error.is_some() {
            tracing::error!(
                order_id,
                version,
                request_id,
                correlation_id,
                correlation_id_ignored,
                outcome,
                duration_ms,
                error,
                throttling_reasons,
                "query failed"
            );
        } else {
            tracing::info!(
                order_id,
                version,
                request_id,
                correlation_id,
                correlation_id_ignored,
                outcome,
                duration_ms,
                "query {outcome}"
            );
        }
        // For the first invocation of a process, which has something to tell all the same.
        Metrics::new().write();
    }
}
