//! `OrderSummaryByCustomer`: one row for each order, newest first in its customer's list.
//!
//! Its fold is independent of the domain's and uses only the events. It shares with the domain only the functions that
//! derive the status words from figures. A test compares the row with the domain's order at every version.

mod row;

use event_store::RecordedEvent;
use order_aggregate::{OrderCommit, Orders, PLACED_AT};
use order_domain::Event;
use order_domain::event::{ItemQuantity, OrderPlaced};
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
pub use row::{OrderSummaryRow, SummaryItem};

use crate::list_filter::SORT;
use crate::order_fold::{FigureChange, row_to_change};
use crate::order_key;
use crate::projection::{FoldError, KeyAttributes, Projection, RowKey};

/// The index that finds a row by its order. It contains keys only.
pub(crate) const BY_ORDER: &str = "ByOrder";
/// The index's partition key.
pub(crate) const ORDER_ID: &str = "orderId";

/// The customer's list of orders.
#[derive(Debug, Clone, Copy)]
pub struct OrderSummaryByCustomer;

impl Projection for OrderSummaryByCustomer {
    type Aggregate = Orders;
    type Row = OrderSummaryRow;
    const NAME: &'static str = "OrderSummaryByCustomer";
    const NUMBER: u32 = 2;
    const KEY: KeyAttributes = KeyAttributes { partition: "customerId", sort: SORT };

    fn key(commit: &OrderCommit) -> Result<RowKey, FoldError> {
        let no_time = FoldError::NoKey { version: commit.version, part: PLACED_AT };
        let customer_id = order_key::customer_id(commit)?;
        let placed_at = order_aggregate::placed_at(commit).ok_or(no_time)?;
        let order_id = order_key::order_id(commit)?;
        Ok(row::row_key(customer_id.as_str(), placed_at, order_id.as_str()))
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        key.sort.split_once('#').map(|(_, order_id)| order_id)
    }

    fn apply(
        row: Option<OrderSummaryRow>,
        recorded: &RecordedEvent<Event>,
        commit: &OrderCommit,
    ) -> Result<OrderSummaryRow, FoldError> {
        let mut row = row_to_change(row, recorded, commit, |placed| begin(placed, commit))?;
        let change = FigureChange::of(&recorded.event);
        let money = change.money.unwrap_or_default();
        row.amount_paid = row.amount_paid.saturating_sub(money.replaced).saturating_add(money.received);
        row.amount_refunded = row.amount_refunded.saturating_add(money.refunded);
        row.due = change.due.unwrap_or(row.due);
        row.item_reductions = row.item_reductions.saturating_add(change.item_reduction);
        add_units(&mut row, change.shipped, |line| &mut line.shipped);
        add_units(&mut row, change.returned, |line| &mut line.returned);
        add_units(&mut row, change.cancelled, |line| &mut line.cancelled);
        let sent = row.shipments_under_way.saturating_add(change.shipments_sent);
        row.shipments_under_way = sent.saturating_sub(change.shipments_arrived);
        let none_is_left = !change.cancelled.is_empty() && row.fulfillment_figures().ordered == 0;
        row.cancelled |= change.cancels_order || none_is_left;
        derive_statuses(&mut row);
        row.version = commit.version;
        row.last_updated = commit.recorded_at;
        Ok(row)
    }
}

fn begin(placed: &OrderPlaced, commit: &OrderCommit) -> OrderSummaryRow {
    let items = placed.items.iter().map(|item| SummaryItem {
        sku: item.sku.to_string(),
        name: item.name.as_ref().map(|name| name.as_str().to_owned()),
        quantity: item.quantity.get(),
        unit_price: item.unit_price.minor_units(),
        shipped: 0,
        returned: 0,
        cancelled: 0,
    });
    OrderSummaryRow {
        order_id: commit.aggregate_id.clone(),
        customer_id: placed.customer_id.to_string(),
        status: OrderStatus::Placed,
        payment_status: PaymentStatus::Unpaid,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        currency: placed.currency.code().to_owned(),
        total: placed.total.minor_units(),
        shipping: placed.shipping.minor_units(),
        tax: placed.tax.minor_units(),
        discount: placed.discount.minor_units(),
        due: placed.total.minor_units(),
        item_reductions: 0,
        amount_paid: 0,
        amount_refunded: 0,
        item_count: placed.items.iter().map(|item| u64::from(item.quantity.get())).sum(),
        cancelled: false,
        to_ship: false,
        reference: placed.reference.as_ref().map(|reference| reference.as_str().to_owned()),
        metadata: placed.metadata.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        items: items.collect(),
        shipments_under_way: 0,
        placed_at: commit.recorded_at,
        last_updated: commit.recorded_at,
        version: commit.version,
    }
}

fn add_units(row: &mut OrderSummaryRow, items: &[ItemQuantity], to: impl Fn(&mut SummaryItem) -> &mut u32) {
    for item in items {
        if let Some(line) = row.items.iter_mut().find(|line| line.sku == item.sku.as_str()) {
            let units = to(line);
            *units = units.saturating_add(item.quantity.get());
        }
    }
}

fn derive_statuses(row: &mut OrderSummaryRow) {
    row.payment_status = PaymentStatus::of(row.payment_figures());
    row.fulfillment_status = FulfillmentStatus::of(row.fulfillment_figures());
    row.status = OrderStatus::of(row.cancelled, row.payment_status, row.fulfillment_status);
    row.to_ship = row.payment_figures().may_ship() && row.units_to_ship() > 0;
}
