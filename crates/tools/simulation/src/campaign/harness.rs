//! The participants of a history, and the networks between them.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::{Arc, OnceLock};

use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use fastrand::Rng;
use http_api::quotes::BadQuoteKeys;
use parked_orders::{Consumer, ParkedOrderTable};
use sam_template::{Template, TemplateError};

use crate::faults::bus::Bus;
use crate::faults::fault::{Fault, Faults};
use crate::faults::hold::Hold;
use crate::faults::kill::Kills;
use crate::faults::lagging_replica::LaggingReplica;
use crate::faults::mapping::{Deployed, Disturbances, Mapping, Shard};
use crate::faults::network::Network;
use crate::faults::strike::Rates;
use crate::faults::tampering::{Poison, Tamper, Tampering};
use crate::faults::unaddressable::Injector;
use crate::workload::client::Client;
use crate::workload::in_flight::InFlight;
use crate::workload::known::Known;
use crate::workload::new_order::NewOrder;
use crate::workload::plan::Plan;
use crate::workload::pricing::{Pricing, QuoteKey};
use crate::workload::reader::Reader;
use crate::workload::shape::{Beginning, Shape};
use crate::world::function::Instance;
use crate::world::journal::Journal;
use crate::world::models;
use crate::world::names::{PARKED, PROJECTOR, PUBLISHER};
use crate::world::operator::Operator;
use crate::world::release::{self, Release};
use crate::world::sdk_config;
use crate::world::unexpected_errors::UnexpectedErrors;

/// Instances of the command handler.
const INSTANCES: u8 = 3;
/// Shards of the stream, each with its own projector.
const SHARDS: u8 = 2;

/// The state that the participants of a history share.
pub(super) struct Harness<'a> {
    pub(super) release: &'a dyn Release,
    pub(super) dynamo: EmbeddedDynamoDb,
    pub(super) shape: Shape,
    pub(super) faults: Faults,
    pub(super) tampering: Tampering,
    pub(super) journal: Journal,
    pub(super) replica: LaggingReplica,
    pub(super) errors: UnexpectedErrors,
    pub(super) orders: Arc<[NewOrder]>,
    /// The versions that clients know.
    pub(super) known: Known,
    pub(super) pricing: Arc<Pricing>,
    /// Stops the stream.
    pub(super) hold: Hold,
}

impl<'a> Harness<'a> {
    /// Starts the database, and draws the orders.
    pub(super) async fn start(
        plan: &Plan,
        shape: Shape,
        release: &'a dyn Release,
        random: &mut Rng,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let dynamo = EmbeddedDynamoDb::in_memory(ANY_PORT).await?;
        dynamo.create_tables(template()?)?;
        let faults = Faults::without(plan.without.clone());
        if shape.is_busy {
            faults.struck(Fault::BusyCustomer);
        }
        let pricing = Arc::new(Pricing::new()?);
        // The commands of an order's past carry prices, so a quote does not set them.
        let is_priced = |number| number == 0 && shape.beginning != Beginning::Fresh;
        let order = |number| NewOrder::drawn(number, is_priced(number), shape.is_busy, random);
        let orders: Arc<[NewOrder]> = (0..shape.orders).map(order).collect();
        let tamper = Tamper {
            foreign_percent: shape.foreign_percent,
            poison: shape.poison,
            snapshot_percent: shape.snapshot_percent,
            large: orders.first().filter(|_| shape.has_large_order).map(|order| order.id.clone()),
        };
        let tampering = Tampering::new(random.fork(), faults.clone(), tamper);
        let journal = Journal::new(dynamo.database().clone());
        Ok(Self {
            release,
            dynamo,
            shape,
            faults,
            tampering,
            journal,
            replica: LaggingReplica::default(),
            errors: UnexpectedErrors::default(),
            orders,
            known: Known::default(),
            pricing,
            hold: Hold::default(),
        })
    }
}

/// The template of this project, which a process reads once.
fn template() -> Result<&'static Template, TemplateError> {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    if let Some(template) = TEMPLATE.get() {
        return Ok(template);
    }
    let template = Template::of_this_project()?;
    Ok(TEMPLATE.get_or_init(|| template))
}

impl Harness<'_> {
    pub(super) fn network(&self, seed: u64, knows_all: bool) -> Network {
        let mut network = self.network_at(seed, self.shape.rates);
        network.faults = self.faults.clone();
        network.tampering = Some((self.tampering.clone(), knows_all));
        network
    }

    fn network_at(&self, seed: u64, rates: Rates) -> Network {
        let mut network = Network::new(self.dynamo.database().clone(), seed, rates);
        network.journal = Some(self.journal.clone());
        network.replica = self.replica.clone();
        network
    }

    pub(super) fn kills(&self, percent: u8, latest_ms: u64) -> Kills {
        Kills { percent, latest_ms, faults: self.faults.clone(), errors: self.errors.clone() }
    }

    /// Instances of the command handler that know these keys for quotes.
    pub(super) fn instances(&self, network: &Network, keys: &[QuoteKey]) -> Result<Arc<[Instance]>, BadQuoteKeys> {
        let quotes = self.pricing.verifier(keys)?;
        let client = || network.client(sdk_config::dynamodb(&self.dynamo));
        Ok((0..INSTANCES).map(|_| self.release.command_handler(client(), quotes.clone())).collect())
    }

    pub(super) fn client(&self, network: &Network, random: &mut Rng) -> Result<Client, BadQuoteKeys> {
        Ok(Client {
            instances: self.instances(network, &[QuoteKey::First, QuoteKey::Second])?,
            name: "late-client".to_owned(),
            random: random.fork(),
            kills: self.kills(self.shape.kills_percent, 120),
            faults: self.faults.clone(),
            in_flight: InFlight::default(),
            known: self.known.clone(),
            orders: self.orders.clone(),
            pricing: Arc::clone(&self.pricing),
            is_late: false,
        })
    }

    /// A client that sends queries. The query handler is of the same release as the command handlers, with which it is deployed.
    pub(super) fn reader(&self, network: Network, random: &mut Rng) -> Reader {
        Reader {
            function: self.release.query_handler(network.client(sdk_config::dynamodb(&self.dynamo))),
            network,
            orders: self.orders.clone(),
            known: self.known.clone(),
            random: random.fork(),
            kills: self.kills(self.shape.kills_percent, 120),
            journal: self.journal.clone(),
            has_long_trail: self.shape.beginning == Beginning::Full,
        }
    }

    /// A client that reads, on a network without faults. Its function is not killed.
    pub(super) fn calm_reader(&self, random: &mut Rng) -> Reader {
        let mut reader = self.reader(self.network_at(0, Rates::default()), random);
        reader.kills.percent = 0;
        reader
    }

    fn mapping(
        &self,
        function: &'static str,
        shard: Shard,
        deployed: Vec<Deployed>,
        disturbances: Disturbances,
        random: &mut Rng,
    ) -> Mapping {
        let random = random.fork();
        let unaddressable = Injector {
            function,
            percent: self.shape.unaddressable_percent,
            random: random.clone().fork(),
            shard: shard.number,
            delivered: Vec::new(),
        };
        Mapping {
            database: self.dynamo.database().clone(),
            shard,
            deployed,
            tampering: self.tampering.clone(),
            disturbances,
            kills: self.kills(self.shape.kills_percent * 2, 80),
            faults: self.faults.clone(),
            random,
            unaddressable,
            exhausted: Vec::new(),
            lost: BTreeSet::new(),
            records: Vec::new(),
            read_to: None,
            next: 0,
            newer_began: false,
            hold: self.hold.clone(),
        }
    }

    fn consumer_network(&self, knows_all: bool, random: &mut Rng) -> (Network, aws_sdk_dynamodb::Client) {
        let network = self.network(random.u64(..), knows_all);
        let client = network.client(sdk_config::dynamodb(&self.dynamo));
        (network, client)
    }

    /// The projectors, one for each shard. They are separate instances, which share only the tables.
    pub(super) fn projectors(&self, random: &mut Rng) -> Vec<Mapping> {
        (0..SHARDS).map(|number| self.projector(Shard { number, of: SHARDS }, random)).collect()
    }

    /// A projector. In a rolling deployment it has two releases.
    fn projector(&self, shard: Shard, random: &mut Rng) -> Mapping {
        let (network, client) = self.consumer_network(false, random);
        let panics = self.shape.foreign_percent > 0 && self.shape.poison == Poison::Panic;
        let function = if panics {
            release::projector(&models::panicking(&client), client)
        } else {
            self.release.projector(client)
        };
        // Without another deployment this release stays, and reads every commit once it is fixed.
        let is_newer = !self.shape.is_deployed;
        let mut deployed = vec![Deployed { function, network, is_newer, reads_all: false }];
        if self.shape.is_deployed {
            let (network, client) = self.consumer_network(true, random);
            let function = self.release.next_projector(client);
            deployed.push(Deployed { function, network, is_newer: true, reads_all: true });
        }
        let disturbances = Disturbances { shuffles: true, losses: true };
        self.mapping(PROJECTOR, shard, deployed, disturbances, random)
    }

    /// The publisher. Its batches are shuffled only without poison, because it holds back the records that follow poison.
    pub(super) fn publisher(&self, bus: &Bus, random: &mut Rng) -> Mapping {
        let (network, client) = self.consumer_network(false, random);
        let function = self.release.publisher(bus.client(sdk_config::eventbridge()), client);
        let disturbances = Disturbances { shuffles: self.shape.foreign_percent == 0, losses: false };
        let reads_all = !self.shape.poison.stops(&Consumer::PUBLISHER);
        let deployed = vec![Deployed { function, network, is_newer: true, reads_all }];
        self.mapping(PUBLISHER, Shard { number: 0, of: 1 }, deployed, disturbances, random)
    }

    /// A DynamoDB client on a network without faults.
    pub(super) fn calm(&self) -> aws_sdk_dynamodb::Client {
        self.network_at(0, Rates::default()).client(sdk_config::dynamodb(&self.dynamo))
    }

    /// The operator, on a network without faults.
    pub(super) fn operator(&self, bus: &Bus) -> Operator<'_> {
        let client = self.calm();
        let parked = ParkedOrderTable::new(client.clone(), PARKED);
        let consumers = models::consumers().filter(|consumer| !self.shape.replaces(consumer)).collect();
        let bus = bus.client(sdk_config::eventbridge());
        Operator { release: self.release, client, bus, parked, consumers, errors: self.errors.clone() }
    }
}
