//! A local stack that counts the units of its functions. Its stream waits until the bench delivers it, in batches of any
//! size.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, ensure};
use bytes::Bytes;
use embedded_dynamodb::stream;
use futures_util::future::BoxFuture;
use local_stack::function::{Function, FunctionError, Invocation};
use local_stack::{
    Admission, Authentication, DataLocation, Functions, Invoker, LocalStack, Options, Surroundings, in_process,
};
use sam_template::Template;
use serde_json::{Value, json};

use super::measure::Stored;
use super::metered::{Counter, Usage};
use crate::api::{Api, ApiArguments};
use crate::running::StackFolder;

/// The functions that read the stream.
pub(crate) const CONSUMERS: [&str; 2] = ["projector", "publisher"];

/// A running stack.
pub(crate) struct Bench {
    stack: LocalStack,
    counters: BTreeMap<String, Counter>,
    /// The consumers of the stream, which the stack does not invoke itself.
    consumers: Invoker,
    pub(crate) api: Api,
}

/// A consumer that accepts every batch and ignores it.
struct Idle;

impl Function for Idle {
    fn invoke(&self, _payload: Bytes, _invocation: Invocation) -> BoxFuture<'static, Result<Bytes, FunctionError>> {
        Box::pin(async { Ok(Bytes::from_static(br#"{"batchItemFailures":[]}"#)) })
    }
}

impl Bench {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let template = Template::of_this_project()?.with_every_read_model()?;
        let patience = template.functions()?.into_iter().map(|function| (function.name, PATIENCE)).collect();
        let options = Options {
            data: DataLocation::InMemory,
            http: any_port,
            dynamodb: any_port,
            eventbridge: any_port,
            admission: Admission::default(),
            authentication: Authentication::None,
            cors_origins: Vec::new(),
            quote_keys: String::new(),
            template,
        };
        let (mut counters, mut consumers) = (BTreeMap::new(), Functions::new());
        let stack = LocalStack::start(options, async |surroundings| {
            let mut functions = Functions::new();
            for name in in_process(surroundings)?.into_keys() {
                let counter = Counter::default();
                let counted = counted(&name, &counter, surroundings)?;
                if CONSUMERS.contains(&name.as_str()) {
                    consumers.insert(name.clone(), counted);
                    functions.insert(name.clone(), Arc::new(Idle));
                } else {
                    functions.insert(name.clone(), counted);
                }
                counters.insert(name, counter);
            }
            Ok(functions)
        })
        .await?;
        let (url, folder) = (Some(stack.api_url()), StackFolder::default());
        let api = Api::new(&ApiArguments { api: url, token: None, stack: folder })?;
        Ok(Self { stack, counters, consumers: Invoker::new(consumers, patience), api })
    }

    /// Returns the usage of a function since the last call.
    pub(crate) fn usage_of(&self, function: &str) -> Usage {
        self.counters.get(function).map(Counter::take).unwrap_or_default()
    }

    /// Returns the records of the stream, oldest first.
    pub(crate) fn stream(&self) -> anyhow::Result<Vec<Value>> {
        Ok(stream::all(self.stack.database().database(), "OrderEvents", None)?)
    }

    /// Delivers a batch to a consumer, which must process all of it.
    pub(crate) async fn deliver(&self, function: &str, records: &[Value]) -> anyhow::Result<()> {
        let answer = self.invoke(function, &json!({ "Records": records })).await?;
        ensure!(answer["batchItemFailures"] == json!([]), "{function} did not process a batch: {answer}");
        Ok(())
    }

    /// Invokes a consumer with a payload.
    pub(crate) async fn invoke(&self, function: &str, payload: &Value) -> anyhow::Result<Value> {
        let answer = self.consumers.invoke(function, payload.to_string().into()).await?;
        serde_json::from_slice(&answer).with_context(|| format!("the answer of {function} is not JSON"))
    }

    /// Returns the size in bytes of each event on the bus, in the envelope in which EventBridge delivers it.
    pub(crate) async fn published(&self) -> Vec<usize> {
        let details = self.stack.event_bus().published().await.into_iter();
        let envelope = |detail: Value| {
            json!({
                "version": "0", "id": detail["id"], "detail-type": detail["type"], "source": "order-ledger",
                "account": "123456789012", "time": "2026-11-22T00:00:00Z", "region": "us-east-1", "resources": [],
                "detail": detail,
            })
        };
        details.map(|detail| envelope(detail).to_string().len()).collect()
    }

    /// Returns the number of bytes that DynamoDB would bill for a table.
    pub(crate) fn stored(&self, table: &'static str) -> anyhow::Result<Stored> {
        let request = serde_json::from_value(json!({ "TableName": table }))?;
        let described = self.stack.database().database().describe_table(request)?.table;
        let items = billed(described.table_size_bytes, described.item_count)?;
        let indexes = described.global_secondary_indexes.unwrap_or_default().into_iter();
        let indexes = indexes.map(|index| billed(index.index_size_bytes, index.item_count));
        Ok(Stored { table, items, indexes: indexes.sum::<anyhow::Result<u64>>()? })
    }

    pub(crate) async fn stop(self) {
        self.stack.stop().await;
    }
}

/// Bytes that DynamoDB bills in addition to the bytes of each item and of each index entry. `DescribeTable` does not include
/// them.
const OVERHEAD: u64 = 100;

/// Returns the bytes that DynamoDB bills for a number of bytes in a number of items.
fn billed(bytes: Option<i64>, items: Option<i64>) -> anyhow::Result<u64> {
    let (bytes, items) = bytes.zip(items).context("the embedded DynamoDB does not report the size of tables")?;
    Ok(u64::try_from(bytes)? + u64::try_from(items)? * OVERHEAD)
}

/// The time limit of a batch. It applies on this machine, not on AWS.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(600);

fn counted(
    name: &str,
    counter: &Counter,
    stack: &Surroundings,
) -> Result<Arc<dyn Function>, Box<dyn std::error::Error + Send + Sync>> {
    let mut functions = in_process(&counter.surroundings(stack))?;
    let function = functions.remove(name).ok_or_else(|| format!("there is no function {name}"))?;
    Ok(counter.around(function))
}
