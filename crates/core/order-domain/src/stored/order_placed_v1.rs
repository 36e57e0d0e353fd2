//! `OrderPlaced` as it was first stored: without `total`, which every reader had to compute.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::Rejection;
use crate::event::{OrderItem, OrderPlaced};
use crate::total::total;
use crate::values::{Amount, Currency, CustomerId, MAX_ITEMS, Metadata};

/// The order was placed.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderPlacedV1 {
    /// The customer who ordered.
    customer_id: CustomerId,
    /// The currency of every amount of the order: an ISO 4217 code.
    currency: Currency,
    /// The lines that were ordered.
    #[schemars(length(min = 1, max = MAX_ITEMS))]
    items: Vec<OrderItem>,
    /// Shipping charged, in minor units; 0 if absent.
    #[serde(default)]
    shipping: Amount,
    /// Tax charged, in minor units; 0 if absent.
    #[serde(default)]
    tax: Amount,
    /// Discount granted, in minor units; 0 if absent.
    #[serde(default)]
    discount: Amount,
}

pub(super) fn upcast(old: OrderPlacedV1) -> Result<OrderPlaced, Rejection> {
    let OrderPlacedV1 { customer_id, currency, items, shipping, tax, discount } = old;
    let total = total(&items, shipping, tax, discount)?;
    let (reference, metadata, quote) = (None, Metadata::default(), None);
    Ok(OrderPlaced { customer_id, currency, items, shipping, tax, discount, total, reference, metadata, quote })
}
