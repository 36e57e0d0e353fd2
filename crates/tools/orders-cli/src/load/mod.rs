//! `orders load`: sends many orders at once, and reports latencies and errors.
//!
//! - `plan`, `catalogue`: the requests, generated from a seed
//! - `pace`: the time at which each request is due
//! - `tally`, `lag`: the measurements
//! - `report`: the report at the end

mod catalogue;
mod lag;
mod pace;
mod plan;
mod report;
mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::api::{Api, ApiArguments, ApiError, encoded};
use crate::stop::{Ended, Interrupted, StopSignals};
use crate::text::{note, print};
use lag::Acknowledged;
use pace::Pace;
use plan::Step;
use tally::Tally;

/// The size, duration and rate of the load.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The number of orders to place and complete
    #[arg(long, default_value_t = 1000, conflicts_with = "seconds")]
    orders: u64,
    /// Run for this many seconds, instead of a number of orders
    #[arg(long, value_name = "S")]
    seconds: Option<u64>,
    /// Commands a second, over all clients [default: unlimited]
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Clients that work at the same time; each completes one order before it starts the next
    #[arg(long, value_name = "C", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    clients: u16,
    /// The same seed sends the same orders
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    api: ApiArguments,
}

/// The message after the first Ctrl-C.
const STOPPING: &str = "stopping after the commands under way; Ctrl-C again does not wait for them";

/// The state that the clients share.
struct Load {
    api: Api,
    seed: u64,
    /// A part of every `Idempotency-Key`, so that a second run with the same seed places new orders.
    run: Uuid,
    pace: Pace,
    next: AtomicU64,
    orders: u64,
    until: Option<Instant>,
    progress: ProgressBar,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let api = Api::new(&arguments.api)?;
    // If the API is unreachable, one line reports it, and nothing is counted.
    api.get("/openapi.json", &[]).await?;

    let mut signals = StopSignals::listen()?;
    let (stop, stopping) = watch::channel(false);
    let (sender, receiver) = mpsc::channel(1);
    let sampler = tokio::spawn(lag::sample(api.clone(), receiver, stopping.clone()));
    let started = Instant::now();
    let duration = arguments.seconds.map(Duration::from_secs);
    let load = Arc::new(Load {
        api,
        seed: arguments.seed,
        run: Uuid::new_v4(),
        pace: Pace::new(arguments.rate),
        next: AtomicU64::new(0),
        orders: if duration.is_some() { u64::MAX } else { arguments.orders },
        until: duration.and_then(|duration| started.checked_add(duration)),
        progress: progress_bar(duration.is_none().then_some(arguments.orders))?,
    });

    let mut clients = JoinSet::new();
    for _ in 0..arguments.clients {
        clients.spawn(client(Arc::clone(&load), sender.clone(), stopping.clone()));
    }
    drop(sender);
    let (mut tally, mut ended) = (Tally::default(), Ended::Complete);
    loop {
        tokio::select! {
            client = clients.join_next() => match client {
                Some(client) => tally.merge(client??),
                None => break,
            },
            () = signals.next() => match ended {
                Ended::Complete => {
                    ended = Ended::Stopped;
                    stop.send_replace(true);
                    load.progress.suspend(|| note(STOPPING));
                }
                Ended::Stopped => {
                    let message = "interrupted a second time: the commands under way are cut off, and there is no report";
                    return Err(Interrupted(message.to_owned()).into());
                }
            },
        }
    }
    let elapsed = started.elapsed();
    load.progress.finish_and_clear();
    let lag = sampler.await??;
    print(&report::report(&tally, &lag, elapsed, &ended)?);
    if ended == Ended::Stopped {
        return Err(Interrupted("stopped before the end: the report has what was done".to_owned()).into());
    }
    let errors: u64 = tally.errors.values().sum();
    anyhow::ensure!(errors == 0, "{errors} requests failed, listed above");
    Ok(())
}

fn progress_bar(orders: Option<u64>) -> anyhow::Result<ProgressBar> {
    let (bar, template) = match orders {
        Some(orders) => (ProgressBar::new(orders), "{bar:20} {pos}/{len} orders  {per_sec}  {eta} left  {wide_msg}"),
        None => (ProgressBar::no_length(), "{spinner} {pos} orders  {per_sec}  {elapsed}  {wide_msg}"),
    };
    Ok(bar.with_style(ProgressStyle::with_template(template).context("progress bar")?))
}

/// Sends one life after another until the number is reached, the time is over, or the load is stopped.
async fn client(
    load: Arc<Load>,
    acknowledged: mpsc::Sender<Acknowledged>,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    loop {
        let number = load.next.fetch_add(1, Ordering::Relaxed);
        if number >= load.orders || load.time_is_up() || *stopping.borrow() {
            return Ok(tally);
        }
        load.see_through(number, &mut tally, &acknowledged, &mut stopping).await?;
        load.progress.inc(1);
    }
}

impl Load {
    fn time_is_up(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    async fn see_through(
        &self,
        number: u64,
        tally: &mut Tally,
        acknowledged: &mpsc::Sender<Acknowledged>,
        stopping: &mut watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let life = plan::life(self.seed, number);
        let mut order_id = None;
        for (index, step) in life.steps.iter().enumerate() {
            let due = tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return Ok(()),
                due = self.pace.next() => due,
            };
            if self.time_is_up() {
                return Ok(());
            }
            let key = format!("load-{}-{number}-{index}", self.run);
            let reply = self.send(order_id.as_deref(), step, &key).await;
            let at = Instant::now();
            match reply.and_then(|reply| identified(&reply)) {
                Ok((id, version)) => {
                    tally.accepted(step.kind, at - due)?;
                    // A busy sampler skips this command.
                    let customer_id = life.customer_id.clone();
                    let _busy = acknowledged.try_send(Acknowledged { customer_id, order_id: id.clone(), version, at });
                    order_id = Some(id);
                }
                Err(error) => {
                    // The next steps of this life depend on this one.
                    tally.refused(&error);
                    self.progress.set_message(error.to_string());
                    return Ok(());
                }
            }
        }
        tally.orders += 1;
        Ok(())
    }

    async fn send(&self, order_id: Option<&str>, step: &Step, key: &str) -> Result<Value, ApiError> {
        let order = order_id.map(|id| format!("/{}", encoded(id))).unwrap_or_default();
        self.api.post(&format!("/orders{order}{}", step.path), step.body.as_ref(), key).await
    }
}

fn identified(reply: &Value) -> Result<(String, u64), ApiError> {
    let id = reply.get("orderId").and_then(Value::as_str).map(str::to_owned);
    let version = reply.get("version").and_then(Value::as_u64);
    id.zip(version)
        .ok_or_else(|| ApiError::Broken { api: "the API".to_owned(), message: "no orderId or version".to_owned() })
}
