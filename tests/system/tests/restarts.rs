//! Acknowledged commands survive the end of the process.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::Api;
use system_tests::api::three_items;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::lists::all_pages;

/// The number of times that the process is killed.
const KILLS: u64 = 50;
/// The number of clients that send commands while the process is killed.
const CLIENTS: usize = 4;
/// The time limit for the read model to list every order, and for the bus to log every event.
const GIVEN_UP: Duration = Duration::from_secs(120);

/// The newest acknowledged version of each order.
type Acknowledged = BTreeMap<String, u64>;

/// `orders local` on free ports, with its data in a folder.
struct Local {
    process: Child,
    api: Api,
    dynamodb: String,
}

impl Drop for Local {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn start(data: &Path) -> Local {
    let binary = system_tests::binaries::binary("orders").await;
    let mut process = Command::new(binary)
        .args(["local", "--port", "0", "--dynamodb-port", "0", "--eventbridge-port", "0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(process.stdout.take().unwrap());
    let mut urls = output.lines().map(Result::unwrap).filter_map(|line| Some(line.split_once("http://")?.1.to_owned()));
    let mut url = || format!("http://{}", urls.next().unwrap());
    let (api, dynamodb) = (Api::new(url()), url());
    // The rest of the output is also read, so that the process never blocks on a full pipe.
    std::thread::spawn(move || urls.for_each(drop));
    Local { process, api, dynamodb }
}

/// Places and pays orders until the API stops, and reports each acknowledged command.
async fn work_until_it_is_gone(api: Api, tell: mpsc::UnboundedSender<()>) -> Acknowledged {
    let mut acknowledged = Acknowledged::new();
    while let Some(placed) = api.try_post("/orders", three_items("anna")).await {
        let order = placed.expect(201).body["orderId"].as_str().unwrap().to_owned();
        acknowledged.insert(order.clone(), 1);
        // The receiver is gone while the process is being killed.
        let _ = tell.send(());
        let payment = json!({ "paymentId": "pay-1", "amount": 5_000 });
        let Some(paid) = api.try_post(&format!("/orders/{order}/payments"), payment).await else { break };
        acknowledged.insert(order, paid.expect(201).version());
        let _ = tell.send(());
    }
    acknowledged
}

/// Reads the customer's list until it shows every order at its acknowledged version or a later one.
async fn all_listed(api: &Api, acknowledged: &Acknowledged) {
    loop {
        let rows = all_pages(api, "/customers/anna/orders", 100).await;
        let rows: BTreeMap<_, _> = rows.iter().map(|row| (row["orderId"].as_str(), row["version"].as_u64())).collect();
        let is_listed =
            |(order, &version): (&String, &u64)| rows.get(&Some(order)).is_some_and(|row| *row >= Some(version));
        if acknowledged.iter().all(is_listed) {
            return;
        }
    }
}

/// Reads the bus's log until it names every acknowledged event.
async fn all_published(api: &Api, log: &Path, acknowledged: &Acknowledged) {
    loop {
        let lines = std::fs::read_to_string(log).unwrap();
        // The last line may be incomplete.
        let event = |line: &str| serde_json::from_str::<Value>(line).ok();
        let sequence = |event: Value| {
            (event["subject"].as_str().unwrap().to_owned(), event["sequence"].as_str().unwrap().to_owned())
        };
        let published: BTreeSet<(String, String)> = lines.lines().filter_map(event).map(sequence).collect();
        let is_published = |(order, &version): (&String, &u64)| {
            (1..=version)
                .all(|version| published.contains(&(order.clone(), publication::cloud_event::sequence(version, 0))))
        };
        if acknowledged.iter().all(is_published) {
            return;
        }
        // A request to the API between two reads of the log gives the publisher time.
        api.get("/customers/anna/orders?limit=1").await.expect(200);
    }
}

/// Runs `orders verify` against the process's tables. The rows are up to date, so every difference is a fault.
async fn verified(local: &Local) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let output = tokio::process::Command::new(system_tests::binaries::binary("orders").await)
        .args(["verify", "--local", "--json"])
        .env("AWS_ENDPOINT_URL_DYNAMODB", &local.dynamodb)
        .current_dir(folder.path())
        .output();
    let output = output.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_commits_survive_fifty_kills_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::new();
    for life in 0..KILLS {
        let mut local = start(folder.path()).await;
        let (tell, mut told) = mpsc::unbounded_channel();
        let clients: JoinSet<_> =
            (0..CLIENTS).map(|_| work_until_it_is_gone(local.api.clone(), tell.clone())).collect();
        // The time of the kill varies, so that it interrupts different operations.
        for _ in 0..=(life * 7 % 20) {
            told.recv().await.unwrap();
        }
        local.process.kill().unwrap();
        local.process.wait().unwrap();
        acknowledged.extend(clients.join_all().await.into_iter().flatten());
    }
    let local = start(folder.path()).await;
    for (order, version) in &acknowledged {
        local.api.get(&format!("/orders/{order}?version={version}")).await.expect(200);
    }
    // The checkpoints and the rows survive too: the read model lists every order, and the bus logs every event.
    tokio::time::timeout(GIVEN_UP, all_listed(&local.api, &acknowledged)).await.unwrap();
    let log = folder.path().join("events.ndjson");
    tokio::time::timeout(GIVEN_UP, all_published(&local.api, &log, &acknowledged)).await.unwrap();
    let verified = verified(&local).await;
    assert_eq!(verified["differences"], json!([]), "{verified}");
    let orders = verified["verified"]["orders"].as_u64().unwrap();
    assert!(orders >= u64::try_from(acknowledged.len()).unwrap(), "{verified}");
}
