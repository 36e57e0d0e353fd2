//! The row of an order in the list of open orders. Its attribute names are stored. A change of its shape needs a higher
//! projection number.

use event_store::Timestamp;
use order_domain::status::{FulfillmentFigures, FulfillmentStatus, OrderStatus, PaymentFigures, PaymentStatus};
use serde::{Deserialize, Serialize};

use super::SHARDS;

/// The index key prefix of an order that is open although its status is closed: money is due or owed.
pub(crate) const TO_SETTLE: &str = "to_settle";

/// One order for the shop's staff. It has no lines and no metadata, so it stays within 1 KB however large the order is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenOrderRow {
    /// The order: its aggregate's id.
    pub order_id: String,
    /// The customer's id.
    pub customer_id: String,
    /// The status word for a customer.
    pub status: OrderStatus,
    /// The payment status.
    pub payment_status: PaymentStatus,
    /// The fulfilment status.
    pub fulfillment_status: FulfillmentStatus,
    /// True if units are left to ship and may be shipped.
    pub to_ship: bool,
    /// The index's partition key, `<status>#<shard>`; `None` once the order is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_shard: Option<String>,
    /// The ISO 4217 code of every amount's currency.
    pub currency: String,
    /// The sum of items, shipping and tax, less the discount, in minor units.
    pub total: u64,
    /// The amount due, in minor units.
    pub due: u64,
    /// The sum of the reductions of cancelled items, in minor units.
    pub item_reductions: u64,
    /// The sum of the payments in force, in minor units.
    pub amount_paid: u64,
    /// The sum of the refunds, in minor units.
    pub amount_refunded: u64,
    /// The units ordered, including cancelled ones.
    pub item_count: u64,
    /// The units shipped, including units returned later.
    pub units_shipped: u64,
    /// The units returned.
    pub units_returned: u64,
    /// The units cancelled before they were shipped.
    pub units_cancelled: u64,
    /// The number of shipments that have not arrived.
    pub shipments_under_way: u32,
    /// True if the whole order or its last unit was cancelled.
    pub cancelled: bool,
    /// The shop's own order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The time when the order was placed.
    pub placed_at: Timestamp,
    /// The time when its newest commit was recorded.
    pub last_updated: Timestamp,
    /// The version of its newest commit.
    pub version: u64,
}

impl OpenOrderRow {
    /// Returns the units still to be shipped; 0 once the order is cancelled.
    #[must_use]
    pub const fn units_to_ship(&self) -> u64 {
        self.fulfillment_figures().units_to_ship(self.cancelled)
    }

    /// Returns the row's sort key, `<placedAt>#<orderId>`. A list continues after it.
    #[must_use]
    pub fn sort_key(&self) -> String {
        format!("{}#{}", self.placed_at, self.order_id)
    }

    /// Returns true while work is left: money is due or owed, units may be shipped, or a shipment is under way.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        let money_is_open = match self.payment_status {
            PaymentStatus::CreditOwed | PaymentStatus::PartiallyPaid | PaymentStatus::Unpaid => true,
            PaymentStatus::Refunded | PaymentStatus::Void | PaymentStatus::Paid | PaymentStatus::PartiallyRefunded => {
                false
            }
        };
        money_is_open || self.to_ship || self.shipments_under_way > 0
    }

    /// Returns the row with the status words, the mark `toShip` and the index key that its figures give.
    pub(super) fn with_statuses(self) -> Self {
        let (payment, fulfillment) = (self.payment_figures(), self.fulfillment_figures());
        let (payment_status, fulfillment_status) = (PaymentStatus::of(payment), FulfillmentStatus::of(fulfillment));
        let to_ship = payment.may_ship() && self.units_to_ship() > 0;
        let status = OrderStatus::of(self.cancelled, payment_status, fulfillment_status);
        let row = Self { status, payment_status, fulfillment_status, to_ship, ..self };
        let status_shard = row.is_open().then(|| shard_key(index_word(row.status), shard_of(&row.order_id)));
        Self { status_shard, ..row }
    }

    const fn payment_figures(&self) -> PaymentFigures {
        PaymentFigures {
            due: self.due,
            paid: self.amount_paid,
            refunded: self.amount_refunded,
            // Refunds forgave the rest.
            forgiven: self.total.saturating_sub(self.item_reductions).saturating_sub(self.due),
            cancelled: self.cancelled,
        }
    }

    const fn fulfillment_figures(&self) -> FulfillmentFigures {
        FulfillmentFigures {
            ordered: self.item_count.saturating_sub(self.units_cancelled),
            shipped: self.units_shipped,
            returned: self.units_returned,
            any_undelivered: self.shipments_under_way > 0,
        }
    }
}

/// Returns the word that the index key of an open order begins with.
pub(crate) const fn index_word(status: OrderStatus) -> &'static str {
    if status.is_closed() { TO_SETTLE } else { status.as_str() }
}

/// Returns the index key of a word's shard.
pub(crate) fn shard_key(word: &str, shard: u32) -> String {
    format!("{word}#{shard}")
}

/// Returns the shard of an order: the FNV-1a hash of its id, which is the same in every release.
fn shard_of(order_id: &str) -> u32 {
    let hash = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    order_id.bytes().fold(0x811c_9dc5, hash) % SHARDS
}
