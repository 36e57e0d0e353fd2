//! `OrderPlaced` as it was first stored: without `total`, which every reader had to compute.

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Value;

use crate::event::{OrderItem, OrderPlaced};
use crate::total::total;
use crate::values::{Amount, Currency, CustomerId};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderPlacedV1 {
    customer_id: CustomerId,
    currency: Currency,
    items: Vec<OrderItem>,
    #[serde(default)]
    shipping: Amount,
    #[serde(default)]
    tax: Amount,
    #[serde(default)]
    discount: Amount,
}

pub(super) fn upcast(data: Value) -> Result<OrderPlaced, serde_json::Error> {
    let OrderPlacedV1 { customer_id, currency, items, shipping, tax, discount } = serde_json::from_value(data)?;
    let total = total(&items, shipping, tax, discount).map_err(serde_json::Error::custom)?;
    Ok(OrderPlaced { customer_id, currency, items, shipping, tax, discount, total })
}
