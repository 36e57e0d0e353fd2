//! The `orders` binary as an operator runs it: its output, its exit codes, and the data that survives `kill -9`.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Client, Method};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use test_support::running::{ON_FREE_PORTS, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The time after which a waiting test fails.
const GIVEN_UP: Duration = Duration::from_secs(60);

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

/// Returns the count in a row of a report.
#[track_caller]
fn count(report: &str, row: &str) -> u64 {
    let figures = report.lines().find_map(|line| line.strip_prefix(row)).unwrap();
    figures.split_whitespace().next().unwrap().parse().unwrap()
}

async fn place(client: &Client, api: &str, key: &str) -> Option<Value> {
    let items = json!([{ "sku": "TEA", "quantity": 1, "unitPrice": 999 }]);
    let body = json!({ "customerId": "c-1", "currency": "EUR", "items": items });
    let answer = client.post(format!("{api}/orders")).header("Idempotency-Key", key).json(&body).send().await.ok()?;
    if answer.status() == 201 { answer.json().await.ok() } else { None }
}

/// Places orders from four clients at once, until the API stops. Calls `after` with the number of acknowledged orders.
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
    let first = start(folder.path());
    let pid = Pid::from_child(&first.process);
    let acknowledged = place_until_it_is_gone(first.api(), move |count| {
        if count == 40 {
            kill_process(pid, Signal::KILL).unwrap();
        }
    })
    .await;
    drop(first);
    assert!(acknowledged.len() >= 40);

    let second = start(folder.path());
    let client = Client::new();
    for id in &acknowledged {
        let answer = client.get(format!("{}/orders/{id}?version=1", second.api())).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{id}");
    }
}

#[tokio::test]
async fn the_three_lines_of_the_welcome_work_when_they_are_pasted() {
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
    let page = tokio::time::timeout(GIVEN_UP, listed).await.unwrap();
    assert_eq!((&page["items"][0]["orderId"], &page["items"][1]), (&placed["orderId"], &Value::Null));
}

#[test]
fn ctrl_c_and_sigterm_end_it_cleanly() {
    for signal in [Signal::INT, Signal::TERM] {
        let folder = tempfile::tempdir().unwrap();
        let mut stack = start(folder.path());
        stack.signal(signal);
        assert_eq!(stack.process.wait().unwrap().code(), Some(0), "{signal:?}");
    }
}

/// Connects to DynamoDB and sends the head of a request without its body.
async fn half_a_request(stack: &Running) -> TcpStream {
    let address = stack.served("DynamoDB");
    let address = address.strip_prefix("http://").unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: {address}\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    // The server requests the body once it has started to process the request.
    let mut reply = [0; 12];
    client.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"HTTP/1.1 100");
    client
}

#[tokio::test]
async fn ctrl_c_ends_it_although_a_client_never_finishes_its_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut stack = start(folder.path());
    let _client = half_a_request(&stack).await;
    stack.signal(Signal::INT);
    assert_eq!(stack.process.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = local(folder.path(), &[]);
    command.stderr(Stdio::piped());
    let mut stack = Running::start(command);
    let _client = half_a_request(&stack).await;
    stack.signal(Signal::INT);
    stack.signal(Signal::TERM);
    let said = std::io::read_to_string(stack.process.stderr.take().unwrap()).unwrap();
    assert_eq!(said, "error: stopped at once: the requests in progress may be incomplete\n");
    assert_eq!(stack.process.wait().unwrap().code(), Some(130));
}

#[test]
fn a_data_folder_or_file_that_is_something_else_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let local = |data: &Path| {
        let data = data.to_str().unwrap();
        let ports = ["--port", "0", "--dynamodb-port", "0", "--eventbridge-port", "0"];
        complaint(&orders(&["local", "--data", data]).args(ports).output().unwrap())
    };
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let expected = format!("error: cannot use the data folder {}: File exists (os error 17)", file.display());
    assert_eq!(local(&file), expected);

    let data = folder.path().join("data");
    let database = data.join("dynamodb.sqlite");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(&database, "x".repeat(10_000)).unwrap();
    let expected =
        format!("error: cannot start the embedded DynamoDB: {} is not a SQLite database", database.display());
    assert_eq!(local(&data), expected);

    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let shared = local(folder.path());
    assert!(
        shared.starts_with(&format!("error: other users can read the folder {}", folder.path().display())),
        "{shared}"
    );
}

#[test]
fn a_start_that_fails_leaves_neither_data_nor_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = listener.local_addr().unwrap().port().to_string();
    let elsewhere = tempfile::tempdir().unwrap();
    let nonsense = elsewhere.path().join("nonsense").display().to_string();
    std::fs::write(&nonsense, "no keys").unwrap();
    let missing = elsewhere.path().join("missing").display().to_string();
    for (reason, arguments) in [
        ("the API's port is taken", &["--port", &taken][..]),
        ("DynamoDB's port is taken", &["--dynamodb-port", &taken]),
        ("EventBridge's port is taken", &["--eventbridge-port", &taken]),
        ("the keys of quotes are missing", &["--quote-keys", &missing]),
        ("the keys of quotes are no keys", &["--quote-keys", &nonsense]),
    ] {
        for also in [&[][..], &["--in-memory"]] {
            let free = ["--port", "--dynamodb-port", "--eventbridge-port"].into_iter();
            let free = free.filter(|port| !arguments.contains(port)).flat_map(|port| [port, "0"]);
            let mut local = orders(&["local", "--auth", "jwt"]);
            local.args(free).args(arguments).args(also).current_dir(folder.path());
            complaint(&local.output().unwrap());
            let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert_eq!(left, Vec::<std::path::PathBuf>::new(), "{reason} {also:?}");
        }
    }
}

#[tokio::test]
async fn the_data_folder_and_every_file_in_it_are_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let stack = start_with(&data, &["--auth", "jwt"]);
    let token = orders(&["token", "--shop", "--data", data.to_str().unwrap()]).output().unwrap();
    let client = Client::new();
    let body =
        json!({ "customerId": "c", "currency": "EUR", "items": [{ "sku": "a", "quantity": 1, "unitPrice": 1 }] });
    let place = client.post(format!("{}/orders", stack.api())).header("Idempotency-Key", "k").json(&body);
    assert_eq!(place.bearer_auth(stdout(&token).trim_end()).send().await.unwrap().status().as_u16(), 201);
    let mut names = Vec::new();
    for folder in [data.clone(), data.join("keys")] {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|it| it.path().is_file()) {
            assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.file_name());
            names.push(entry.file_name().into_string().unwrap());
        }
    }
    for expected in ["dynamodb.sqlite", "events.ndjson", "issuer.pem", "lock"] {
        assert!(names.iter().any(|name| name == expected), "{names:?}");
    }
}

/// Returns the permissions of a file or folder.
fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn an_added_host_reaches_a_running_stack_and_a_foreign_one_does_not() {
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
fn a_second_instance_on_the_same_folder_or_port_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start(folder.path());
    let data = folder.path().to_str().unwrap();
    let second = orders(&["local", "--port", "0", "--dynamodb-port", "0", "--eventbridge-port", "0", "--data", data])
        .output()
        .unwrap();
    assert_eq!(complaint(&second), format!("error: another instance is using the data folder {data}"));

    let api = stack.api();
    let port = api.rsplit(':').next().unwrap();
    let third = orders(&["local", "--port", port, "--dynamodb-port", "0", "--eventbridge-port", "0", "--in-memory"])
        .output()
        .unwrap();
    assert_eq!(complaint(&third), format!("error: cannot serve the HTTP API: 127.0.0.1:{port} is already in use"));

    let dynamodb = stack.served("DynamoDB");
    let port = dynamodb.rsplit(':').next().unwrap();
    let fourth = orders(&["local", "--port", "0", "--dynamodb-port", port, "--eventbridge-port", "0", "--in-memory"])
        .output()
        .unwrap();
    assert_eq!(complaint(&fourth), format!("error: cannot serve DynamoDB: 127.0.0.1:{port} is already in use"));

    let eventbridge = stack.served("EventBridge");
    let port = eventbridge.rsplit(':').next().unwrap();
    let fifth = orders(&["local", "--port", "0", "--dynamodb-port", "0", "--eventbridge-port", port, "--in-memory"])
        .output()
        .unwrap();
    assert_eq!(complaint(&fifth), format!("error: cannot serve EventBridge: 127.0.0.1:{port} is already in use"));
}

#[tokio::test]
async fn a_load_reports_what_it_did_and_its_orders_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start(folder.path());
    let api = stack.api();
    let load = orders(&["load", "--orders", "20", "--clients", "4", "--api", api]).output().unwrap();
    let report = stdout(&load);
    assert!(report.contains("20 orders") && report.contains("errors: 0"), "{report}");
    assert_eq!(count(&report, "PlaceOrder"), 20, "{report}");
    assert!(count(&report, "summary lag") > 0, "{report}");

    let (_, placed) = curl(pasted(&stack)[0]).await;
    let id = placed["orderId"].as_str().unwrap();
    let show = stdout(&orders(&["show", id, "--api", api]).output().unwrap());
    assert!(show.contains(&format!("Order {id}")) && show.contains("29.97 EUR"), "{show}");
    let events = stdout(&orders(&["events", id]).env("ORDERS_API", api).output().unwrap());
    assert!(events.contains("OrderPlaced") && events.contains("3 TEA-500, 29.97 EUR by alice"), "{events}");
    let json: Value =
        serde_json::from_str(&stdout(&orders(&["show", id, "--json", "--api", api]).output().unwrap())).unwrap();
    assert_eq!(json["total"], 2997);

    let unknown = orders(&["show", "no-such-order", "--api", api]).output().unwrap();
    assert!(complaint(&unknown).contains("404 order_not_found"));
}

#[test]
fn a_stopped_load_reports_its_finished_commands() {
    for pace in [&["--rate", "1"][..], &[]] {
        let folder = tempfile::tempdir().unwrap();
        let stack = start(folder.path());
        let mut load = orders(&["load", "--seconds", "100000", "--clients", "2", "--api", stack.api()]);
        let load = load.args(pace).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The load has started when its first event is published.
        let published = folder.path().join("events.ndjson");
        while std::fs::metadata(&published).map_or(0, |file| file.len()) == 0 {
            std::thread::yield_now();
        }
        kill_process(Pid::from_child(&load), Signal::INT).unwrap();
        let done = load.wait_with_output().unwrap();
        let (report, said) = (stdout(&done), String::from_utf8_lossy(&done.stderr).into_owned());
        assert_eq!(done.status.code(), Some(130), "{said}");
        assert!(report.starts_with("Stopped: "), "{report}");
        assert!(count(&report, "PlaceOrder") > 0 && report.contains("\nerrors: 0"), "{report}");
        assert!(said.ends_with("error: stopped before the end: the report covers the finished commands\n"), "{said}");
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
