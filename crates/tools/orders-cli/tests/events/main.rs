//! The commands that deal with events, as an operator runs them: `orders tail`, `orders replay`, `orders rebuild`, `orders
//! verify`, `orders parked`.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod failures;
mod parked;
mod rebuild;
mod redrive;
mod repair_refused;
mod repair_resumed;
mod replay;
mod replay_runs;
mod service;
mod stack;
mod tail;
mod verify;
mod without_totals;

use std::process::{Command, Output};

use embedded_dynamodb::ANY_PORT;
use embedded_eventbridge::{EmbeddedEventBridge, LogLocation};
use read_models::registry::CORE;

async fn bus() -> EmbeddedEventBridge {
    let buses = ["OrderBus".to_owned()];
    EmbeddedEventBridge::start(ANY_PORT, buses, LogLocation::Temporary).await.unwrap()
}

fn every_model(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
    command.args(arguments).env_remove("AWS_ENDPOINT_URL_EVENTBRIDGE");
    command
}

/// The command on OrderSummaryByCustomer and CustomerTotals. These tests compare whole outputs, and two read models show
/// all that a further one could.
fn orders(arguments: &[&str]) -> Command {
    let mut command = every_model(arguments);
    if matches!(arguments, ["rebuild" | "verify", ..] | ["parked", "redrive", ..]) {
        for optional in CORE.iter().filter(|model| model.is_optional && model.name != "CustomerTotals") {
            command.args(["--without", optional.name]);
        }
    }
    command
}

/// Runs a command to its end, while the servers of this process keep running.
async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// Returns the text on standard error after the plan.
fn said(output: &Output) -> &str {
    let text = stderr(output);
    match text.split_once("Publication cannot be undone") {
        Some((_plan, rest)) => rest.split_once('\n').unwrap().1,
        None => text,
    }
}
