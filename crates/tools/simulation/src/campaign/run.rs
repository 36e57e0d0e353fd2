//! One history: the order in which clients, consumers and the operator work.

use std::collections::BTreeMap;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fastrand::Rng;

use crate::campaign::consumers::{Consumers, RunningConsumers};
use crate::campaign::harness::Harness;
use crate::campaign::run_error::{Cause, RunError};
use crate::campaign::traffic::{Clients, draw_commands, late_retries};
use crate::check::check;
use crate::check::findings::Findings;
use crate::check::history::History;
use crate::faults::bus::Bus;
use crate::faults::fault::Fault;
use crate::faults::network::Network;
use crate::workload::client::Client;
use crate::workload::command::{Command, Exchange};
use crate::workload::draft::Drafts;
use crate::workload::past;
use crate::workload::plan::Plan;
use crate::workload::pricing::QuoteKey;
use crate::workload::shape::{Beginning, Shape, late_dice};
use crate::world::clock;
use crate::world::journal::Waiting;
use crate::world::models;
use crate::world::operator::Operator;
use crate::world::release::Release;
use crate::world::unexpected_errors::panic_message;

impl History {
    /// Runs the history of a plan over a release. The same plan gives the same history, on every thread.
    ///
    /// # Errors
    /// When the harness fails.
    pub fn run(plan: &Plan, release: &dyn Release) -> Result<Self, RunError> {
        let failed = |cause| RunError { plan: Box::new(plan.clone()), cause };
        for fault in &plan.without {
            if let Some(advice) = fault.consequence_of() {
                return Err(failed(Cause::NotByItself(*fault, advice)));
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let history = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(plan, release)));
        history.map_err(|error| failed(Cause::Failed(error)))
    }
}

/// Runs a history and checks it. A panic of either is a [`RunError`] that names the plan.
pub(super) fn run_and_check(plan: &Plan, release: &dyn Release) -> Result<(History, Findings), RunError> {
    let attempt = || {
        let history = History::run(plan, release)?;
        let findings = check(&history);
        Ok((history, findings))
    };
    catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|panic| {
        Err(RunError { plan: Box::new(plan.clone()), cause: Cause::Panicked(panic_message(&*panic)) })
    })
}

async fn run(plan: &Plan, release: &dyn Release) -> Result<History, Box<dyn Error + Send + Sync>> {
    // The SDK, the event store and the publisher draw their backoffs from the thread's own generator.
    fastrand::seed(plan.seed);
    clock::reset();
    let mut random = Rng::with_seed(plan.seed);
    let shape = Shape::drawn(plan, &mut random);
    let harness = Harness::start(plan, shape, release, &mut random).await?;
    let mut exchanges = Vec::new();
    if let (Beginning::Full, Some(order)) = (shape.beginning, harness.orders.first()) {
        exchanges = past::full(harness.calm(), order, &harness.pricing).await?;
    }
    let network = harness.network(random.u64(..), true);
    let bus = Bus::new(random.u64(..), shape.rates, shape.refused_percent, harness.faults.clone());
    let consumers = RunningConsumers::start(&harness, &bus, &mut random);

    let mut drafts = Drafts::default();
    let commands = draw_commands(&harness, &mut drafts, &mut random);
    let mut client = harness.client(&network, &mut random)?;
    if let (Beginning::Long, Some(order)) = (shape.beginning, harness.orders.first()) {
        exchanges = past::long(&mut client, order).await;
    }
    let clients = Clients::start(plan, &harness, &client, &commands, &mut random);
    let (traffic, called_lost) = tokio::join!(clients.finish(), harness.verify_lagging(late_dice(plan).fork()));
    let (sent, mut inquiries) = traffic?;
    exchanges.extend(sent);
    if harness.faults.may(Fault::LateRetry) {
        clock::next_day();
        (client.instances, client.is_late) = (harness.instances(&network, &[QuoteKey::Second])?, true);
        exchanges.extend(late_retries(&mut client, &exchanges, &harness.faults).await);
    }
    let mut consumers = consumers.drain().await?;

    let operator = harness.operator(&bus);
    let (parked, deferred) = (operator.parked().await, operator.deferred().await);
    let (drained, mut reader) = (harness.drained(&consumers), harness.calm_reader(&mut random));
    inquiries.extend(harness.inquiries(&mut reader).await);
    inquiries.extend(harness.time_travel(&mut reader).await);

    let (exhausted, lost) = (consumers.orders_exhausted(), consumers.orders_lost());
    let (redriven, repaired) = recover(&harness, &operator, &consumers, &bus).await;
    let replaced = harness.replace_snapshot(late_dice(plan).fork()).await;
    calm_down(&harness, &network, &mut client);
    let last_quotes = send_quotes(&harness, &mut client).await;
    let last_words = send_last(&harness, &mut client, &mut drafts, &mut random).await;
    consumers.settle(&shape).await;
    operator.redrive().await;
    let left_parked = operator.parked().await;
    let unaddressable = consumers.unaddressable(&operator).await;
    inquiries.extend(harness.inquiries(&mut reader).await);
    let (recorded, totals) = (harness.recorded().await, harness.totals().await);
    exchanges.extend(last_quotes.iter().chain(&last_words).cloned());
    Ok(History {
        shape,
        exchanges,
        last_words,
        last_quotes,
        recorded,
        inquiries,
        kept: harness.journal.kept(),
        published: bus.taken(),
        foreign: harness.tampering.foreign(),
        exhausted,
        parked,
        deferred,
        deferring: models::deferring(&harness.calm()),
        redriven,
        repaired,
        called_lost,
        replaced,
        left_parked,
        drained,
        totals,
        open_orders: harness.open_orders().await,
        lost,
        unaddressable,
        unexpected_errors: harness.errors.all(),
        faults: harness.faults.counts(),
        fired: network.fired(),
    })
}

/// The versions of the rows after a repair, and of each order's newest commit.
type Repaired = (Waiting, BTreeMap<String, u64>);

/// Ends the faults, deploys the release that reads every commit, redrives parked orders, and repairs the rows where the
/// shape says so. Returns the versions of the rows after the redrive and after the repair.
async fn recover(
    harness: &Harness<'_>,
    operator: &Operator<'_>,
    consumers: &Consumers,
    bus: &Bus,
) -> (Waiting, Option<Repaired>) {
    bus.calm();
    consumers.calm();
    harness.tampering.deploy();
    operator.redrive().await;
    let redriven = harness.journal.rows();
    let mut repaired = None;
    if harness.shape.is_repaired {
        operator.repair(&harness.calm(), harness.shape.is_deployed).await;
        repaired = Some((harness.journal.rows(), consumers.newest()));
    }
    (redriven, repaired)
}

/// Ends the faults of the clients, and makes every snapshot unusable.
fn calm_down(harness: &Harness<'_>, network: &Network, client: &mut Client) {
    network.calm();
    client.kills.percent = 0;
    if harness.faults.may(Fault::UnusableSnapshot) {
        harness.tampering.spoil_snapshots(harness.dynamo.database());
    }
}

/// Sends every quote once more.
async fn send_quotes(harness: &Harness<'_>, client: &mut Client) -> Vec<Exchange> {
    let quotes = harness.orders.iter().map(|order| Command::place(order, 5, &harness.pricing));
    client.send_all(quotes.filter(|command| command.quote.is_some())).await
}

/// Sends one last command for each order.
async fn send_last(harness: &Harness<'_>, client: &mut Client, drafts: &mut Drafts, random: &mut Rng) -> Vec<Exchange> {
    let last = (0..).zip(harness.orders.iter());
    let last = last.map(|(number, order)| drafts.command(order, &format!("last-{number}"), random));
    client.send_all(last).await
}
