//! The one log line of a query. It has ids, numbers and this project's own words, but never a token or a name.
//!
//! Queries have no metrics of their own. API Gateway and Lambda count them and measure their durations and failures. The
//! parked orders that make replies stale are counted where orders are parked.

use std::error::Error;
use std::time::Duration;

use event_store::dynamo::throttling_reasons;
use event_store::store::chain;
use function_setup::metrics::Metrics;
use http_api::Correlation;
use lambda_http::Request;
use lambda_http::http::StatusCode;

/// The fields of the log line, as far as the query got.
#[derive(Debug, Default)]
pub(crate) struct LogEntry {
    /// The order, if the query is for one order.
    pub(crate) order_id: Option<String>,
    /// The version in the reply.
    pub(crate) version: Option<u64>,
    /// `answered`, or the code of the problem.
    pub(crate) outcome: &'static str,
    /// The correlation id from the caller.
    pub(crate) correlation: Correlation,
    error: Option<String>,
    /// The reasons for throttling that DynamoDB reported.
    throttling_reasons: Option<String>,
}

impl LogEntry {
    /// Creates the entry of a request that has not been parsed yet.
    pub(crate) fn of(request: &Request) -> Self {
        Self { correlation: Correlation::of(request), ..Self::default() }
    }

    /// Records an error with its chain of sources.
    pub(crate) fn failed(&mut self, error: &(dyn Error + 'static)) {
        self.error = Some(chain(error));
        self.throttling_reasons = throttling_reasons(error);
    }

    /// Writes the log line. The line is an error if the function failed.
    pub(crate) fn write(&self, request_id: &str, status: StatusCode, duration: Duration) {
        let Self { order_id, version, outcome, correlation, error, throttling_reasons } = self;
        let correlation_id = &correlation.id;
        let correlation_id_ignored = correlation.is_unusable.then_some(true);
        let (order_id, error) = (order_id.as_deref(), error.as_deref());
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
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
                    duration_ms,
                    error,
                    throttling_reasons,
                    $message
                )
            };
        }
        if status.is_server_error() || error.is_some() {
            line!(error, "query failed");
        } else {
            line!(info, "query {outcome}");
        }
        // The first invocation of a process reports its cold start even without metrics.
        Metrics::new().write();
    }
}
