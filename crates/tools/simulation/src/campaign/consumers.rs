//! The consumers of the stream: the projectors and the publisher, and a rebuild beside them.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

use crate::campaign::harness::Harness;
use crate::faults::bus::Bus;
use crate::faults::mapping::Mapping;
use crate::faults::rebuild::rebuild;
use crate::faults::unaddressable::{UnaddressableRecords, name};
use crate::workload::shape::Shape;
use crate::world::names::{PROJECTOR, PUBLISHER};
use crate::world::operator::Operator;
use crate::world::sdk_config;

/// The consumers while clients send commands.
pub(super) struct RunningConsumers {
    mappings: Vec<JoinHandle<Mapping>>,
    rebuild: Option<JoinHandle<Option<()>>>,
    ended: watch::Sender<bool>,
}

impl RunningConsumers {
    pub(super) fn start(harness: &Harness<'_>, bus: &Bus, random: &mut Rng) -> Self {
        let mut mappings = harness.projectors(random);
        mappings.push(harness.publisher(bus, random));
        let (ended, over) = watch::channel(false);
        let mappings = mappings.into_iter().map(|mapping| tokio::spawn(mapping.run(over.clone()))).collect();
        let rebuild = harness.shape.is_rebuilt.then(|| {
            let client = harness.network(random.u64(..), false).client(sdk_config::dynamodb(&harness.dynamo));
            let (random, faults, errors) = (random.fork(), harness.faults.clone(), harness.errors.clone());
            tokio::spawn(async move { errors.catch_panic("a rebuild", rebuild(client, random, faults, over)).await })
        });
        Self { mappings, rebuild, ended }
    }

    /// Waits until each consumer has processed the stream to its end.
    pub(super) async fn drain(self) -> Result<Consumers, JoinError> {
        self.ended.send_replace(true);
        if let Some(rebuild) = self.rebuild {
            rebuild.await?;
        }
        let mut mappings = Vec::new();
        for mapping in self.mappings {
            mappings.push(mapping.await?);
        }
        Ok(Consumers(mappings))
    }
}

/// The consumers once the stream is drained.
pub(super) struct Consumers(Vec<Mapping>);

impl Consumers {
    fn of(&self, function: &'static str) -> impl Iterator<Item = &Mapping> {
        self.0.iter().filter(move |mapping| mapping.unaddressable.function == function)
    }

    /// The newest version of each order in the stream.
    pub(super) fn newest(&self) -> BTreeMap<String, u64> {
        self.of(PROJECTOR).flat_map(Mapping::newest).collect()
    }

    /// The orders with records whose retries for the publisher were used up.
    pub(super) fn orders_exhausted(&self) -> BTreeSet<String> {
        self.of(PUBLISHER).flat_map(Mapping::orders_exhausted).collect()
    }

    /// The orders with records that a projector never received, or not before the end.
    pub(super) fn orders_lost(&self) -> BTreeSet<String> {
        self.of(PROJECTOR).flat_map(|it| it.lost.iter().cloned().chain(it.orders_exhausted())).collect()
    }

    /// Ends the faults on the consumers' networks.
    pub(super) fn calm(&self) {
        self.0.iter().flat_map(|consumer| &consumer.deployed).for_each(|deployed| deployed.network.calm());
    }

    /// Delivers the remaining records.
    pub(super) async fn settle(&mut self, shape: &Shape) {
        // Rows of the next release are not redriven: a repeat of the order's newest event removes their notes.
        for mapping in &mut self.0 {
            mapping.settle(shape.is_repaired && !shape.is_deployed).await;
        }
    }

    /// The records that name no order, with the notes that the operator finds on them.
    pub(super) async fn unaddressable(&self, operator: &Operator<'_>) -> UnaddressableRecords {
        let delivered = |it: &Mapping| {
            let records = &it.unaddressable;
            records.delivered.iter().map(|name| (name.clone(), records.function)).collect::<Vec<_>>()
        };
        UnaddressableRecords {
            delivered: self.0.iter().flat_map(delivered).collect(),
            left: self.0.iter().flat_map(|it| &it.exhausted).filter_map(name).map(str::to_owned).collect(),
            notes: operator.unaddressable().await,
        }
    }
}
