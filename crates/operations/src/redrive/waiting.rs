//! The waiting commits, in sequence and without a gap.

use event_store::{Delivered, DynamoEventStore, Poison, Position, ScanRequest, Scope, StoreError};
use order_aggregate::Orders;
use order_domain::Event;
use parked_orders::ParkedOrder;

/// The waiting commits of an order.
pub(super) struct Waiting<'a> {
    store: &'a DynamoEventStore,
    order: String,
    /// The version at which the order is parked.
    pub(super) begin: u64,
    /// The next version to read.
    pub(super) next: u64,
    /// The last version that is known to wait.
    last: u64,
}

impl<'a> Waiting<'a> {
    /// Creates a reader of the commits that wait according to a note, from a version on.
    pub(super) fn new(store: &'a DynamoEventStore, note: &ParkedOrder, next: u64) -> Self {
        Self { store, order: note.aggregate_id.clone(), begin: note.version, next, last: note.held_up_to }
    }

    /// Returns the next commits in sequence; empty at the end. A missing commit is returned as one that cannot be read.
    pub(super) async fn page(&mut self) -> Result<Vec<Delivered<Event>>, StoreError> {
        if self.next > self.last {
            return Ok(Vec::new());
        }
        let request = ScanRequest {
            scope: Scope::Aggregate(self.order.clone()),
            after: self.next.checked_sub(1).filter(|after| *after > 0).map(|after| Position::new(&self.order, after)),
            recorded: None,
            // The waiting commits were acknowledged, so the read must find them.
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
