//! Counts what a function makes AWS bill: its invocations, and what it consumes of each table.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use bytes::Bytes;
use embedded_dynamodb::Meter;
use futures_util::future::BoxFuture;
use local_stack::Surroundings;
use local_stack::function::{Function, FunctionError, Invocation};
use serde_json::Value;

/// What HTTP APIs count as one request, in bytes.
const HTTP_CHUNK: usize = 512 * 1024;
/// The operations that consume read units; the others consume write units.
const READS: [&str; 4] = ["GetItem", "BatchGetItem", "Query", "Scan"];

/// What was consumed of a table, its indexes included. A half is the smallest step that DynamoDB bills.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Units {
    pub(crate) read_halves: u64,
    pub(crate) write_halves: u64,
}

/// What a function did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) invocations: u64,
    /// What an HTTP API would have billed for these invocations.
    pub(crate) http_requests: u64,
    /// By the table's name in the template.
    pub(crate) tables: BTreeMap<String, Units>,
}

impl Usage {
    /// What was consumed of one table.
    pub(crate) fn of(&self, table: &str) -> Units {
        self.tables.get(table).copied().unwrap_or_default()
    }
}

/// Adds up what a function does. Clones share their sum.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counter(Arc<Mutex<Usage>>);

impl Counter {
    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was counted since the last call.
    pub(crate) fn take(&self) -> Usage {
        std::mem::take(&mut *self.usage())
    }

    /// The surroundings of a stack, for a function whose use of DynamoDB is counted here.
    pub(crate) fn surroundings(&self, stack: &Surroundings) -> Surroundings {
        let config = stack.dynamodb.config().to_builder();
        // The meter asks every answer for its capacity.
        let config = config.interceptor(Meter::default()).interceptor(self.clone());
        Surroundings {
            dynamodb: Client::from_conf(config.build()),
            eventbridge: stack.eventbridge.clone(),
            environments: stack.environments.clone(),
        }
    }

    /// The function, with its invocations counted here.
    pub(crate) fn around(&self, function: Arc<dyn Function>) -> Arc<dyn Function> {
        Arc::new(Counted { function, counter: self.clone() })
    }
}

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(body) = context.response().body().bytes() else { return Ok(()) };
        let answer: Value = serde_json::from_slice(body)?;
        // An answer about one table has an object, one about several a list.
        let consumed = &answer["ConsumedCapacity"];
        let consumed = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
        let reads = config.load::<Metadata>().is_some_and(|operation| READS.contains(&operation.name()));
        let mut usage = self.usage();
        for table in consumed {
            let (Some(name), Some(units)) = (table["TableName"].as_str(), table["CapacityUnits"].as_number()) else {
                continue;
            };
            let units_of_table = usage.tables.entry(name.to_owned()).or_default();
            let halves = halves(&units.to_string()).ok_or_else(|| format!("{units} is no number of half units"))?;
            if reads {
                units_of_table.read_halves += halves;
            } else {
                units_of_table.write_halves += halves;
            }
        }
        Ok(())
    }
}

/// Capacity as DynamoDB writes it, `1`, `2.0` or `0.5`, in half units.
fn halves(units: &str) -> Option<u64> {
    let (whole, fraction) = units.split_once('.').unwrap_or((units, "0"));
    let half = match fraction.trim_end_matches('0') {
        "" => 0,
        "5" => 1,
        _ => return None,
    };
    Some(whole.parse::<u64>().ok()? * 2 + half)
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

/// In how many chunks of `size` bytes a payload is billed; one where it is empty.
pub(crate) fn chunks(bytes: usize, size: usize) -> u64 {
    u64::try_from(bytes.div_ceil(size).max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_read_in_halves_and_nothing_finer() {
        let read = ["0.5", "1", "2.0", "13.5", "0.25", "1e3"].map(halves);
        assert_eq!(read, [Some(1), Some(2), Some(4), Some(27), None, None]);
    }

    #[test]
    fn a_payload_is_billed_by_the_chunks_it_begins() {
        assert_eq!([0, 1, 512, 513].map(|bytes| chunks(bytes, 512)), [1, 1, 1, 2]);
    }
}
