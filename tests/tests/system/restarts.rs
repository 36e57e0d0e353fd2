//! What was acknowledged survives the process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use system_tests::Api;

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
        .args(["local", "--port", "0", "--dynamodb-port", "0", "--data"])
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        let mut local = start(folder.path()).await;
        let (kill, killed) = tokio::sync::oneshot::channel();
        let api = local.api.clone();
        let client = tokio::spawn(async move {
            let mut placed = Vec::new();
            let mut kill = Some(kill);
            loop {
                if placed.len() == 20
                    && let Some(kill) = kill.take()
                {
                    kill.send(()).unwrap();
                }
                match api.try_place("anna").await {
                    Some(order) => placed.push(order),
                    None => return placed,
                }
            }
        });
        killed.await.unwrap();
        local.process.kill().unwrap();
        local.process.wait().unwrap();
        acknowledged.extend(client.await.unwrap());
        assert!(acknowledged.len() >= 20 * (round + 1));
    }
    let local = start(folder.path()).await;
    for order in &acknowledged {
        local.api.get(&format!("/orders/{order}?minVersion=1")).await.expect(200);
    }
}
