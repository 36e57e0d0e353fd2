//! A row in the form of a reply. A row and the fold of the same events give the same reply; a test compares both.

use http_api::replies::{LineView, SummaryView};
use read_models::{OrderSummaryRow, SummaryItem};

/// Returns the order of a row.
pub(crate) fn of_row(row: OrderSummaryRow) -> SummaryView {
    let units_to_ship = row.units_to_ship();
    let OrderSummaryRow {
        order_id,
        customer_id,
        status,
        payment_status,
        fulfillment_status,
        currency,
        total,
        shipping,
        tax,
        discount,
        due,
        amount_paid,
        amount_refunded,
        item_count,
        to_ship,
        reference,
        metadata,
        items,
        placed_at,
        last_updated,
        version,
        // The other fields are facts of the fold.
        ..
    } = row;
    SummaryView {
        order_id,
        customer_id,
        status,
        payment_status,
        fulfillment_status,
        currency,
        total,
        shipping,
        tax,
        discount,
        due,
        amount_paid,
        amount_refunded,
        item_count,
        units_to_ship,
        to_ship,
        reference,
        metadata,
        items: items.into_iter().map(of_item).collect(),
        placed_at,
        last_updated,
        version,
        as_of: None,
        stale: None,
        details: None,
    }
}

fn of_item(item: SummaryItem) -> LineView {
    let SummaryItem { sku, name, quantity, unit_price, shipped, returned, cancelled } = item;
    LineView { sku, name, quantity, unit_price, shipped, returned, cancelled }
}
