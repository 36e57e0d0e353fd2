//! Telling a history: the surroundings, the clients, the consumers, and the order in which it all ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use command_handler::order_id::new_order_id;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use event_store::{DynamoEventStore, EventStore, UpTo};
use fastrand::Rng;
use order_store::{OrderCommit, Orders};
use parked_orders::{Consumer, ParkedOrders};
use read_model::{DynamoTotals, Totals};
use sam_template::Template;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use crate::bus::Bus;
use crate::check::Invariant;
use crate::client::{Client, Exchange, Told, UnderWay};
use crate::clock;
use crate::command::{CUSTOMER, Command};
use crate::configs;
use crate::fault::{Fault, Faults};
use crate::history::{Cause, History, Then, Travel, Untold};
use crate::kill::Kills;
use crate::mapping::{Deployed, Disturbances, Mapping};
use crate::mishaps::{Mishaps, said};
use crate::network::Network;
use crate::operator::Operator;
use crate::plan::{Plan, Shape};
use crate::rebuild::rebuild;
use crate::release::{PARKED, Release, TOTALS};
use crate::rolling::NextProjector;
use crate::rows::Watch;
use crate::strike::Rates;
use crate::tampering::{EVENTS, Tamper, Tampering};

/// The caller whom the functions see where nobody is authenticated.
const CALLER: &str = "anonymous";
/// Instances of the command handler.
const INSTANCES: u8 = 3;
/// Commands that are sent again a day later.
const LATE_RETRIES: usize = 3;

/// Tells the history of a plan, over a release. Same plan, same history, on whatever thread.
///
/// # Errors
/// When the surroundings fail.
pub fn tell(plan: &Plan, release: &dyn Release) -> Result<History, Untold> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let history = runtime.map_err(Cause::from).and_then(|runtime| runtime.block_on(told(plan, release)));
    history.map_err(|cause| Untold { plan: Box::new(plan.clone()), cause })
}

/// What everything in a history shares.
struct Scene<'a> {
    release: &'a dyn Release,
    dynamo: EmbeddedDynamoDb,
    shape: Shape,
    faults: Faults,
    tampering: Tampering,
    mishaps: Mishaps,
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
    let orders: Vec<String> = (0..shape.orders).map(|order| new_order_id(CALLER, Some(&first_key(order)))).collect();
    let tamper = Tamper {
        foreign_percent: shape.foreign_percent,
        snapshot_percent: shape.snapshot_percent,
        large: orders.first().filter(|_| shape.has_large_order).cloned(),
    };
    let tampering = Tampering::new(random.fork(), faults.clone(), tamper);
    let scene = Scene { release, dynamo, shape, faults, tampering, mishaps: Mishaps::default() };

    let network = scene.network(random.u64(..), true);
    let bus = Bus::new(random.u64(..), shape.rates, shape.refused_percent, scene.faults.clone());
    let (projector, publisher) = (scene.projector(&mut random), scene.publisher(&bus, &mut random));
    let (ended, over) = watch::channel(false);
    let consumers = (tokio::spawn(projector.run(over.clone())), tokio::spawn(publisher.run(over.clone())));
    let rebuilding = shape.is_rebuilt.then(|| {
        let client = scene.network(random.u64(..), false).client(configs::dynamodb(&scene.dynamo));
        let (random, faults, mishaps) = (random.fork(), scene.faults.clone(), scene.mishaps.clone());
        tokio::spawn(async move { mishaps.outlive("a rebuild", rebuild(client, random, faults, over)).await })
    });

    let commands: Vec<(u8, Command)> = (0..shape.commands).map(|it| (it, command(it, &orders, &mut random))).collect();
    let is_sent = |number: u8| plan.commands.as_ref().is_none_or(|numbers| numbers.0.contains(&number));
    let mut client = scene.client(&network, &mut random);
    let mut clients = JoinSet::new();
    for number in 0..shape.clients {
        let own = commands.iter().filter(|(it, _)| it % shape.clients == number && is_sent(*it));
        let own = own.map(|(_, command)| command.clone()).collect();
        let client = Client { name: format!("client-{number}"), random: random.fork(), ..client.clone() };
        clients.spawn(async move { (number, client.work(own).await) });
    }
    let mut told = Vec::new();
    while let Some(one) = clients.join_next().await {
        told.push(one.map_err(harness)?);
    }
    told.sort_by_key(|(number, _)| *number);
    let mut exchanges: Vec<Exchange> = told.into_iter().flat_map(|(_, theirs)| theirs).collect();
    if scene.faults.may(Fault::LateRetry) {
        clock::next_day();
        client.instances = scene.instances(&network);
        exchanges.extend(late_retries(&mut client, &exchanges, &scene.faults).await);
    }
    ended.send_replace(true);
    if let Some(rebuilding) = rebuilding {
        rebuilding.await.map_err(harness)?;
    }
    let mut projector = consumers.0.await.map_err(harness)?;
    let mut publisher = consumers.1.await.map_err(harness)?;

    let operator = scene.operator(&bus);
    let parked = operator.parked().await;
    let drained = projector.drained();

    // All is well again, and the newer release is everywhere.
    let given_up: BTreeSet<String> = publisher.orders_given_up().collect();
    let lost = projector.lost.iter().cloned().chain(projector.orders_given_up()).collect();
    bus.calm();
    projector.deployed.iter().chain(&publisher.deployed).for_each(|deployed| deployed.network.calm());
    scene.tampering.deploy();
    operator.redrive().await;
    let redriven = projector.rows();
    let travels = scene.travels(&scene.recorded(orders.clone()).await).await;
    network.calm();
    client.kills.percent = 0;
    if scene.faults.may(Fault::UnusableSnapshot) {
        scene.tampering.spoil_snapshots(scene.dynamo.database());
    }
    let last = (0..).zip(&orders).map(|(number, order)| Command::random(order, format!("last-{number}"), &mut random));
    let mut last_words = Vec::new();
    for command in last.collect::<Vec<_>>() {
        last_words.push(client.send(command).await);
    }
    projector.settle().await;
    publisher.settle().await;
    operator.redrive().await;
    let left_parked = operator.parked().await;
    let recorded = scene.recorded(orders).await;
    let totals = DynamoTotals::new(scene.calm(), TOTALS).of(CUSTOMER).await;
    Ok(History {
        shape,
        exchanges: exchanges.into_iter().chain(last_words.clone()).collect(),
        last_words,
        recorded,
        travels,
        seen: projector.watch.map(|watch| watch.seen).unwrap_or_default(),
        published: bus.taken(),
        foreign: scene.tampering.foreign(),
        given_up,
        parked,
        redriven,
        left_parked,
        drained,
        totals: scene.mishaps.good(Invariant::Readable, "of every kind", totals).unwrap_or_default(),
        lost,
        mishaps: scene.mishaps.all(),
        faults: scene.faults.counts(),
        fired: network.fired(),
    })
}

impl Scene<'_> {
    fn network(&self, seed: u64, knows_all: bool) -> Network {
        let network = Network::new(self.dynamo.database().clone(), seed, self.shape.rates);
        network.with_faults(self.faults.clone()).with_tampering(self.tampering.clone(), knows_all)
    }

    fn kills(&self, percent: u8, latest_ms: u64) -> Kills {
        Kills { percent, latest_ms, faults: self.faults.clone() }
    }

    fn instances(&self, network: &Network) -> Arc<[crate::release::Instance]> {
        let instance = |_| self.release.command_handler(network.client(configs::dynamodb(&self.dynamo)));
        (0..INSTANCES).map(instance).collect()
    }

    fn client(&self, network: &Network, random: &mut Rng) -> Client {
        Client {
            instances: self.instances(network),
            name: "late-client".to_owned(),
            random: random.fork(),
            kills: self.kills(self.shape.kills_percent, 120),
            faults: self.faults.clone(),
            under_way: UnderWay::default(),
            mishaps: self.mishaps.clone(),
        }
    }

    fn mapping(&self, deployed: Vec<Deployed>, disturbances: Disturbances, random: &mut Rng) -> Mapping {
        Mapping {
            database: self.dynamo.database().clone(),
            deployed,
            tampering: self.tampering.clone(),
            disturbances,
            kills: self.kills(self.shape.kills_percent * 2, 80),
            faults: self.faults.clone(),
            mishaps: self.mishaps.clone(),
            random: random.fork(),
            watch: None,
            given_up: Vec::new(),
            lost: BTreeSet::new(),
            records: Vec::new(),
            next: 0,
            newer_began: false,
        }
    }

    /// The projector; in a rolling deployment in two releases.
    fn projector(&self, random: &mut Rng) -> Mapping {
        let network = self.network(random.u64(..), false);
        let function = self.release.projector(network.client(configs::dynamodb(&self.dynamo)));
        // Where nothing else is deployed, the release that reads everything is this one, once it is mended.
        let is_newer = !self.shape.is_deployed;
        let mut deployed = vec![Deployed { function, network, is_newer, reads_all: false }];
        if self.shape.is_deployed {
            let network = self.network(random.u64(..), true);
            let function = NextProjector::new(network.client(configs::dynamodb(&self.dynamo)));
            deployed.push(Deployed { function: Box::new(function), network, is_newer: true, reads_all: true });
        }
        let disturbances = Disturbances { shuffles: true, losses: true };
        let watch = Some(Watch::new(self.dynamo.database().clone()));
        Mapping { watch, ..self.mapping(deployed, disturbances, random) }
    }

    /// The publisher. Its batches are shuffled only where no poison is: poison holds back what is known to come after it.
    fn publisher(&self, bus: &Bus, random: &mut Rng) -> Mapping {
        let network = self.network(random.u64(..), false);
        let client = network.client(configs::dynamodb(&self.dynamo));
        let function = self.release.publisher(bus.client(configs::eventbridge()), client);
        let disturbances = Disturbances { shuffles: self.shape.foreign_percent == 0, losses: false };
        let deployed = vec![Deployed { function, network, is_newer: true, reads_all: false }];
        self.mapping(deployed, disturbances, random)
    }

    /// Reads and writes on a network of its own, where nothing strikes.
    fn calm(&self) -> aws_sdk_dynamodb::Client {
        let calm = Network::new(self.dynamo.database().clone(), 0, Rates::default());
        calm.client(configs::dynamodb(&self.dynamo))
    }

    /// Somebody who mends.
    fn operator(&self, bus: &Bus) -> Operator {
        let client = self.calm();
        let parked = ParkedOrders::new(client.clone(), PARKED);
        let mut consumers = vec![Consumer::Publisher, Consumer::CustomerTotals];
        if !self.shape.is_deployed {
            consumers.push(Consumer::OrderSummaryByCustomer);
        }
        let redrive = self.release.redrive(bus.client(configs::eventbridge()), client);
        Operator { parked, redrive, consumers, mishaps: self.mishaps.clone() }
    }

    /// Reads each version back.
    async fn travels(&self, recorded: &[(String, Vec<OrderCommit>)]) -> Vec<Travel> {
        let store = DynamoEventStore::new(self.calm(), EVENTS);
        let mut travels = Vec::new();
        for (order, commits) in recorded {
            for commit in commits {
                let (version, time) = (UpTo::Version(commit.version), UpTo::Time(commit.recorded_at));
                let mut found = Vec::new();
                for up_to in [version, time] {
                    let loaded = EventStore::<Orders>::load(&store, order, up_to).await;
                    let loaded = self.mishaps.good(Invariant::Readable, order, loaded);
                    found.extend(loaded.map(|loaded| (loaded.version, loaded.state)));
                }
                if let Ok([by_version, by_time]) = <[Then; 2]>::try_from(found) {
                    travels.push(Travel { order: order.clone(), version: commit.version, by_version, by_time });
                }
            }
        }
        travels
    }

    /// Reads what is stored.
    async fn recorded(&self, orders: Vec<String>) -> Vec<(String, Vec<OrderCommit>)> {
        let store = DynamoEventStore::new(self.calm(), EVENTS);
        let mut recorded = Vec::new();
        for order in orders {
            let commits = EventStore::<Orders>::commits(&store, &order, 0, None).await;
            let commits = self.mishaps.good(Invariant::Readable, &order, commits).unwrap_or_default();
            recorded.push((order, commits));
        }
        recorded
    }
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
    late
}

/// The `number`th command: the first ones place orders; some of those are sent by several clients at once, and some with a
/// key that another body has.
fn command(number: u8, orders: &[String], random: &mut Rng) -> Command {
    let index = random.usize(0..orders.len());
    let order = orders.get(usize::from(number)).map_or(index, |_| usize::from(number));
    let is_first = usize::from(number) < orders.len();
    if is_first || random.u8(0..12) == 0 {
        let quantity = if is_first || random.u8(0..3) > 0 { 3 } else { 4 };
        let place = u8::try_from(order).unwrap_or_default();
        return Command::place(orders[order].clone(), first_key(place), quantity);
    }
    Command::random(&orders[index], format!("command-{number}"), random)
}

fn first_key(order: u8) -> String {
    format!("order-{order}")
}
