//! The notes on one projection's parked orders, read and written within an invocation's time.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use event_store::Delivered;
use futures_util::stream::{self, StreamExt};
use parked_orders::{Consumer, Next, Parked, ParkedError, ParkedOrders};
use stream_consumer::Batch;

use crate::leftovers::Poisoned;
use crate::processor::by;
use crate::report;

/// How many notes are written at once.
const AT_ONCE: usize = 16;

#[derive(Debug, Clone)]
pub(crate) struct Notes {
    pub(crate) consumer: Consumer,
    pub(crate) parked: ParkedOrders,
}

impl Notes {
    /// Which of a batch's orders are parked; none where that cannot be told in time, and without those whose notes cannot be
    /// read: these stay as they are.
    pub(crate) async fn among(&self, batch: &Batch, until: Option<Instant>) -> HashMap<String, Parked> {
        let orders = batch.delivered.iter().filter_map(Delivered::position).map(|(order, _)| order);
        let orders: Vec<&str> = orders.collect::<BTreeSet<_>>().into_iter().collect();
        match by(until, self.parked.among(self.consumer, &orders)).await {
            Some(Ok(parked)) => {
                parked.into_iter().filter_map(|(order, note)| Some((order, self.readable(note)?))).collect()
            }
            Some(Err(error)) => {
                report::unread_notes(self.consumer, &error);
                HashMap::new()
            }
            None => HashMap::new(),
        }
    }

    /// A page of the orders that an outage has kept from their rows, and where the next one begins; nothing where that cannot be
    /// read in time.
    pub(crate) async fn deferred(
        &self,
        from: Option<Next>,
        until: Option<Instant>,
    ) -> Option<(HashMap<String, Parked>, Option<Next>)> {
        if until.is_some_and(|until| Instant::now() >= until) {
            return None;
        }
        match by(until, self.parked.deferred(self.consumer, from)).await? {
            Ok(page) => {
                let parked = page.parked.into_iter().filter_map(|note| self.readable(note));
                Some((parked.map(|note| (note.aggregate_id.clone(), note)).collect(), page.next))
            }
            Err(error) => {
                report::unread_notes(self.consumer, &error);
                None
            }
        }
    }

    fn readable(&self, note: Result<Parked, ParkedError>) -> Option<Parked> {
        note.inspect_err(|error| report::unread_notes(self.consumer, error)).ok()
    }

    /// Parks orders of a batch, and gives those back that could not be.
    pub(crate) async fn park(&self, batch: &Batch, poisoned: Vec<Poisoned>, until: Option<Instant>) -> Vec<Poisoned> {
        let parks: Vec<_> = poisoned.into_iter().map(|order| self.park_one(batch, order, until)).collect();
        stream::iter(parks).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
    }

    async fn park_one(&self, batch: &Batch, order: Poisoned, until: Option<Instant>) -> Option<Poisoned> {
        let parked = match until {
            Some(until) if Instant::now() >= until => None,
            Some(_) | None if order.is_deferred => Some(self.parked.defer(self.consumer, &order.parking).await),
            Some(_) | None => Some(self.parked.park(self.consumer, &order.parking).await),
        };
        if !order.is_deferred {
            report::poisoned(self.consumer, batch, &order, parked.as_ref());
        }
        if matches!(parked, Some(Ok(()))) { None } else { Some(order) }
    }

    /// Takes orders out, and counts them. One that cannot be taken out stays until its next commit.
    pub(crate) async fn unpark(&self, caught_up: Vec<&Parked>, until: Option<Instant>) -> usize {
        let unparks: Vec<_> = caught_up.into_iter().map(|parked| self.unpark_one(parked, until)).collect();
        let unparked = stream::iter(unparks).buffer_unordered(AT_ONCE);
        unparked.filter(|is_out| std::future::ready(*is_out)).count().await
    }

    async fn unpark_one(&self, parked: &Parked, until: Option<Instant>) -> bool {
        if until.is_some_and(|until| Instant::now() >= until) {
            return false;
        }
        let unparked = self.parked.unpark(parked).await;
        report::unparked(self.consumer, parked, &unparked);
        // False: somebody else was at the order meanwhile, and knows more than this batch did.
        unparked.unwrap_or(false)
    }
}
