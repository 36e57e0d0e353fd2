//! Parsers for placing and cancelling orders.

use std::collections::HashSet;

use order_domain::command::{CancelItems, CancelOrder, OrderItem, PlaceOrder};
use order_domain::values::{Amount, CancellationId, Currency, CustomerId, ReasonCode, Reference, Sku, Text};

use super::fulfillment::item_quantities;
use crate::fields::{Fields, amount, parsed, quantity};
use crate::invalid::Fault;

/// Reads the fields of a new order:
/// `{customerId, currency, items:[{sku, name?, quantity, unitPrice}], shipping?, tax?, discount?, reference?, metadata?}`.
pub(crate) fn place(fields: &mut Fields<'_>) -> Option<PlaceOrder> {
    let customer_id = fields.required("customerId", parsed(CustomerId::parse));
    let currency = fields.required("currency", parsed(Currency::parse));
    let mut skus = HashSet::new();
    let items = fields.items("items", |item| order_item(item, &mut skus));
    let mut charge = |name| fields.optional(name, amount).map(|amount| amount.unwrap_or(Amount::ZERO));
    let (shipping, tax, discount) = (charge("shipping"), charge("tax"), charge("discount"));
    let reference = fields.optional("reference", parsed(Reference::parse));
    let metadata = fields.metadata("metadata");
    Some(PlaceOrder {
        customer_id: customer_id?,
        currency: currency?,
        items: items?,
        shipping: shipping?,
        tax: tax?,
        discount: discount?,
        reference: reference?,
        metadata: metadata?,
        quote: None,
    })
}

fn order_item(item: &mut Fields<'_>, skus: &mut HashSet<Sku>) -> Option<OrderItem> {
    let sku = unique_sku(item, skus);
    let name = item.optional("name", parsed(Text::parse));
    let quantity = item.required("quantity", quantity);
    let unit_price = item.required("unitPrice", amount);
    Some(OrderItem { sku: sku?, name: name?, quantity: quantity?, unit_price: unit_price? })
}

/// Reads the sku of an item. No earlier item in the list may have the same sku.
pub(super) fn unique_sku(item: &mut Fields<'_>, seen: &mut HashSet<Sku>) -> Option<Sku> {
    let sku = item.required("sku", parsed(Sku::parse))?;
    if !seen.insert(sku.clone()) {
        item.record("sku", Fault::new("repeated_sku", "an item before this one has the same sku"));
    }
    Some(sku)
}

/// Reads `{cancellationId, items:[{sku, quantity}], reduction?, reason, reasonCode?}`.
pub(super) fn cancel_items(fields: &mut Fields<'_>) -> Option<CancelItems> {
    let cancellation_id = fields.required("cancellationId", parsed(CancellationId::parse));
    let items = item_quantities(fields);
    let reduction = fields.optional("reduction", amount);
    let reason = fields.required("reason", parsed(Text::parse));
    let reason_code = fields.optional("reasonCode", parsed(ReasonCode::parse));
    Some(CancelItems {
        cancellation_id: cancellation_id?,
        items: items?,
        reduction: reduction?,
        reason: reason?,
        reason_code: reason_code?,
    })
}

/// Reads `{reason, reasonCode?}`.
pub(super) fn cancel(fields: &mut Fields<'_>) -> Option<CancelOrder> {
    let reason = fields.required("reason", parsed(Text::parse));
    let reason_code = fields.optional("reasonCode", parsed(ReasonCode::parse));
    Some(CancelOrder { reason: reason?, reason_code: reason_code? })
}
