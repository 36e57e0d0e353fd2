//! The budget of one page of a list. It limits the bytes of the reply, and the read units of the orders that are folded
//! from their events because their rows cannot be read.

use http_api::replies::SummaryView;
use http_api::replies::size::{MAX_PAGE, response_bytes};
use read_models::PAGE_HALF_UNITS;

/// The price of reading the events of a typical order, in half read units: one consistent read of up to 4 KB.
const USUAL_FOLD: u64 = 2;
/// The number of reply bytes that add one half unit to the price of a fold. A consistent read costs a half unit for 2 KB.
/// If the newest commit has no snapshot, a fold reads the order's lines twice: in an earlier snapshot and in the commit
/// that placed them.
const BYTES_A_HALF_UNIT: u64 = 1024;

/// The remaining budget.
#[derive(Debug)]
pub(crate) struct PageBudget {
    half_units: u64,
    bytes: usize,
    /// True once a row was taken. A page takes at least one row, and folds it if necessary, even if that one order exceeds
    /// the budget. Otherwise no page could pass a row larger than the budget.
    begun: bool,
}

impl PageBudget {
    /// Creates the budget that is left after the rows were read.
    pub(crate) const fn after(half_units: u64) -> Self {
        Self { half_units: PAGE_HALF_UNITS.saturating_sub(half_units), bytes: MAX_PAGE, begun: false }
    }

    /// Returns true if one more order may be folded from its events.
    pub(crate) const fn allows_fold(&self) -> bool {
        !self.begun || self.half_units >= USUAL_FOLD
    }

    /// Counts a fold by the size of its result, because the store does not report the units.
    pub(crate) fn count_fold(&mut self, order: Option<&SummaryView>) {
        let bytes = order.map_or(0, |order| u64::try_from(response_bytes(order)).unwrap_or(u64::MAX));
        // The metadata takes a separate read of the first commit.
        let reads = if order.is_some_and(|order| !order.metadata.is_empty()) { 2 * USUAL_FOLD } else { USUAL_FOLD };
        self.half_units = self.half_units.saturating_sub(reads.saturating_add(bytes / BYTES_A_HALF_UNIT));
    }

    /// Takes a row that is left out of the reply.
    pub(crate) const fn skip(&mut self) {
        self.begun = true;
    }

    /// Takes an order of the reply; returns false if it does not fit in this page.
    pub(crate) fn take(&mut self, order: &SummaryView) -> bool {
        // The comma between two orders takes one byte.
        let bytes = response_bytes(order).saturating_add(1);
        if self.begun && bytes > self.bytes {
            return false;
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        self.begun = true;
        true
    }
}

#[cfg(test)]
mod tests {
    use event_store::Timestamp;
    use http_api::replies::LineView;
    use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};

    use super::*;

    /// Returns an order that takes about this number of bytes in the reply.
    fn order(bytes: usize) -> SummaryView {
        let name = Some("\"".repeat(bytes / 4));
        SummaryView {
            order_id: "o-1".to_owned(),
            customer_id: "c-1".to_owned(),
            status: OrderStatus::Placed,
            payment_status: PaymentStatus::Unpaid,
            fulfillment_status: FulfillmentStatus::Unfulfilled,
            currency: "EUR".to_owned(),
            total: 1,
            shipping: 0,
            tax: 0,
            discount: 0,
            due: 1,
            amount_paid: 0,
            amount_refunded: 0,
            item_count: 1,
            units_to_ship: 1,
            to_ship: false,
            reference: None,
            metadata: std::collections::BTreeMap::new(),
            items: vec![LineView {
                sku: "MUG".to_owned(),
                name,
                quantity: 1,
                unit_price: 1,
                shipped: 0,
                returned: 0,
                cancelled: 0,
            }],
            placed_at: Timestamp::from_epoch_ms(0).unwrap(),
            last_updated: Timestamp::from_epoch_ms(0).unwrap(),
            version: 1,
            as_of: None,
            stale: None,
            details: None,
        }
    }

    #[test]
    fn a_page_ends_before_it_would_pass_4_mb() {
        let (mut budget, quarter) = (PageBudget::after(0), order(MAX_PAGE / 4));
        assert_eq!((0..5).map(|_| budget.take(&quarter)).collect::<Vec<_>>(), [true, true, true, false, false]);
        assert!(budget.take(&order(1_000)), "what is left is of use to a smaller one");
    }

    #[test]
    fn the_first_order_of_a_page_is_taken_however_large() {
        let mut budget = PageBudget::after(PAGE_HALF_UNITS);
        assert!(budget.allows_fold());
        assert!(budget.take(&order(2 * MAX_PAGE)));
        assert!(!budget.allows_fold());
        assert!(!budget.take(&order(0)));
    }

    #[test]
    fn a_row_that_is_left_out_is_progress_too() {
        let mut budget = PageBudget::after(PAGE_HALF_UNITS);
        budget.count_fold(None);
        budget.skip();
        assert!(!budget.allows_fold());
    }
}
