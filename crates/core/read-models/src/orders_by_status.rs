//! `OrdersByStatus`: the open orders of all customers, by status, newest first, for the shop's staff.
//!
//! Each order has a row at a fixed key. While the order is open, the row has the attribute `statusShard`, and the index
//! `ByStatus` contains it. A closed order leaves the index, so the index grows with the open orders only.
//!
//! A partition of an index takes 1,000 write units a second. A row has at most 1 KB, and each change of the status
//! costs two units: a delete at the old index key and a put at the new one. So one partition for all orders of a status
//! would limit a shop to about 500 orders a second. Four partitions for each status allow 2,000, and a page reads only
//! four for each status.

mod row;

use event_store::RecordedEvent;
use order_aggregate::{OrderCommit, Orders, PLACED_AT};
use order_domain::Event;
use order_domain::event::{ItemQuantity, OrderPlaced};
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
pub use row::OpenOrderRow;
pub(crate) use row::{TO_SETTLE, index_word, shard_key};

use crate::list_filter::SORT;
use crate::order_fold::{FigureChange, row_to_change};
use crate::order_key;
use crate::projection::{FoldError, KeyAttributes, Projection, RowKey};

/// The index of the open orders.
pub(crate) const BY_STATUS: &str = "ByStatus";
/// The index's partition key.
pub(crate) const STATUS_SHARD: &str = "statusShard";
/// The number of index partitions of each status. If it changes, raise the projection number.
pub(crate) const SHARDS: u32 = 4;

/// The list of the open orders of all customers.
#[derive(Debug, Clone, Copy)]
pub struct OrdersByStatus;

impl Projection for OrdersByStatus {
    type Aggregate = Orders;
    type Row = OpenOrderRow;
    const NAME: &'static str = "OrdersByStatus";
    const NUMBER: u32 = 1;
    const KEY: KeyAttributes = KeyAttributes { partition: "orderId", sort: SORT };

    fn key(commit: &OrderCommit) -> Result<RowKey, FoldError> {
        let no_time = FoldError::NoKey { version: commit.version, part: PLACED_AT };
        let placed_at = order_aggregate::placed_at(commit).ok_or(no_time)?;
        let partition = order_key::order_id(commit)?.to_string();
        Ok(RowKey { sort: format!("{placed_at}#{partition}"), partition })
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        Some(&key.partition)
    }

    fn apply(
        row: Option<OpenOrderRow>,
        recorded: &RecordedEvent<Event>,
        commit: &OrderCommit,
    ) -> Result<OpenOrderRow, FoldError> {
        let mut row = row_to_change(row, recorded, commit, |placed| begin(placed, commit))?;
        let change = FigureChange::of(&recorded.event);
        let money = change.money.unwrap_or_default();
        row.amount_paid = row.amount_paid.saturating_sub(money.replaced).saturating_add(money.received);
        row.amount_refunded = row.amount_refunded.saturating_add(money.refunded);
        row.due = change.due.unwrap_or(row.due);
        row.item_reductions = row.item_reductions.saturating_add(change.item_reduction);
        row.units_shipped = row.units_shipped.saturating_add(units(change.shipped));
        row.units_returned = row.units_returned.saturating_add(units(change.returned));
        row.units_cancelled = row.units_cancelled.saturating_add(units(change.cancelled));
        let sent = row.shipments_under_way.saturating_add(change.shipments_sent);
        row.shipments_under_way = sent.saturating_sub(change.shipments_arrived);
        let none_is_left = !change.cancelled.is_empty() && row.units_cancelled >= row.item_count;
        row.cancelled |= change.cancels_order || none_is_left;
        Ok(OpenOrderRow { version: commit.version, last_updated: commit.recorded_at, ..row }.with_statuses())
    }
}

fn begin(placed: &OrderPlaced, commit: &OrderCommit) -> OpenOrderRow {
    OpenOrderRow {
        order_id: commit.aggregate_id.clone(),
        customer_id: placed.customer_id.to_string(),
        status: OrderStatus::Placed,
        payment_status: PaymentStatus::Unpaid,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        to_ship: false,
        status_shard: None,
        currency: placed.currency.code().to_owned(),
        total: placed.total.minor_units(),
        due: placed.total.minor_units(),
        item_reductions: 0,
        amount_paid: 0,
        amount_refunded: 0,
        item_count: placed.items.iter().map(|item| u64::from(item.quantity.get())).sum(),
        units_shipped: 0,
        units_returned: 0,
        units_cancelled: 0,
        shipments_under_way: 0,
        cancelled: false,
        reference: placed.reference.as_ref().map(|reference| reference.as_str().to_owned()),
        placed_at: commit.recorded_at,
        last_updated: commit.recorded_at,
        version: commit.version,
    }
}

fn units(items: &[ItemQuantity]) -> u64 {
    items.iter().map(|item| u64::from(item.quantity.get())).sum()
}
