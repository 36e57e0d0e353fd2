//! What an operator does about parked orders, once the release that reads them is deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use parked_orders::{Consumer, Parked, ParkedError, ParkedOrders, UnaddressableNote};
use read_models::LagBound;

use crate::check::invariant::Invariant;
use crate::world::function::Redriving;
use crate::world::journal::Waiting;
use crate::world::release::Release;
use crate::world::unexpected_errors::Mishaps;

/// Once the stream is drained, what a row lacks is lost.
const NONE_IS_LATE: LagBound = LagBound::Named(Duration::ZERO);

/// Somebody who mends.
pub(crate) struct Operator {
    pub(crate) parked: ParkedOrders,
    pub(crate) redrive: Box<dyn Redriving>,
    /// The consumers whose orders this release redrives: of another's rows it leaves its hands.
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) mishaps: Mishaps,
}

impl Operator {
    /// Who has parked which order.
    pub(crate) async fn parked(&self) -> Waiting {
        let (notes, _) = self.every_note().await;
        notes.into_iter().map(|note| ((note.consumer, note.aggregate_id), note.held_up_to)).collect()
    }

    /// The orders that are parked because of an outage.
    pub(crate) async fn deferred(&self) -> BTreeSet<(Consumer, String)> {
        let (notes, _) = self.every_note().await;
        notes.into_iter().filter(|note| note.is_deferred).map(|note| (note.consumer, note.aggregate_id)).collect()
    }

    /// The functions that noted each record which names no order, by the record's name.
    pub(crate) async fn unaddressable(&self) -> BTreeMap<String, BTreeSet<String>> {
        let (_, notes) = self.every_note().await;
        notes.into_iter().map(|note| (note.id, note.noted_by)).collect()
    }

    async fn every_note(&self) -> (Vec<Parked>, Vec<UnaddressableNote>) {
        self.mishaps.good(Invariant::Readable, "that is parked", self.notes().await).unwrap_or_default()
    }

    /// Takes the orders out: `orders parked redrive --all`.
    pub(crate) async fn redrive(&self) {
        for (consumer, order) in self.parked().await.into_keys() {
            if self.consumers.contains(&consumer)
                && let Some(ended) = self.mishaps.outlive("redriving", self.redrive.order(consumer, &order)).await
            {
                self.mishaps.good(Invariant::Redriven, &order, ended);
            }
        }
    }

    /// Mends the rows, and finds nothing the second time: `orders verify --repair`.
    pub(crate) async fn repair(&self, release: &dyn Release, client: &Client, is_newer: bool) {
        for is_second in [false, true] {
            let repaired =
                self.mishaps.outlive("a repair", release.repair(client.clone(), is_newer, NONE_IS_LATE)).await;
            let found = repaired.and_then(|it| self.mishaps.good(Invariant::Repaired, "of every kind", it));
            for difference in found.into_iter().flat_map(|it| it.found).filter(|_| is_second) {
                self.mishaps.note(Invariant::Repaired, "of every kind", format!("after a repair {difference}"));
            }
        }
    }

    async fn notes(&self) -> Result<(Vec<Parked>, Vec<UnaddressableNote>), ParkedError> {
        let (mut notes, mut unaddressable, mut next) = (Vec::new(), Vec::new(), None);
        loop {
            let page = self.parked.page(next).await?;
            notes.extend(page.parked.into_iter().collect::<Result<Vec<_>, _>>()?);
            unaddressable.extend(page.unaddressable.into_iter().collect::<Result<Vec<_>, _>>()?);
            next = page.next;
            if next.is_none() {
                return Ok((notes, unaddressable));
            }
        }
    }
}
