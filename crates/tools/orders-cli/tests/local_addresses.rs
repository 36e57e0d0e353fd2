//! The addresses of a running local stack: the other commands find a stack on free ports without options.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use reqwest::Client;
use rustix::process::Signal;
use serde_json::{Value, json};
use test_support::running::{ON_FREE_PORTS, Running};

/// The environment variables that would lead commands to another address.
const ENVIRONMENT: [&str; 4] =
    ["ORDERS_API", "ORDERS_TOKEN", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_EVENTBRIDGE"];

fn orders(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
    command.args(arguments).current_dir(folder);
    for name in ENVIRONMENT {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end.
async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A stack on free ports.
struct Stack(Running);

impl Stack {
    fn start(arguments: &[&str], folder: &Path) -> Self {
        Self(Running::start(orders(&[&ON_FREE_PORTS, arguments].concat(), folder)))
    }

    /// Returns the variables in the line that the welcome message offers for a shell.
    fn exported(&self) -> Vec<(&str, &str)> {
        let line = self.0.welcome.iter().find_map(|line| line.strip_prefix("export ")).unwrap();
        line.split(' ').map(|variable| variable.split_once('=').unwrap()).collect()
    }

    fn api(&self) -> &str {
        self.exported()[0].1
    }

    fn stop(mut self) {
        self.0.signal(Signal::INT);
        assert_eq!(self.0.process.wait().unwrap().code(), Some(0));
    }

    /// Places an order, and returns its id.
    async fn place(&self) -> String {
        let items = json!([{ "sku": "TEA", "quantity": 1, "unitPrice": 999 }]);
        let body = json!({ "customerId": "anna", "currency": "EUR", "items": items });
        let request = Client::new().post(format!("{}/orders", self.api())).header("Idempotency-Key", "k").json(&body);
        let reply: Value = request.send().await.unwrap().json().await.unwrap();
        reply["orderId"].as_str().unwrap().to_owned()
    }
}

/// The commands that need an address, each with a text that it prints for a stack with this one order.
fn commands(order: &str) -> Vec<(Vec<&str>, &'static str)> {
    vec![
        (vec!["show", order], "9.99 EUR"),
        (vec!["events", order], "OrderPlaced"),
        (vec!["load", "--orders", "1"], "1 orders"),
        (vec!["tail", "--from-start", "--count", "1", "--order", order], "OrderPlaced"),
        (vec!["rebuild", "--yes", "--local"], "is complete"),
        (vec!["verify", "--local"], "compared with OrderEvents"),
        (vec!["parked", "list", "--local"], "no orders are parked"),
        (vec!["replay", "--yes", "--local", "--from", "2020-01-01T00:00:00Z", "--order", order], "events published  1"),
    ]
}

#[tokio::test]
async fn every_command_finds_a_running_stack_on_other_ports() {
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::start(&[], folder.path());
    let order = stack.place().await;
    for (arguments, expected) in commands(&order) {
        let done = output(orders(&arguments, folder.path())).await;
        assert_eq!(done.status.code(), Some(0), "{arguments:?}: {}", stderr(&done));
        assert!(stdout(&done).contains(expected), "{arguments:?}: {}", stdout(&done));
    }
}

#[tokio::test]
async fn the_export_line_and_the_data_folder_lead_there_from_another_folder() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stack = Stack::start(&[], folder.path());
    let order = stack.place().await;
    let data = folder.path().join(".order-ledger");
    for (arguments, expected) in commands(&order) {
        let mut pasted = orders(&arguments, other.path());
        pasted.envs(stack.exported());
        // An option takes precedence over the environment.
        let mut named = orders(&[&arguments[..], &["--data", data.to_str().unwrap()]].concat(), other.path());
        named.envs(ENVIRONMENT.map(|name| (name, "http://127.0.0.1:1")));
        for command in [pasted, named] {
            let done = output(command).await;
            assert_eq!(done.status.code(), Some(0), "{arguments:?}: {}", stderr(&done));
            assert!(stdout(&done).contains(expected), "{arguments:?}: {}", stdout(&done));
        }
    }
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_environment_wins_over_the_default_folder() {
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::start(&[], folder.path());
    let order = stack.place().await;
    let mut command = orders(&["show", &order], folder.path());
    let done = {
        command.env("ORDERS_API", "http://127.0.0.1:1");
        output(command).await
    };
    let expected = "error: cannot reach the API at http://127.0.0.1:1 (from ORDERS_API): connection refused. \
                    Is `orders local` running?\n";
    assert_eq!((done.status.code(), stderr(&done)), (Some(1), expected));
}

#[tokio::test]
async fn a_clean_stop_removes_the_addresses_and_a_kill_makes_them_stale() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join(".order-ledger");
    let addresses = data.join("running.json");
    let stack = Stack::start(&[], folder.path());
    let written: Value = serde_json::from_slice(&fs::read(&addresses).unwrap()).unwrap();
    assert_eq!((&written["api"], &written["process"]), (&json!(stack.api()), &json!(stack.0.process.id())));
    stack.stop();
    assert!(!addresses.exists());

    drop(Stack::start(&[], folder.path()));
    assert!(addresses.exists(), "a kill leaves them");
    let named = output(orders(&["show", "x", "--data", ".order-ledger"], folder.path())).await;
    let expected =
        "error: no stack runs with the data folder .order-ledger: start one with `orders local --data .order-ledger`\n";
    assert_eq!((named.status.code(), stderr(&named)), (Some(1), expected));
    let next = Stack::start(&[], folder.path());
    let order = next.place().await;
    assert_eq!(output(orders(&["show", &order], folder.path())).await.status.code(), Some(0));
}

#[tokio::test]
async fn a_stack_in_memory_is_found_and_leaves_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::start(&["--in-memory"], folder.path());
    let order = stack.place().await;
    assert_eq!(output(orders(&["show", &order], folder.path())).await.status.code(), Some(0));

    let second = Stack::start(&["--in-memory"], folder.path());
    let other = second.place().await;
    assert_eq!(order, other, "the id comes from the key alone");
    second.stop();
    assert_eq!(output(orders(&["show", &order], folder.path())).await.status.code(), Some(0), "the first one stays");
    stack.stop();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
