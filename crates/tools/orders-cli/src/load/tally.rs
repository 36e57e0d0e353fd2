//! The results of the requests: latencies by command, and errors by code.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::plan::Kind;
use crate::api::ApiError;

/// The upper limit of a latency, ten minutes; the histogram starts at a microsecond and keeps three digits.
const LONGEST_MICROS: u64 = 600_000_000;

/// The latencies of a set of requests, in microseconds.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Result<Self, hdrhistogram::CreationError> {
        Histogram::new_with_bounds(1, LONGEST_MICROS, 3).map(Self)
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST_MICROS).max(1));
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// Returns p50, p90, p99 and the maximum, in microseconds.
    pub(crate) fn percentiles(&self) -> [u64; 4] {
        [self.0.value_at_quantile(0.5), self.0.value_at_quantile(0.9), self.0.value_at_quantile(0.99), self.0.max()]
    }
}

/// The results of all clients' requests.
pub(crate) struct Tally {
    /// The latencies of accepted commands.
    pub(crate) latencies: BTreeMap<Kind, Latencies>,
    /// The latencies of all accepted commands together.
    pub(crate) all: Latencies,
    /// The number of occurrences of each error.
    pub(crate) errors: BTreeMap<String, u64>,
    /// The number of completed lives.
    pub(crate) orders: u64,
}

impl Tally {
    pub(crate) fn new() -> Result<Self, hdrhistogram::CreationError> {
        Ok(Self { latencies: BTreeMap::new(), all: Latencies::new()?, errors: BTreeMap::new(), orders: 0 })
    }

    pub(crate) fn accepted(&mut self, kind: Kind, latency: Duration) -> Result<(), hdrhistogram::CreationError> {
        let latencies = match self.latencies.entry(kind) {
            Entry::Vacant(none) => none.insert(Latencies::new()?),
            Entry::Occupied(some) => some.into_mut(),
        };
        latencies.record(latency);
        self.all.record(latency);
        Ok(())
    }

    pub(crate) fn failed(&mut self, error: &ApiError) {
        let code = match error {
            ApiError::Unreachable(_) => "connection refused".to_owned(),
            ApiError::Broken { message, .. } => message.clone(),
            ApiError::Refused { status, code, .. } => format!("{status} {code}"),
        };
        *self.errors.entry(code).or_default() += 1;
    }
}
