//! Counts orders and their commits in the order of a scan.

use event_store::Position;

/// The current order, and the complete orders.
#[derive(Debug, Default)]
pub(crate) struct OrderCount {
    under_way: Option<(String, u64)>,
    complete: Complete,
}

/// Orders whose commits have all been read.
#[derive(Debug, Default)]
pub(crate) struct Complete {
    pub(crate) orders: u64,
    /// The number of commits of these orders.
    pub(crate) commits: u64,
    /// The last of these orders.
    pub(crate) last: Option<String>,
}

impl OrderCount {
    /// Adds the next commit of a scan, named `<orderId>@<version>`.
    pub(crate) fn push(&mut self, id: &str) {
        let order = order_in(id);
        match &mut self.under_way {
            Some((current, commits)) if current == order => *commits += 1,
            Some(_) | None => {
                self.finish();
                self.under_way = Some((order.to_owned(), 1));
            }
        }
    }

    /// Ends the scan, so that the last order is complete.
    pub(crate) fn finish(&mut self) {
        if let Some((order, commits)) = self.under_way.take() {
            self.complete.orders += 1;
            self.complete.commits += commits;
            self.complete.last = Some(order);
        }
    }

    /// Returns the orders that are complete since the last call.
    pub(crate) fn take(&mut self) -> Complete {
        std::mem::take(&mut self.complete)
    }
}

/// Returns the order of a position.
pub(crate) fn order_of(position: &Position) -> String {
    order_in(&position.to_string()).to_owned()
}

/// Returns the order in `<orderId>@<version>`.
pub(crate) fn order_in(id: &str) -> &str {
    id.rsplit_once('@').map_or(id, |(order, _)| order)
}
