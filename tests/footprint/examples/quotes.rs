//! Counts the instructions of placing an order of three items, with prices and from a quote. The difference is the cost of
//! the quote's verification.
//!
//! ```sh
//! cargo build --release -p command-handler
//! cargo run -p footprint --example quotes -- target/release/command-handler
//! ```

#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use system_tests::workload::Workload;
use tokio::process::Command;

/// The number of invocations before the counted ones. They open connections and allocate memory.
const TO_WARM_UP: usize = 10;
/// The number of invocations from which a mean is calculated.
const COUNTED: usize = 100;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let program = PathBuf::from(std::env::args_os().nth(1).context("name the built command-handler")?);
    let prices = instructions(&program, "command-handler/prices").await?;
    let quote = instructions(&program, "command-handler/quote").await?;
    let added = quote.checked_sub(prices).context("a quote took less than prices")?;
    println!("with prices: {prices} instructions; from a quote: {quote}; more: {added}, {} %", added * 100 / prices);
    Ok(())
}

/// Returns the instructions of one warm invocation.
async fn instructions(program: &Path, work: &str) -> anyhow::Result<u64> {
    let (to_warm_up, all) =
        (until(program, work, TO_WARM_UP).await?, until(program, work, TO_WARM_UP + COUNTED).await?);
    Ok(all.checked_sub(to_warm_up).context("more work took fewer instructions")? / COUNTED as u64)
}

/// Returns the instructions that the process executes until it has done the work.
async fn until(program: &Path, work: &str, count: usize) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir()?;
    let counts = folder.path().join("counts");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg(format!("--cachegrind-out-file={}", counts.display()))
        .arg(format!("--log-file={}", folder.path().join("said").display()))
        .arg(program)
        .stdout(Stdio::null());
    let workload = Workload::of(count).await;
    let mut worker = workload.start(command, work).await?;
    worker.ready().await?;
    for _ in 0..count {
        worker.work().await?;
    }
    let calls = worker.calls();
    worker.process.end().await?;
    workload.stop().await;
    let writes = calls.iter().filter(|call| call.contains("PutItem")).count();
    ensure!(writes == count, "{work}: {writes} writes for {count} orders: {calls:?}");
    let counts = tokio::fs::read_to_string(&counts).await.context("valgrind wrote nothing")?;
    let sum = counts.lines().find_map(|line| line.strip_prefix("summary: ")).context("valgrind wrote no sum")?;
    Ok(sum.trim().parse()?)
}
