//! Counts the units that AWS would bill for a function: its invocations, and the units that it consumes of each table.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::Client;
use bytes::Bytes;
use embedded_dynamodb::{Meter, Units};
use futures_util::future::BoxFuture;
use local_stack::Surroundings;
use local_stack::function::{Function, FunctionError, Invocation};

/// The number of bytes that HTTP APIs bill as one request.
const HTTP_CHUNK: usize = 512 * 1024;

/// The usage of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) invocations: u64,
    /// The number of requests that an HTTP API would have billed for these invocations.
    pub(crate) http_requests: u64,
    /// The units, by the table's name in the template.
    pub(crate) tables: BTreeMap<String, Units>,
}

impl Usage {
    /// Returns the units of one table.
    pub(crate) fn of(&self, table: &str) -> Units {
        self.tables.get(table).copied().unwrap_or_default()
    }
}

/// Adds up the usage of a function. Clones share the sum.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counter {
    /// The usage, without the tables.
    usage: Arc<Mutex<Usage>>,
    meter: Meter,
}

impl Counter {
    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the usage since the last call.
    pub(crate) fn take(&self) -> Usage {
        Usage { tables: self.meter.take().tables, ..std::mem::take(&mut *self.usage()) }
    }

    /// Returns the surroundings of a stack for a function whose use of DynamoDB this counter counts.
    pub(crate) fn surroundings(&self, stack: &Surroundings) -> Surroundings {
        let config = stack.dynamodb.config().to_builder().interceptor(self.meter.clone());
        Surroundings {
            dynamodb: Client::from_conf(config.build()),
            eventbridge: stack.eventbridge.clone(),
            environments: stack.environments.clone(),
        }
    }

    /// Wraps a function to count its invocations.
    pub(crate) fn around(&self, function: Arc<dyn Function>) -> Arc<dyn Function> {
        Arc::new(Counted { function, counter: self.clone() })
    }
}

struct Counted {
    function: Arc<dyn Function>,
    counter: Counter,
}

impl Function for Counted {
    fn invoke(&self, payload: Bytes, invocation: Invocation) -> BoxFuture<'static, Result<Bytes, FunctionError>> {
        let (counter, sent) = (self.counter.clone(), payload.len());
        let running = self.function.invoke(payload, invocation);
        Box::pin(async move {
            let answer = running.await?;
            let mut usage = counter.usage();
            usage.invocations += 1;
            usage.http_requests += chunks(sent.max(answer.len()), HTTP_CHUNK);
            Ok(answer)
        })
    }
}

/// Returns the number of chunks of `size` bytes for which a payload is billed; one if the payload is empty.
pub(crate) fn chunks(bytes: usize, size: usize) -> u64 {
    u64::try_from(bytes.div_ceil(size).max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_billed_by_the_chunks_it_begins() {
        assert_eq!([0, 1, 512, 513].map(|bytes| chunks(bytes, 512)), [1, 1, 1, 2]);
    }
}
