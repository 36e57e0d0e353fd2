//! Counts the units that AWS would bill for orders, in three shapes of traffic.

use std::fmt;

use anyhow::ensure;
use read_models::registry::CORE;
use sam_template::Template;
use serde_json::Value;

use super::bench::{Bench, CONSUMERS};
use super::metered::{Usage, chunks};
use super::workload::{self, COMMANDS};

/// The number of bytes that EventBridge bills as one event.
const EVENT_CHUNK: usize = 64 * 1024;
/// In quiet traffic every order costs the same, so a few orders are enough.
const QUIET_ORDERS: usize = 8;

/// A shape of traffic: the batches in which an order's commits reach the consumers of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Every commit in a batch of its own, because a batch never fills before it is sent.
    Quiet,
    /// Full batches, with each commit of an order in a different batch: orders live for days, and many live at once.
    Busy,
    /// Full batches, with all commits of an order in the same batch.
    Burst,
}

impl Traffic {
    /// All shapes of traffic, from the most expensive to the cheapest.
    pub(crate) const ALL: [Self; 3] = [Self::Quiet, Self::Busy, Self::Burst];
}

impl fmt::Display for Traffic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Quiet => "quiet",
            Self::Busy => "busy",
            Self::Burst => "burst",
        })
    }
}

/// The units of all orders, which do not depend on the shape of traffic.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) orders: u64,
    /// `command-handler`, for all commands.
    pub(crate) commands: Usage,
    /// `query-handler`, for a read of each order.
    pub(crate) reads: Usage,
    /// The tables that grow with orders.
    pub(crate) stored: Vec<Stored>,
    pub(crate) consumed: Vec<Consumed>,
}

/// The number of bytes that DynamoDB bills for a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) table: &'static str,
    pub(crate) items: u64,
    /// The bytes of the entries in its global secondary indexes, which backups do not contain.
    pub(crate) indexes: u64,
}

/// The units of the stream consumers in one shape of traffic.
#[derive(Debug)]
pub(crate) struct Consumed {
    pub(crate) traffic: Traffic,
    pub(crate) orders: u64,
    pub(crate) projector: Usage,
    pub(crate) publisher: Usage,
    /// Events on the bus, in chunks of 64 KB.
    pub(crate) events: u64,
    pub(crate) event_bytes: u64,
}

/// Runs a number of orders on a local stack, and counts their units.
pub(crate) async fn measure(orders: u64) -> anyhow::Result<Counted> {
    let bench = Bench::start().await?;
    let mut ids = Vec::new();
    for number in 0..orders {
        ids.push(workload::live(&bench.api, number).await?);
    }
    let commands = bench.usage_of("command-handler");
    ensure!(commands.invocations == orders * COMMANDS, "commands were sent twice: {commands:?}");

    let stream = bench.stream()?;
    let mut consumed = Vec::new();
    for traffic in Traffic::ALL {
        // Each shape has its own tables, so that it does not find rows of another shape.
        let fresh = Bench::start().await?;
        consumed.push(consume(&fresh, traffic, &stream).await?);
        fresh.stop().await;
    }

    // The rows for the reads.
    consume(&bench, Traffic::Burst, &stream).await?;
    for id in &ids {
        workload::read(&bench.api, id).await?;
    }
    let reads = bench.usage_of("query-handler");
    let tables = ["OrderEvents"].into_iter().chain(CORE.iter().map(|model| model.name));
    let stored = tables.map(|table| bench.stored(table)).collect::<anyhow::Result<_>>()?;
    bench.stop().await;
    Ok(Counted { orders, commands, reads, stored, consumed })
}

async fn consume(bench: &Bench, traffic: Traffic, stream: &[Value]) -> anyhow::Result<Consumed> {
    let runs = runs(traffic, stream);
    for mapping in Template::of_this_project()?.stream_mappings()? {
        ensure!(CONSUMERS.contains(&mapping.function.as_str()), "{} also reads the stream", mapping.function);
        for run in &runs {
            for batch in run.chunks(mapping.batch_size) {
                bench.deliver(&mapping.function, batch).await?;
            }
        }
    }
    let records: usize = runs.iter().map(Vec::len).sum();
    let published = bench.published().await;
    ensure!(published.len() == records, "{} of {records} events were published", published.len());
    Ok(Consumed {
        traffic,
        orders: u64::try_from(records)? / COMMANDS,
        projector: bench.usage_of("projector"),
        publisher: bench.usage_of("publisher"),
        events: published.iter().map(|bytes| chunks(*bytes, EVENT_CHUNK)).sum(),
        event_bytes: u64::try_from(published.iter().sum::<usize>())?,
    })
}

/// Returns the records in the order in which they arrive. No batch spans two runs.
fn runs(traffic: Traffic, stream: &[Value]) -> Vec<Vec<Value>> {
    let version = |record: &&Value| record["dynamodb"]["NewImage"]["version"]["N"].as_str().map(str::to_owned);
    let of_version = |wanted: u64| stream.iter().filter(move |record| version(record) == Some(wanted.to_string()));
    match traffic {
        Traffic::Quiet => {
            let few = |wanted| of_version(wanted).take(QUIET_ORDERS);
            (1..=COMMANDS).flat_map(few).map(|record| vec![record.clone()]).collect()
        }
        Traffic::Busy => (1..=COMMANDS).map(|wanted| of_version(wanted).cloned().collect()).collect(),
        // The orders were sent one after another.
        Traffic::Burst => vec![stream.to_vec()],
    }
}
