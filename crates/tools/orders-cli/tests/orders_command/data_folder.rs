//! The data folder of `orders local`: data after `kill -9`, failed starts, permissions, and two instances at once.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{complaint, orders, start, start_with, stdout};

async fn place(client: &Client, api: &str, key: &str) -> Option<Value> {
    let items = json!([{ "sku": "TEA", "quantity": 1, "unitPrice": 999 }]);
    let body = json!({ "customerId": "c-1", "currency": "EUR", "items": items });
    let answer = client.post(format!("{api}/orders")).header("Idempotency-Key", key).json(&body).send().await.ok()?;
    if answer.status() == 201 { answer.json().await.ok() } else { None }
}

/// Places orders from four clients at once, until the API stops. Calls `after` with the number of acknowledged orders.
async fn place_until_the_api_stops(api: &str, after: impl Fn(usize) + Send + Sync + 'static) -> Vec<String> {
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
async fn acknowledged_orders_survive_kill_9_during_a_load() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(folder.path());
    let pid = Pid::from_child(&first.process);
    let acknowledged = place_until_the_api_stops(first.api(), move |count| {
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

#[test]
fn an_unusable_data_folder_is_reported_in_one_line() {
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
fn a_failed_start_leaves_neither_data_nor_a_key() {
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
async fn only_the_owner_can_read_the_data_folder_and_its_files() {
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

#[test]
fn a_folder_or_port_in_use_is_reported_in_one_line() {
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
