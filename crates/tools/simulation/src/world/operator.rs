//! The operator, who redrives parked orders and repairs rows once the release that reads them is deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use parked_orders::{Consumer, ParkedError, ParkedOrder, ParkedOrderTable, UnaddressableNote};
use read_models::LagBound;

use crate::world::journal::Waiting;
use crate::world::release::Release;
use crate::world::unexpected_errors::{UnexpectedErrors, Work};

/// Once the stream is drained, no row is late.
const NONE_IS_LATE: LagBound = LagBound::Named(Duration::ZERO);

/// The operator of a history.
pub(crate) struct Operator<'a> {
    pub(crate) release: &'a dyn Release,
    pub(crate) client: Client,
    pub(crate) bus: aws_sdk_eventbridge::Client,
    pub(crate) parked: ParkedOrderTable,
    /// The consumers whose orders this release redrives. The rows of another release are not its own.
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) errors: UnexpectedErrors,
}

impl Operator<'_> {
    /// The parked orders of each consumer.
    pub(crate) async fn parked(&self) -> Waiting {
        let (notes, _) = self.notes().await;
        notes.into_iter().map(|note| ((note.consumer, note.aggregate_id), note.held_up_to)).collect()
    }

    /// The orders that are parked because of an outage.
    pub(crate) async fn deferred(&self) -> BTreeSet<(Consumer, String)> {
        let (notes, _) = self.notes().await;
        notes.into_iter().filter(|note| note.is_deferred).map(|note| (note.consumer, note.aggregate_id)).collect()
    }

    /// The functions that noted each unaddressable record, by the record's name.
    pub(crate) async fn unaddressable(&self) -> BTreeMap<String, BTreeSet<String>> {
        let (_, notes) = self.notes().await;
        notes.into_iter().map(|note| (note.id, note.noted_by)).collect()
    }

    /// Redrives every parked order, as `orders parked redrive --all` does.
    pub(crate) async fn redrive(&self) {
        for (consumer, order) in self.parked().await.into_keys() {
            if self.consumers.contains(&consumer) {
                let redrive = self.release.redrive(self.bus.clone(), self.client.clone(), &consumer, &order);
                let ended = self.errors.catch_panic("a redrive", redrive).await;
                ended.and_then(|ended| self.errors.ok(Work::Redrive, &order, ended));
            }
        }
    }

    /// Repairs the rows twice, as `orders verify --repair` does. A difference in the second run is an unexpected error.
    pub(crate) async fn repair(&self, client: &Client, is_newer: bool) {
        for is_second in [false, true] {
            let repair = self.release.repair(client.clone(), is_newer, NONE_IS_LATE);
            let repaired = self.errors.catch_panic("a repair", repair).await;
            let found = repaired.and_then(|it| self.errors.ok(Work::Repair, "of every kind", it));
            for difference in found.into_iter().flat_map(|it| it.found).filter(|_| is_second) {
                self.errors.record(Work::Repair, "of every kind", format!("after a repair {difference}"));
            }
        }
    }

    async fn notes(&self) -> (Vec<ParkedOrder>, Vec<UnaddressableNote>) {
        let (mut notes, mut unaddressable, mut next) = (Vec::new(), Vec::new(), None);
        while let Some(page) = self.read(self.parked.page(next).await) {
            notes.extend(page.parked.into_iter().filter_map(|note| self.read(note)));
            unaddressable.extend(page.unaddressable.into_iter().filter_map(|note| self.read(note)));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        (notes, unaddressable)
    }

    fn read<T>(&self, result: Result<T, ParkedError>) -> Option<T> {
        self.errors.ok(Work::Read, "of every parked one", result)
    }
}
