//! The commits that wait, in sequence and without a gap.

use event_store::{Delivered, DynamoEventStore, Poison, Position, ScanRequest, Scope, StoreError};
use order_aggregate::Orders;
use order_domain::Event;
use parked_orders::ParkedOrder;

/// The commits of an order that wait.
pub(super) struct Waiting<'a> {
    store: &'a DynamoEventStore,
    order: String,
    /// The version at which the order is parked.
    pub(super) begin: u64,
    /// The version that is read next.
    pub(super) next: u64,
    /// The last that is known to wait.
    last: u64,
}

impl<'a> Waiting<'a> {
    /// The commits that wait by a note, from a version on.
    pub(super) fn new(store: &'a DynamoEventStore, note: &ParkedOrder, next: u64) -> Self {
        Self { store, order: note.aggregate_id.clone(), begin: note.version, next, last: note.held_up_to }
    }

    /// The next commits, one after the other; nothing at the end. A commit that is not there is one that cannot be read.
    pub(super) async fn page(&mut self) -> Result<Vec<Delivered<Event>>, StoreError> {
        if self.next > self.last {
            return Ok(Vec::new());
        }
        let request = ScanRequest {
            scope: Scope::Aggregate(self.order.clone()),
            after: self.next.checked_sub(1).filter(|after| *after > 0).map(|after| Position::new(&self.order, after)),
            recorded: None,
            // What waits was acknowledged.
            consistent: true,
        };
        let mut page = Vec::new();
        for delivered in self.store.scan::<Orders>(&request).await?.delivered {
            let follows = delivered.position().is_some_and(|(_, version)| version == self.next);
            if !follows || self.next > self.last {
                break;
            }
            self.next += 1;
            page.push(delivered);
        }
        if page.is_empty() {
            let cause = "it is not in the event store".to_owned();
            let record = Err(Poison { position: Some((self.order.clone(), self.next)), cause });
            page.push(Delivered { id: Position::new(&self.order, self.next).to_string(), record });
            self.next += 1;
        }
        Ok(page)
    }
}
