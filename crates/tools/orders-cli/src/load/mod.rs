//! `orders load`: sends many orders at once, and reports latencies and errors.
//!
//! - `plan`, `catalogue`: the requests, generated from a seed
//! - `tally`, `lag`: the measurements
//! - `report`: the report at the end

mod catalogue;
mod lag;
mod plan;
mod report;
mod tally;

use std::future::ready;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, interval};
use uuid::Uuid;

use crate::api::{Api, ApiArguments, ApiError, encoded};
use crate::progress::Bar;
use crate::stop::{Ended, Interrupted, until_stopped};
use crate::text::print;
use lag::Acknowledged;
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
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..=1_000_000_000))]
    rate: Option<u32>,
    /// Clients that work at the same time; each completes one order before it starts the next
    #[arg(long, value_name = "C", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    clients: u16,
    /// The seed of the orders; the same seed sends the same orders
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    api: ApiArguments,
}

/// The state that the clients share.
struct Load {
    api: Api,
    seed: u64,
    /// A part of every `Idempotency-Key`, so that a second run with the same seed places new orders.
    run: Uuid,
    /// The times at which commands are due; `None` if the rate is unlimited.
    pace: Option<tokio::sync::Mutex<Interval>>,
    until: Option<Instant>,
    stopping: watch::Receiver<bool>,
    acknowledged: mpsc::Sender<Acknowledged>,
    tally: Mutex<Tally>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let api = Api::new(&arguments.api)?;
    // If the API is unreachable, one line reports it, and nothing is counted.
    api.get("/openapi.json", &[]).await?;

    let (stop, stopping) = watch::channel(false);
    let (acknowledged, receiver) = mpsc::channel(1);
    let sampler = tokio::spawn(lag::sample(api.clone(), receiver, stopping.clone()));
    let duration = arguments.seconds.map(Duration::from_secs);
    let orders = if duration.is_some() { u64::MAX } else { arguments.orders };
    let bar = Bar::new("orders", duration.is_none().then_some(orders), 0)?;
    let load = Arc::new(Load {
        api,
        seed: arguments.seed,
        run: Uuid::new_v4(),
        pace: arguments.rate.map(|rate| interval(Duration::from_secs(1) / rate).into()),
        until: duration.and_then(|duration| Instant::now().checked_add(duration)),
        stopping,
        acknowledged,
        tally: Mutex::new(Tally::new()?),
    });
    let ended = until_stopped(&bar, "commands", async |stop_requested| {
        load.send_all(orders, arguments.clients, &bar, stop_requested, &stop).await
    })
    .await?;
    let elapsed = bar.elapsed();
    bar.clear();
    // The sampler ends when no client is left.
    let Load { tally, .. } = Arc::into_inner(load).context("a client has not ended")?;
    let (tally, lag) = (tally.into_inner().unwrap_or_else(PoisonError::into_inner), sampler.await??);
    print(&report::report(&tally, &lag, elapsed, ended));
    if ended == Ended::Stopped {
        return Err(Interrupted("stopped before the end: the report covers the finished commands".to_owned()).into());
    }
    let errors: u64 = tally.errors.values().sum();
    anyhow::ensure!(errors == 0, "{errors} requests failed, listed above");
    Ok(())
}

impl Load {
    /// Sends one life after another in each client, until the number is reached, the time is over, or a signal arrives.
    async fn send_all(
        self: &Arc<Self>,
        orders: u64,
        clients: u16,
        bar: &Bar,
        mut stop_requested: BoxFuture<'static, ()>,
        stop: &watch::Sender<bool>,
    ) -> anyhow::Result<Ended> {
        let numbers = stream::iter(0..orders).take_while(|_| ready(!self.time_is_up() && !*self.stopping.borrow()));
        let lives = numbers.map(|number| tokio::spawn(Arc::clone(self).send_life(number)));
        let mut lives = pin!(lives.buffer_unordered(clients.into()));
        let (mut ended, mut done, mut last_error) = (Ended::Complete, 0, String::new());
        loop {
            tokio::select! {
                life = lives.next() => {
                    let Some(life) = life else { return Ok(ended) };
                    if let Some(error) = life?? {
                        last_error = error.to_string();
                    }
                    done += 1;
                    bar.show(done, &last_error);
                }
                () = &mut stop_requested, if ended == Ended::Complete => {
                    ended = Ended::Stopped;
                    stop.send_replace(true);
                }
            }
        }
    }

    fn time_is_up(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the next command is due, and returns its due time. Commands that are late follow without delay.
    ///
    /// Latencies are measured from this time and not from the sending. A server that stalls also delays the commands that
    /// become due meanwhile, and a report without that delay would be too favourable (coordinated omission).
    async fn due(&self) -> Instant {
        match &self.pace {
            Some(pace) => pace.lock().await.tick().await.into(),
            None => Instant::now(),
        }
    }

    /// Sends the commands of a life. Returns the error that prevents its later commands.
    async fn send_life(self: Arc<Self>, number: u64) -> anyhow::Result<Option<ApiError>> {
        let life = plan::life(self.seed, number);
        let (mut order_id, mut stopping) = (None, self.stopping.clone());
        for (index, step) in life.steps.iter().enumerate() {
            let due = tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return Ok(None),
                due = self.due() => due,
            };
            if self.time_is_up() {
                return Ok(None);
            }
            let key = format!("load-{}-{number}-{index}", self.run);
            let reply = self.send(order_id.as_deref(), step, &key).await;
            let at = Instant::now();
            match reply.and_then(|reply| identified(&reply)) {
                Ok((id, version)) => {
                    self.tally().accepted(step.kind, at - due)?;
                    // A busy sampler skips this command.
                    let customer_id = life.customer_id.clone();
                    let command = Acknowledged { customer_id, order_id: id.clone(), version, at };
                    let _busy = self.acknowledged.try_send(command);
                    order_id = Some(id);
                }
                Err(error) => {
                    self.tally().failed(&error);
                    return Ok(Some(error));
                }
            }
        }
        self.tally().orders += 1;
        Ok(None)
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
