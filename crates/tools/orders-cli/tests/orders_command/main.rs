//! The `orders` binary as an operator runs it: its output, its exit codes, and the data that survives `kill -9`.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod data_folder;
mod load;
mod signals;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use test_support::running::{ON_FREE_PORTS, Running};

/// The time after which a waiting test fails.
const TIMEOUT: Duration = Duration::from_secs(60);

fn orders(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
    command.args(arguments).env_remove("ORDERS_API").env_remove("ORDERS_TOKEN");
    command
}

/// Starts a stack with its data in that folder.
fn start(folder: &Path) -> Running {
    start_with(folder, &[])
}

fn start_with(folder: &Path, arguments: &[&str]) -> Running {
    Running::start(local(folder, arguments))
}

fn local(folder: &Path, arguments: &[&str]) -> Command {
    orders(&[&ON_FREE_PORTS[..], &["--data", folder.to_str().unwrap()], arguments].concat())
}

/// Returns the lines of the welcome message that a reader can paste into a shell.
fn pasted(stack: &Running) -> Vec<&str> {
    stack.welcome.iter().map(String::as_str).filter(|line| line.starts_with("curl ")).collect()
}

/// Sends the request of a curl command from the welcome message, without curl. Returns the status and the body.
async fn curl(line: &str) -> (u16, Value) {
    let words = line.split('\'').enumerate().flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().collect(),
        _quoted => vec![part],
    });
    let (mut url, mut headers, mut body) = ("", Vec::new(), None);
    let mut words = words.skip(1);
    while let Some(word) = words.next() {
        match word {
            "-i" => {}
            "-H" => headers.push(words.next().unwrap().split_once(": ").unwrap()),
            "-d" => body = words.next(),
            _ => url = word,
        }
    }
    let mut request = Client::new().request(if body.is_some() { Method::POST } else { Method::GET }, url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.body(body.unwrap_or_default().to_owned()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Returns the only line on standard error of a failed command.
#[track_caller]
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_owned()
}

#[tokio::test]
async fn the_three_commands_of_the_welcome_message_work() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start(folder.path());
    let [place, read, list] = pasted(&stack)[..] else { panic!("{:?}", stack.welcome) };
    let (status, placed) = curl(place).await;
    assert_eq!((status, &placed["version"]), (201, &json!(1)));
    let (status, order) = curl(read).await;
    assert_eq!((status, &order["orderId"], &order["version"]), (200, &placed["orderId"], &json!(1)));
    // The list shows the order a moment later.
    let listed = async {
        loop {
            let (status, page) = curl(list).await;
            assert_eq!(status, 200);
            if page["items"] != json!([]) {
                return page;
            }
        }
    };
    let page = tokio::time::timeout(TIMEOUT, listed).await.unwrap();
    assert_eq!((&page["items"][0]["orderId"], &page["items"][1]), (&placed["orderId"], &Value::Null));
}

#[tokio::test]
async fn an_added_host_gets_200_and_a_foreign_host_gets_403() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start_with(folder.path(), &["--allow-host", "box.example"]);
    for (service, path) in [("HTTP API", "/openapi.json"), ("DynamoDB", "/"), ("EventBridge", "/events")] {
        let url = format!("{}{path}", stack.served(service));
        for (host, expected) in [("box.example:8443", 200), ("evil.example", 403), ("x:99999", 400)] {
            let reply = Client::new().get(&url).header("Host", host).send().await.unwrap();
            assert_eq!(reply.status().as_u16(), expected, "{service} {host}");
        }
    }
}

#[test]
fn help_explains_each_command_and_the_exit_codes() {
    let help = |arguments: &[&str]| stdout(&orders(arguments).output().unwrap());
    assert!(help(&["help", "local"]).contains("--in-memory"));
    assert_eq!(help(&["help", "local"]), help(&["local", "--help"]));
    let all = help(&["--help"]);
    let (_, codes) = all.split_once("Exit codes:\n").unwrap();
    let codes: Vec<&str> = codes.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(codes, ["0", "1", "2", "3", "4", "130"]);
}

#[test]
fn an_unreachable_api_is_reported_in_one_line() {
    let output = orders(&["show", "x", "--api", "http://127.0.0.1:1"]).output().unwrap();
    let expected = "error: cannot reach the API at http://127.0.0.1:1: connection refused. Is `orders local` running?";
    assert_eq!(complaint(&output), expected);
}
