//! Telling a history: the surroundings, the clients, the consumers, and the order in which it all ends.
//!
//! - `scene`: who is there
//! - `books`: what is asked and read when nobody is at work

use std::collections::BTreeSet;
use std::sync::Arc;

use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use fastrand::Rng;
use sam_template::Template;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use crate::campaign::books::newest;
use crate::campaign::run_error::{Cause, Untold};
use crate::campaign::scene::Scene;
use crate::check::history::History;
use crate::faults::bus::Bus;
use crate::faults::fault::{Fault, Faults};
use crate::faults::mapping::Mapping;
use crate::faults::rebuild::rebuild;
use crate::faults::stray::StrayRecords;
use crate::faults::tampering::{Tamper, Tampering};
use crate::workload::client::Client;
use crate::workload::command::Command;
use crate::workload::draft::Drafts;
use crate::workload::exchange::{Exchange, Told};
use crate::workload::inquiry::Inquiry;
use crate::workload::known::Known;
use crate::workload::new_order::NewOrder;
use crate::workload::plan::Plan;
use crate::workload::pricing::{Pricing, QuoteKey};
use crate::workload::shape::{Beginning, Shape, late_dice};
use crate::world::clock;
use crate::world::journal::Journal;
use crate::world::release::Release;
use crate::world::sdk_config;
use crate::world::unexpected_errors::{Mishaps, said};

/// Commands that are sent again a day later.
const LATE_RETRIES: usize = 3;
/// Commands that are sent again a day later under another key.
const LATE_REPEATS: usize = 2;
/// Quotes that are sent again a day later, under whatever key.
const LATE_QUOTES: usize = 3;

/// Tells the history of a plan, over a release. Same plan, same history, on whatever thread.
///
/// # Errors
/// When the surroundings fail.
pub fn tell(plan: &Plan, release: &dyn Release) -> Result<History, Untold> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let history = runtime.map_err(Cause::from).and_then(|runtime| runtime.block_on(told(plan, release)));
    history.map_err(|cause| Untold { plan: Box::new(plan.clone()), cause })
}

async fn told(plan: &Plan, release: &dyn Release) -> Result<History, Cause> {
    if let Some(fault) = plan.without.iter().find(|fault| fault.consequence_of().is_some()) {
        return Err(Cause::NotByItself(*fault, fault.consequence_of().unwrap_or_default()));
    }
    // The SDK, the event store and the publisher draw their pauses from the thread's own dice.
    fastrand::seed(plan.seed);
    clock::reset();
    let mut random = Rng::with_seed(plan.seed);
    let shape = Shape::drawn(plan, &mut random);
    let dynamo = EmbeddedDynamoDb::in_memory(ANY_PORT).await?;
    dynamo.create_tables(&Template::of_this_project()?)?;
    let faults = Faults::without(plan.without.clone());
    if shape.is_busy {
        faults.struck(Fault::BusyCustomer);
    }
    let pricing = Arc::new(Pricing::new()?);
    // An order with a past is placed at the shop's prices: its past is told, or appended, at once.
    let is_priced = |number| number == 0 && shape.beginning != Beginning::Fresh;
    let orders = (0..shape.orders).map(|number| NewOrder::drawn(number, is_priced(number), shape.is_busy, &mut random));
    let orders: Arc<[NewOrder]> = orders.collect();
    let tamper = Tamper {
        foreign_percent: shape.foreign_percent,
        poison: shape.poison,
        snapshot_percent: shape.snapshot_percent,
        large: orders.first().filter(|_| shape.has_large_order).map(|order| order.id.clone()),
    };
    let tampering = Tampering::new(random.fork(), faults.clone(), tamper);
    let journal = Journal::new(dynamo.database().clone());
    let (mishaps, known) = (Mishaps::default(), Known::default());
    let (hold, held) = watch::channel(false);
    let scene = Scene { release, dynamo, shape, faults, tampering, journal, mishaps, orders, known, pricing, held };

    let mut past = match (shape.beginning, scene.orders.first()) {
        (Beginning::Full, Some(order)) => crate::workload::past::full(scene.calm(), order, &scene.pricing).await?,
        (Beginning::Fresh | Beginning::Long | Beginning::Full, _) => Vec::new(),
    };
    let network = scene.network(random.u64(..), true);
    let bus = Bus::new(random.u64(..), shape.rates, shape.refused_percent, scene.faults.clone());
    let (projectors, publisher) = (scene.projectors(&mut random), scene.publisher(&bus, &mut random));
    let (ended, over) = watch::channel(false);
    let projecting: Vec<_> =
        projectors.into_iter().map(|projector| tokio::spawn(projector.run(over.clone()))).collect();
    let publishing = tokio::spawn(publisher.run(over.clone()));
    let rebuilding = shape.is_rebuilt.then(|| {
        let client = scene.network(random.u64(..), false).client(sdk_config::dynamodb(&scene.dynamo));
        let (random, faults, mishaps) = (random.fork(), scene.faults.clone(), scene.mishaps.clone());
        tokio::spawn(async move { mishaps.outlive("a rebuild", rebuild(client, random, faults, over)).await })
    });

    let mut drafts = Drafts::default();
    let commands: Vec<(u8, Command)> =
        (0..shape.commands).map(|it| (it, command(it, &scene, &mut drafts, &mut random))).collect();
    let is_sent = |number: u8| plan.commands.as_ref().is_none_or(|numbers| numbers.0.contains(&number));
    let mut client = scene.client(&network, &mut random)?;
    if let (Beginning::Long, Some(order)) = (shape.beginning, scene.orders.first()) {
        past = crate::workload::past::long(&mut client, order).await;
    }
    let mut clients = JoinSet::new();
    for number in 0..shape.clients {
        let own = commands.iter().filter(|(it, _)| it % shape.clients == number && is_sent(*it));
        let own = own.map(|(_, command)| command.clone()).collect();
        let client = Client { name: format!("client-{number}"), random: random.fork(), ..client.clone() };
        let reader = scene.reader(scene.network(random.u64(..), true), &mut random);
        clients.spawn(async move { (number, client.work(own, reader).await) });
    }
    let mut told = Vec::new();
    let working = async {
        while let Some(one) = clients.join_next().await {
            told.push(one.map_err(harness)?);
        }
        Ok::<_, Cause>(())
    };
    let (worked, called_lost) = tokio::join!(working, scene.verified(&hold, late_dice(plan).fork()));
    worked?;
    told.sort_by_key(|(number, _)| *number);
    let (exchanges, inquiries): (Vec<_>, Vec<_>) = told.into_iter().map(|(_, theirs)| theirs).unzip();
    let mut exchanges: Vec<Exchange> = past.into_iter().chain(exchanges.into_iter().flatten()).collect();
    let mut inquiries: Vec<Inquiry> = inquiries.into_iter().flatten().collect();
    if scene.faults.may(Fault::LateRetry) {
        clock::next_day();
        (client.instances, client.is_late) = (scene.instances(&network, &[QuoteKey::Second])?, true);
        exchanges.extend(late_retries(&mut client, &exchanges, &scene.faults).await);
    }
    ended.send_replace(true);
    if let Some(rebuilding) = rebuilding {
        rebuilding.await.map_err(harness)?;
    }
    let mut projectors = Vec::new();
    for running in projecting {
        projectors.push(running.await.map_err(harness)?);
    }
    let mut publisher = publishing.await.map_err(harness)?;

    let operator = scene.operator(&bus);
    let (parked, deferred) = (operator.parked().await, operator.deferred().await);
    let drained = scene.drained(&projectors);
    // Nothing strikes those who ask from now on.
    let mut reader = scene.reader(scene.calm_network(), &mut random);
    reader.kills.percent = 0;
    inquiries.extend(scene.inquiries(&mut reader).await);
    inquiries.extend(scene.time_travel(&mut reader).await);

    // All is well again, and the newer release is everywhere.
    let given_up: BTreeSet<String> = publisher.orders_given_up().collect();
    let lost = projectors.iter().flat_map(|it| it.lost.iter().cloned().chain(it.orders_given_up())).collect();
    bus.calm();
    let consumers = projectors.iter().chain([&publisher]).flat_map(|consumer| &consumer.deployed);
    consumers.for_each(|deployed| deployed.network.calm());
    scene.tampering.deploy();
    operator.redrive().await;
    let redriven = scene.journal.rows();
    let mut repaired = None;
    if shape.is_repaired {
        operator.repair(release, &scene.calm(), shape.is_deployed).await;
        repaired = Some((scene.journal.rows(), newest(&projectors)));
    }
    let replaced = scene.replaced(late_dice(plan).fork()).await;
    network.calm();
    client.kills.percent = 0;
    if scene.faults.may(Fault::UnusableSnapshot) {
        scene.tampering.spoil_snapshots(scene.dynamo.database());
    }
    let quotes = scene.orders.iter().map(|order| Command::place(order, 5, &scene.pricing));
    let mut last_quotes = Vec::new();
    for command in quotes.filter(|command| command.quote.is_some()).collect::<Vec<_>>() {
        last_quotes.push(client.send(command).await);
    }
    let last = (0..).zip(scene.orders.iter());
    let last = last.map(|(number, order)| drafts.command(order, &format!("last-{number}"), &mut random));
    let mut last_words = Vec::new();
    for command in last.collect::<Vec<_>>() {
        last_words.push(client.send(command).await);
    }
    // Where the summaries are the newer release's, this one does not redrive them: their notes go with the order's next event.
    for projector in &mut projectors {
        projector.settle(shape.is_repaired && !shape.is_deployed).await;
    }
    publisher.settle(false).await;
    operator.redrive().await;
    let left_parked = operator.parked().await;
    let consumers = || projectors.iter().chain([&publisher]);
    let delivered =
        |it: &Mapping| it.strays.delivered.iter().map(|name| (name.clone(), it.strays.function)).collect::<Vec<_>>();
    let strays = StrayRecords {
        delivered: consumers().flat_map(delivered).collect(),
        left: consumers().flat_map(Mapping::strays_given_up).collect(),
        notes: operator.unaddressable().await,
    };
    inquiries.extend(scene.inquiries(&mut reader).await);
    let recorded = scene.recorded().await;
    let totals = scene.totals().await;
    Ok(History {
        shape,
        exchanges: exchanges.into_iter().chain(last_quotes.clone()).chain(last_words.clone()).collect(),
        last_words,
        last_quotes,
        recorded,
        inquiries,
        kept: scene.journal.kept(),
        published: bus.taken(),
        foreign: scene.tampering.foreign(),
        given_up,
        parked,
        deferred,
        redriven,
        repaired,
        called_lost,
        replaced,
        left_parked,
        drained,
        totals,
        lost,
        strays,
        mishaps: scene.mishaps.all(),
        faults: scene.faults.counts(),
        fired: network.fired(),
    })
}

/// A part of the harness has panicked: what is under test is outlived.
fn harness(error: JoinError) -> Cause {
    Cause::Panicked(error.try_into_panic().map_or_else(|error| error.to_string(), |panic| said(&*panic)))
}

/// Sends some of the accepted commands once more, to instances that have never heard of them.
async fn late_retries(client: &mut Client, exchanges: &[Exchange], faults: &Faults) -> Vec<Exchange> {
    let accepted = exchanges.iter().filter(|it| matches!(it.told, Told::Accepted { status: 201, .. }));
    let mut commands: Vec<Command> = accepted.map(|it| it.command.clone()).collect();
    client.random.shuffle(&mut commands);
    let mut late = Vec::new();
    for command in commands.into_iter().take(LATE_RETRIES) {
        faults.struck(Fault::LateRetry);
        late.push(client.send(command).await);
    }
    for _ in 0..LATE_REPEATS {
        if let Some(command) = client.under_another_key(exchanges) {
            late.push(client.send(command).await);
        }
    }
    let quotes: Vec<&Exchange> = exchanges.iter().filter(|it| it.command.quote.is_some()).collect();
    for _ in 0..LATE_QUOTES {
        let Some(quote) = client.random.choice(&quotes).map(|it| it.command.clone()) else { break };
        let is_other = client.random.u8(0..4) == 0;
        let again = if is_other {
            Some(quote.with_another_body(&client.pricing))
        } else {
            quote.quoted_again(&mut client.random)
        };
        if let Some(again) = again {
            late.push(client.send(again).await);
        }
    }
    late
}

/// The `number`th command: the first ones place orders; some of those are sent by several clients at once, and some with a
/// key that another body has.
fn command(number: u8, scene: &Scene<'_>, drafts: &mut Drafts, random: &mut Rng) -> Command {
    let orders = &scene.orders;
    let any = &orders[random.usize(0..orders.len())];
    let first = orders.get(usize::from(number));
    if first.is_some() || random.u8(0..12) == 0 {
        let quantity = if first.is_some() || random.u8(0..3) > 0 { 5 } else { 6 };
        return Command::place(first.unwrap_or(any), quantity, &scene.pricing);
    }
    drafts.command(any, &format!("command-{number}"), random)
}
