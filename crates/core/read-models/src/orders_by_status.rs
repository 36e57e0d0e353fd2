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
use order_domain::event::{ItemQuantity, OrderPlaced};
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use order_domain::{Event, stored};
pub use row::OpenOrderRow;
pub(crate) use row::{TO_SETTLE, index_word, shard_key};

use crate::list_filter::SORT;
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
        let (version, event_type) = (commit.version, stored::event_type(&recorded.event));
        let begun = |row: Option<OpenOrderRow>| row.ok_or(FoldError::NotABeginning { version, event_type });
        let row = match &recorded.event {
            Event::OrderPlaced(_) if row.is_some() => return Err(FoldError::BegunTwice { version, event_type }),
            Event::OrderPlaced(placed) => begin(placed, commit),
            Event::PaymentReceived(event) => {
                let row = begun(row)?;
                OpenOrderRow { amount_paid: row.amount_paid.saturating_add(event.amount.minor_units()), ..row }
            }
            Event::PaymentCorrected(event) => {
                let row = begun(row)?;
                let others = row.amount_paid.saturating_sub(event.previous_amount.minor_units());
                let amount_paid = others.saturating_add(event.corrected_amount.minor_units());
                OpenOrderRow { amount_paid, due: event.due.minor_units(), ..row }
            }
            Event::PaymentRefunded(event) => {
                let row = begun(row)?;
                let amount_refunded = row.amount_refunded.saturating_add(event.amount.minor_units());
                OpenOrderRow { amount_refunded, due: event.due.minor_units(), ..row }
            }
            Event::ItemShipped(event) => {
                let row = begun(row)?;
                let shipments_under_way = row.shipments_under_way.saturating_add(1);
                OpenOrderRow {
                    units_shipped: row.units_shipped.saturating_add(units(&event.items)),
                    shipments_under_way,
                    ..row
                }
            }
            Event::ItemDelivered(_) => {
                let row = begun(row)?;
                OpenOrderRow { shipments_under_way: row.shipments_under_way.saturating_sub(1), ..row }
            }
            Event::ItemReturned(event) => {
                let row = begun(row)?;
                OpenOrderRow { units_returned: row.units_returned.saturating_add(units(&event.items)), ..row }
            }
            Event::ItemsCancelled(event) => {
                let row = begun(row)?;
                let units_cancelled = row.units_cancelled.saturating_add(units(&event.items));
                let item_reductions = row.item_reductions.saturating_add(event.reduction.minor_units());
                let cancelled = row.cancelled || units_cancelled >= row.item_count;
                OpenOrderRow { units_cancelled, item_reductions, due: event.due.minor_units(), cancelled, ..row }
            }
            Event::OrderCancelled(event) => {
                OpenOrderRow { due: event.due.minor_units(), cancelled: true, ..begun(row)? }
            }
        };
        Ok(OpenOrderRow { version, last_updated: commit.recorded_at, ..row }.with_statuses())
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
