//! Parsers for placing and cancelling orders.

use std::collections::HashSet;

use order_domain::command::{CancelItems, CancelOrder, OrderItem, PlaceOrder};
use order_domain::values::{Amount, CancellationId, CustomerId, Sku};

use super::fulfillment::item_quantities;
use crate::fields::{self, Fields};
use crate::invalid::{Fault, Invalid};

/// Reads the fields of a new order:
/// `{customerId, currency, items:[{sku, name?, quantity, unitPrice}], shipping?, tax?, discount?, reference?, metadata?}`.
pub(crate) fn place(fields: &mut Fields<'_>, errors: &mut Vec<Invalid>) -> Option<PlaceOrder> {
    let customer_id = fields.required("customerId", fields::id(CustomerId::parse), errors);
    let currency = fields.required("currency", fields::currency, errors);
    let mut skus = HashSet::new();
    let items = fields.items("items", |item, errors| order_item(item, &mut skus, errors), errors);
    let mut charge = |name| fields.optional(name, fields::amount, errors).map(|amount| amount.unwrap_or(Amount::ZERO));
    let (shipping, tax, discount) = (charge("shipping"), charge("tax"), charge("discount"));
    let reference = fields.optional("reference", fields::reference, errors);
    let metadata = fields.metadata("metadata", errors);
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

fn order_item(item: &mut Fields<'_>, skus: &mut HashSet<Sku>, errors: &mut Vec<Invalid>) -> Option<OrderItem> {
    let sku = unique_sku(item, skus, errors);
    let name = item.optional("name", fields::text, errors);
    let quantity = item.required("quantity", fields::quantity, errors);
    let unit_price = item.required("unitPrice", fields::amount, errors);
    Some(OrderItem { sku: sku?, name: name?, quantity: quantity?, unit_price: unit_price? })
}

/// Reads the sku of an item. No earlier item in the list may have the same sku.
pub(super) fn unique_sku(item: &mut Fields<'_>, seen: &mut HashSet<Sku>, errors: &mut Vec<Invalid>) -> Option<Sku> {
    let sku = item.required("sku", fields::id(Sku::parse), errors)?;
    if !seen.insert(sku.clone()) {
        let fault = Fault::new("repeated_sku", "an item before this one has the same sku");
        errors.push(fault.at(item.place("sku")));
    }
    Some(sku)
}

/// Reads `{cancellationId, items:[{sku, quantity}], reduction?, reason, reasonCode?}`.
pub(super) fn cancel_items(fields: &mut Fields<'_>, errors: &mut Vec<Invalid>) -> Option<CancelItems> {
    let cancellation_id = fields.required("cancellationId", fields::id(CancellationId::parse), errors);
    let items = item_quantities(fields, errors);
    let reduction = fields.optional("reduction", fields::amount, errors);
    let reason = fields.required("reason", fields::text, errors);
    let reason_code = fields.optional("reasonCode", fields::reason_code, errors);
    Some(CancelItems {
        cancellation_id: cancellation_id?,
        items: items?,
        reduction: reduction?,
        reason: reason?,
        reason_code: reason_code?,
    })
}

/// Reads `{reason, reasonCode?}`.
pub(super) fn cancel(fields: &mut Fields<'_>, errors: &mut Vec<Invalid>) -> Option<CancelOrder> {
    let reason = fields.required("reason", fields::text, errors);
    let reason_code = fields.optional("reasonCode", fields::reason_code, errors);
    Some(CancelOrder { reason: reason?, reason_code: reason_code? })
}
