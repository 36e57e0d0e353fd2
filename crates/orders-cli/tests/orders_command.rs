//! The `orders` binary as a person runs it: what it prints, how it ends, and what is left after `kill -9`.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

fn orders(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
    command.args(arguments).env_remove("ORDERS_API");
    command
}

/// A stack in a process of its own. Dropping it kills it.
struct Running {
    process: Child,
    /// What it printed when it was up.
    welcome: Vec<String>,
}

impl Running {
    fn start(folder: &Path) -> Self {
        let data = folder.to_str().unwrap();
        let mut command = orders(&["local", "--port", "0", "--dynamodb-port", "0", "--data", data]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let welcome = lines.by_ref().take_while(|line| !line.starts_with("Ctrl-C")).collect();
        Self { process, welcome }
    }

    fn api(&self) -> String {
        let line = self.welcome.iter().find(|line| line.contains("HTTP API")).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The one line on standard error of a command that failed.
#[track_caller]
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_owned()
}

async fn place(client: &Client, api: &str, key: &str) -> Option<Value> {
    let items = json!([{ "sku": "TEA", "quantity": 1, "unitPrice": 999 }]);
    let body = json!({ "customerId": "c-1", "currency": "EUR", "items": items });
    let answer = client.post(format!("{api}/orders")).header("Idempotency-Key", key).json(&body).send().await.ok()?;
    if answer.status() == 201 { answer.json().await.ok() } else { None }
}

/// Places orders from four clients at once and calls `after` with how many were acknowledged, until the API is gone.
async fn place_until_it_is_gone(api: &str, after: impl Fn(usize) + Send + Sync + 'static) -> Vec<String> {
    let (acknowledged, after) = (Arc::new(AtomicUsize::new(0)), Arc::new(after));
    let mut clients = JoinSet::new();
    for client in 0..4 {
        let (api, acknowledged, after) = (api.to_owned(), Arc::clone(&acknowledged), Arc::clone(&after));
        clients.spawn(async move {
            let (http, mut ids) = (Client::new(), Vec::new());
            while let Some(reply) = place(&http, &api, &format!("{client}-{}", ids.len())).await {
                ids.push(reply["orderId"].as_str().unwrap().to_owned());
                after(acknowledged.fetch_add(1, Ordering::SeqCst) + 1);
            }
            ids
        });
    }
    clients.join_all().await.concat()
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_to_kill_9_in_the_middle_of_a_load() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(folder.path());
    let pid = first.process.id().to_string();
    let acknowledged = place_until_it_is_gone(&first.api(), move |count| {
        if count == 40 {
            assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        }
    })
    .await;
    drop(first);
    assert!(acknowledged.len() >= 40);

    let second = Running::start(folder.path());
    let client = Client::new();
    for id in &acknowledged {
        let answer = client.get(format!("{}/orders/{id}?version=1", second.api())).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{id}");
    }
}

#[test]
fn the_three_lines_of_the_welcome_work_when_they_are_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let stack = Running::start(folder.path());
    let lines: Vec<&String> = stack.welcome.iter().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(lines.len(), 3);
    // The list follows the order by a moment; reading with minVersion in between does not wait for it.
    for (line, expected) in lines.iter().zip(["201 Created", r#""version":1"#, r#""items":["#]) {
        let output = Command::new("sh").args(["-c", line]).output().unwrap();
        assert!(stdout(&output).contains(expected), "{line}\n{}", stdout(&output));
    }
}

#[test]
fn ctrl_c_and_sigterm_end_it_cleanly() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let mut stack = Running::start(folder.path());
        stack.signal(signal);
        assert_eq!(stack.process.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn a_second_instance_on_the_same_folder_or_port_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let stack = Running::start(folder.path());
    let data = folder.path().to_str().unwrap();
    let second = orders(&["local", "--port", "0", "--dynamodb-port", "0", "--data", data]).output().unwrap();
    assert_eq!(complaint(&second), format!("error: another instance is using the data folder {data}"));

    let api = stack.api();
    let port = api.rsplit(':').next().unwrap();
    let third = orders(&["local", "--port", port, "--dynamodb-port", "0", "--in-memory"]).output().unwrap();
    assert_eq!(complaint(&third), format!("error: cannot serve the HTTP API: 127.0.0.1:{port} is already in use"));
}

#[test]
fn a_load_reports_what_it_did_and_its_orders_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let stack = Running::start(folder.path());
    let api = stack.api();
    let load = orders(&["load", "--orders", "20", "--clients", "4", "--api", &api]).output().unwrap();
    let report = stdout(&load);
    assert!(report.contains("20 orders") && report.contains("errors: 0"), "{report}");
    assert!(report.contains("PlaceOrder") && report.contains("summary lag"), "{report}");

    let place = stack.welcome.iter().find(|line| line.starts_with("curl -i")).unwrap();
    assert!(Command::new("sh").args(["-c", place]).output().unwrap().status.success());
    let read = stack.welcome.iter().find(|line| line.contains("minVersion")).unwrap();
    let id = read.split("/orders/").nth(1).unwrap().split('?').next().unwrap();
    let show = stdout(&orders(&["show", id, "--api", &api]).output().unwrap());
    assert!(show.contains(&format!("Order {id}")) && show.contains("29.97 EUR"), "{show}");
    let events = stdout(&orders(&["events", id]).env("ORDERS_API", &api).output().unwrap());
    assert!(events.contains("OrderPlaced") && events.contains("3 TEA-500, 29.97 EUR by alice"), "{events}");
    let json: Value =
        serde_json::from_str(&stdout(&orders(&["show", id, "--json", "--api", &api]).output().unwrap())).unwrap();
    assert_eq!(json["total"], 2997);

    let unknown = orders(&["show", "no-such-order", "--api", &api]).output().unwrap();
    assert!(complaint(&unknown).contains("404 order_not_found"));
}

#[test]
fn nobody_at_the_other_end_is_one_clear_line() {
    let output = orders(&["show", "x", "--api", "http://127.0.0.1:1"]).output().unwrap();
    assert_eq!(complaint(&output), "error: nothing answers at http://127.0.0.1:1: is `orders local` running?");
}
