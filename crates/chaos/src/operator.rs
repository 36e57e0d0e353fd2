//! What an operator does about parked orders, once the release that reads them is deployed.

use std::collections::BTreeSet;

use parked_orders::{Consumer, Parked, ParkedOrders};
use redrive::Redrive;

use crate::history::Untold;

/// Somebody who mends.
pub(crate) struct Operator {
    pub(crate) parked: ParkedOrders,
    pub(crate) redrive: Redrive,
    /// The consumers whose orders this release redrives: of another's rows it leaves its hands.
    pub(crate) consumers: Vec<Consumer>,
}

impl Operator {
    /// Who has parked which order.
    pub(crate) async fn parked(&self) -> Result<BTreeSet<(Consumer, String)>, Untold> {
        Ok(self.notes().await?.into_iter().map(|note| (note.consumer, note.aggregate_id)).collect())
    }

    /// Takes the orders out: `orders parked redrive --all`.
    pub(crate) async fn redrive(&self) -> Result<(), Untold> {
        for (consumer, order) in self.parked().await? {
            if self.consumers.contains(&consumer) {
                self.redrive.order(consumer, &order).await?;
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
