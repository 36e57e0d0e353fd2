//! What an operator does about parked orders, once the release that reads them is deployed.

use std::collections::BTreeSet;

use event_store::{DynamoEventStore, EventStore};
use order_store::Orders;
use parked_orders::{Consumer, Parked, ParkedOrders};
use publisher::EventBus;

use crate::history::Untold;

/// Somebody who mends.
pub(crate) struct Operator {
    pub(crate) store: DynamoEventStore,
    pub(crate) parked: ParkedOrders,
    pub(crate) bus: EventBus,
}

impl Operator {
    /// Who has parked which order.
    pub(crate) async fn parked(&self) -> Result<BTreeSet<(Consumer, String)>, Untold> {
        Ok(self.notes().await?.into_iter().map(|note| (note.consumer, note.aggregate_id)).collect())
    }

    /// Publishes what waits, in sequence, and takes the orders out. (Rows catch up with their order's next event.)
    pub(crate) async fn redrive(&self) -> Result<(), Untold> {
        for note in self.notes().await? {
            let mut waiting = Some(note).filter(|note| note.consumer == Consumer::Publisher);
            while let Some(note) = waiting {
                let (order, after) = (&note.aggregate_id, note.version - 1);
                for commit in EventStore::<Orders>::commits(&self.store, order, after, None).await? {
                    self.bus.publish(&published_events::cloud_events(&commit).unwrap_or_default(), None).await;
                }
                let done = self.parked.unpark(&note).await?;
                waiting = if done { None } else { self.parked.find(note.consumer, order).await? };
            }
        }
        Ok(())
    }

    async fn notes(&self) -> Result<Vec<Parked>, Untold> {
        let (mut notes, mut next) = (Vec::new(), None);
        loop {
            let page = self.parked.page(next).await?;
            notes.extend(page.parked.into_iter().collect::<Result<Vec<_>, _>>()?);
            next = page.next;
            if next.is_none() {
                return Ok(notes);
            }
        }
    }
}
