//! What was acknowledged survives the process.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use system_tests::Api;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::lists::all_pages;

/// Clients at work while the process is killed.
const CLIENTS: usize = 4;
/// When it is given up that the read model shows every order.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// `orders local` on free ports, with its data in a folder.
struct Local {
    process: Child,
    api: Api,
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
    let mut lines = output.lines().map(Result::unwrap);
    let url =
        lines.find_map(|line| line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned));
    // The rest of what it prints is read too, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    Local { process, api: Api::new(url.unwrap()) }
}

/// Places orders until nobody answers, and tells of each that was acknowledged.
async fn place_until_it_is_gone(api: Api, acknowledged: mpsc::UnboundedSender<()>) -> Vec<String> {
    let mut placed = Vec::new();
    while let Some(order) = api.try_place("anna").await {
        placed.push(order);
        // Nobody listens any more once the process is being killed.
        let _ = acknowledged.send(());
    }
    placed
}

/// Asks for the customer's list until it shows as many orders as there must be.
async fn listed(api: &Api, count: usize) -> BTreeSet<String> {
    loop {
        let orders = all_pages(api, "/customers/anna/orders", 100).await;
        if orders.len() >= count {
            return orders.iter().map(|order| order["orderId"].as_str().unwrap().to_owned()).collect();
        }
    }
}

/// Reads the bus's log until it names every order.
async fn all_published(api: &Api, log: &Path, orders: &BTreeSet<String>) {
    loop {
        let lines = std::fs::read_to_string(log).unwrap();
        let event = |line: &str| serde_json::from_str::<Value>(line).ok();
        let subjects: BTreeSet<String> =
            lines.lines().filter_map(event).map(|event| event["subject"].as_str().unwrap().to_owned()).collect();
        if orders.is_subset(&subjects) {
            return;
        }
        // A look at the API between two reads of the log leaves the publisher its turn.
        api.get("/customers/anna/orders?limit=1").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    for _ in 0..5 {
        let mut local = start(folder.path()).await;
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let clients: JoinSet<_> =
            (0..CLIENTS).map(|_| place_until_it_is_gone(local.api.clone(), sender.clone())).collect();
        for _ in 0..40 {
            receiver.recv().await.unwrap();
        }
        local.process.kill().unwrap();
        local.process.wait().unwrap();
        let placed = clients.join_all().await.concat();
        assert!(placed.len() >= 40);
        acknowledged.extend(placed);
    }
    let local = start(folder.path()).await;
    for order in &acknowledged {
        local.api.get(&format!("/orders/{order}?version=1")).await.expect(200);
    }
    // The checkpoints and the rows survive too: the read model comes to hold every order, and the bus to know of it.
    let listed = tokio::time::timeout(GIVEN_UP, listed(&local.api, acknowledged.len())).await.unwrap();
    let missing: Vec<_> = acknowledged.difference(&listed).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let log = folder.path().join("events.ndjson");
    tokio::time::timeout(GIVEN_UP, all_published(&local.api, &log, &acknowledged)).await.unwrap();
}
