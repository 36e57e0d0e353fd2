//! Counts what orders make AWS bill, in three shapes of traffic.

use std::fmt;

use anyhow::ensure;
use sam_template::Template;
use serde_json::Value;

use super::bench::{Bench, CONSUMERS};
use super::metered::{Usage, chunks};
use super::workload::{self, COMMANDS};

/// What EventBridge counts as one event, in bytes.
const EVENT_CHUNK: usize = 64 * 1024;
/// In quiet traffic every order costs the same, so a few are enough.
const QUIET_ORDERS: usize = 8;

/// How the commits of an order reach the consumers of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Every commit alone: a batch never fills before it is sent.
    Quiet,
    /// In full batches, each commit of an order in another one: orders live for days, and many live at once.
    Busy,
    /// In full batches, all commits of an order in the same one.
    Burst,
}

impl Traffic {
    /// All there are, from the dearest to the cheapest.
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

/// What all orders cost, however they reach the consumers.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) orders: u64,
    /// `command-handler`, for all commands.
    pub(crate) commands: Usage,
    /// `query-handler`, for a read of each order.
    pub(crate) reads: Usage,
    /// The tables that grow with orders.
    pub(crate) stored: [Stored; 3],
    pub(crate) consumed: Vec<Consumed>,
}

/// How many bytes DynamoDB bills a table for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) table: &'static str,
    pub(crate) items: u64,
    /// Of the entries in its global secondary indexes, which no backup holds.
    pub(crate) indexes: u64,
}

/// What the consumers of the stream cost in one shape of traffic.
#[derive(Debug)]
pub(crate) struct Consumed {
    pub(crate) traffic: Traffic,
    pub(crate) orders: u64,
    pub(crate) projector: Usage,
    pub(crate) publisher: Usage,
    /// Events on the bus, by chunks of 64 KB.
    pub(crate) events: u64,
    pub(crate) event_bytes: u64,
}

/// Lives so many orders on a local stack, and counts.
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
        // The rows of one shape must not be there for another: each has tables of its own.
        let fresh = Bench::start().await?;
        consumed.push(consume(&fresh, traffic, &stream).await?);
        fresh.stop().await;
    }

    // The reads find rows.
    consume(&bench, Traffic::Burst, &stream).await?;
    for id in &ids {
        workload::read(&bench.api, id).await?;
    }
    let reads = bench.usage_of("query-handler");
    let stored =
        [bench.stored("OrderEvents")?, bench.stored("OrderSummaryByCustomer")?, bench.stored("CustomerTotals")?];
    bench.stop().await;
    Ok(Counted { orders, commands, reads, stored, consumed })
}

async fn consume(bench: &Bench, traffic: Traffic, stream: &[Value]) -> anyhow::Result<Consumed> {
    let runs = runs(traffic, stream);
    for mapping in Template::of_this_project()?.stream_mappings()? {
        ensure!(CONSUMERS.contains(&mapping.function.as_str()), "{} reads the stream, too", mapping.function);
        let size = usize::try_from(mapping.batch_size)?;
        for run in &runs {
            for batch in run.chunks(size) {
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

/// The records in the order in which they arrive; no batch reaches from one run into the next.
fn runs(traffic: Traffic, stream: &[Value]) -> Vec<Vec<Value>> {
    let version = |record: &&Value| record["dynamodb"]["NewImage"]["version"]["N"].as_str().map(str::to_owned);
    let of_version = |wanted: u64| stream.iter().filter(move |record| version(record) == Some(wanted.to_string()));
    match traffic {
        Traffic::Quiet => {
            let few = |wanted| of_version(wanted).take(QUIET_ORDERS);
            (1..=COMMANDS).flat_map(few).map(|record| vec![record.clone()]).collect()
        }
        Traffic::Busy => (1..=COMMANDS).map(|wanted| of_version(wanted).cloned().collect()).collect(),
        // Orders are lived one after another.
        Traffic::Burst => vec![stream.to_vec()],
    }
}
