//! The number of commands a second that the local stack completes, compared with the number of conditional puts a second
//! that its DynamoDB accepts over HTTP, while the number of stored orders grows.
//!
//! It runs `orders local` and `orders load` as processes, first with data in memory and then on disk. Before and after each
//! load, this process sends puts to a table without a stream and without indexes, in the same database. Clients, gateway,
//! functions and database share the processors of this machine.
//!
//! `ratio` is that of the two rates. `CPU ratio` is the processor time of stack and clients for a put, divided by that for a
//! command. Other work on the machine changes it less. It needs Linux.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use clap::Parser;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const TABLE: &str = "BarePuts";
/// The size of an item's payload. The commits of `orders load` have this size on average.
const PAYLOAD_BYTES: usize = 900;
/// The duration of one measurement of puts.
const PUTS: Duration = Duration::from_secs(3);
/// The unit of processor times in `/proc`.
const TICK_NANOS: u64 = 10_000_000;
/// The time in which a stack must start.
const START: Duration = Duration::from_secs(60);

/// The number of orders, and the number of clients.
#[derive(Parser)]
struct Arguments {
    /// The number of orders to place and complete
    #[arg(long, default_value_t = 10_000)]
    orders: u64,
    /// The number of orders between two lines
    #[arg(long, default_value_t = 10_000)]
    step: u64,
    /// The number of concurrent clients, of the API and of DynamoDB alike
    #[arg(long, default_value_t = 8)]
    clients: u64,
    /// Measure only with data in this place: memory or disk
    #[arg(long)]
    only: Option<String>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    println!(
        "{:<7}{:>8}{:>12}{:>10}{:>8}{:>11}{:>11}{:>11}{:>11}{:>11}",
        "data", "orders", "commands/s", "puts/s", "ratio", "CPU ratio", "p50", "p99", "lag p50", "lag p99"
    );
    for place in ["memory", "disk"] {
        if arguments.only.as_ref().is_none_or(|only| only == place) {
            measure(place, &arguments).await;
        }
    }
}

/// Measures one stack, and prints a line for each step.
async fn measure(place: &str, arguments: &Arguments) {
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::start(folder.path(), place == "memory").await;
    let client = client(&stack.dynamodb);
    create_table(&client).await;
    let mut before = Puts::run(&client, arguments.clients, &stack).await;
    for first in (0..arguments.orders).step_by(usize::try_from(arguments.step).unwrap()) {
        let orders = arguments.step.min(arguments.orders - first);
        let load = Load::run(folder.path(), orders, first, arguments.clients, &stack);
        let after = Puts::run(&client, arguments.clients, &stack).await;
        let puts = u64::midpoint(before.a_second, after.a_second);
        let put_nanos = u64::midpoint(before.cpu_nanos, after.cpu_nanos);
        before = after;
        let [p50, p99, lag_p50, lag_p99] = load.milliseconds.map(|text| format!("{text} ms"));
        println!(
            "{place:<7}{:>8}{:>12}{puts:>10}{:>8}{:>11}{p50:>11}{p99:>11}{lag_p50:>11}{lag_p99:>11}",
            first + orders,
            load.commands_a_second,
            ratio(load.commands_a_second, puts),
            ratio(put_nanos, load.cpu_nanos),
        );
    }
}

/// Returns a ratio below one with three decimals.
fn ratio(part: u64, whole: u64) -> String {
    format!("0.{:03}", part * 1000 / whole.max(1))
}

/// Returns the processor time of a process in ticks, and that of its children that have ended.
fn ticks(process: &str) -> [u64; 2] {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name of the program, in parentheses, can have spaces.
    let fields: Vec<u64> =
        stat.rsplit(") ").next().unwrap().split(' ').skip(11).take(4).map(|text| text.parse().unwrap()).collect();
    [fields[0] + fields[1], fields[2] + fields[3]]
}

/// The processor time of the stack, of this process and of its ended children.
fn all_ticks(stack: &Stack) -> u64 {
    let [stack, _] = ticks(&stack.process.id().to_string());
    ticks("self").into_iter().sum::<u64>() + stack
}

/// A running `orders local`. Dropping it stops the process.
struct Stack {
    process: Child,
    dynamodb: String,
}

impl Stack {
    async fn start(folder: &Path, in_memory: bool) -> Self {
        let mut command = orders(folder);
        command.args(["local", "--port", "0", "--dynamodb-port", "0", "--eventbridge-port", "0"]);
        command.args(in_memory.then_some("--in-memory")).stdout(Stdio::null());
        let mut stack = Self { process: command.spawn().unwrap(), dynamodb: String::new() };
        let (announcement, start) = (folder.join(".order-ledger/running.json"), Instant::now());
        loop {
            let announced =
                std::fs::read(&announcement).ok().and_then(|file| serde_json::from_slice::<Value>(&file).ok());
            if let Some(addresses) = announced {
                addresses["dynamodb"].as_str().unwrap().clone_into(&mut stack.dynamodb);
                return stack;
            }
            assert!(start.elapsed() < START, "the stack does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
        self.process.wait().unwrap();
    }
}

fn orders(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
    command.current_dir(folder);
    command
}

/// The figures of one `orders load`.
struct Load {
    commands_a_second: u64,
    /// The processor time of a command.
    cpu_nanos: u64,
    /// p50 and p99 of the commands, and of the summary's lag.
    milliseconds: [String; 4],
}

impl Load {
    fn run(folder: &Path, orders_to_place: u64, seed: u64, clients: u64, stack: &Stack) -> Self {
        let start = all_ticks(stack);
        let mut command = orders(folder);
        command.args(["load", "--orders", &orders_to_place.to_string(), "--seed", &seed.to_string()]);
        let Output { status, stdout, stderr } = command.args(["--clients", &clients.to_string()]).output().unwrap();
        let report = String::from_utf8(stdout).unwrap();
        assert!(status.success(), "{report}\n{}", String::from_utf8_lossy(&stderr));
        let nanos = (all_ticks(stack) - start) * TICK_NANOS;
        Self::of_report(&report, nanos).unwrap_or_else(|| panic!("{report}"))
    }

    /// Reads the headline, `N commands in S s: R commands/s`, and the lines of all commands and of the lag, which have a
    /// count, p50, p90 and p99.
    fn of_report(report: &str, nanos: u64) -> Option<Self> {
        let commands: u64 = report.split(" commands in ").next()?.parse().ok()?;
        let rate = report.split(" commands/s").next()?.rsplit(' ').next()?;
        let commands_a_second = rate.split('.').next()?.parse().ok()?;
        let figures = |line: &str| {
            let line = report.lines().find_map(|text| text.trim().strip_prefix(line))?;
            let words: Vec<_> = line.split_whitespace().collect();
            Some([(*words.get(1)?).to_owned(), (*words.get(5)?).to_owned()])
        };
        let ([p50, p99], [lag_p50, lag_p99]) = (figures("all ")?, figures("summary lag ")?);
        let cpu_nanos = nanos / commands;
        Some(Self { commands_a_second, cpu_nanos, milliseconds: [p50, p99, lag_p50, lag_p99] })
    }
}

fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("local"))
        .credentials_provider(Credentials::new("local", "local", None, None, "benchmark"));
    Client::from_conf(config.build())
}

async fn create_table(client: &Client) {
    let mut table = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    for (name, kind, key) in
        [("id", ScalarAttributeType::S, KeyType::Hash), ("version", ScalarAttributeType::N, KeyType::Range)]
    {
        table = table
            .attribute_definitions(
                AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap(),
            )
            .key_schema(KeySchemaElement::builder().attribute_name(name).key_type(key).build().unwrap());
    }
    table.send().await.unwrap();
}

/// The figures of conditional puts of new items.
struct Puts {
    a_second: u64,
    /// The processor time of a put.
    cpu_nanos: u64,
}

impl Puts {
    /// Sends puts from this many concurrent clients.
    async fn run(client: &Client, clients: u64, stack: &Stack) -> Self {
        let (done, start, start_ticks) = (Arc::new(AtomicU64::new(0)), Instant::now(), all_ticks(stack));
        let run = fastrand::u64(..);
        let clients: Vec<_> = (0..clients)
            .map(|number| {
                let (client, done) = (client.clone(), Arc::clone(&done));
                tokio::spawn(async move {
                    for version in 1_u64.. {
                        if start.elapsed() >= PUTS {
                            break;
                        }
                        put(&client, format!("{run:x}-{number}"), version).await;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        let (millis, done) = (u64::try_from(start.elapsed().as_millis()).unwrap(), done.load(Ordering::Relaxed));
        Self { a_second: done * 1000 / millis, cpu_nanos: (all_ticks(stack) - start_ticks) * TICK_NANOS / done }
    }
}

async fn put(client: &Client, id: String, version: u64) {
    client
        .put_item()
        .table_name(TABLE)
        .item("id", AttributeValue::S(id))
        .item("version", AttributeValue::N(version.to_string()))
        .item("payload", AttributeValue::S("x".repeat(PAYLOAD_BYTES)))
        .condition_expression("attribute_not_exists(id)")
        .send()
        .await
        .unwrap();
}
