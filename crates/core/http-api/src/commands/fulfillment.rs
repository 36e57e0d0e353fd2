//! Parsers for shipments, their delivery, and returns.

use std::collections::HashSet;

use order_domain::command::{ItemQuantity, ReturnItems, ShipItems};
use order_domain::values::{ReasonCode, ReturnId, ShipmentId, Text};

use super::order::unique_sku;
use crate::fields::{Fields, parsed, quantity};

/// Reads `{shipmentId, items:[{sku, quantity}], carrier?, trackingNumber?}`.
pub(super) fn ship(fields: &mut Fields<'_>) -> Option<ShipItems> {
    let shipment_id = fields.required("shipmentId", parsed(ShipmentId::parse));
    let items = item_quantities(fields);
    let carrier = fields.optional("carrier", parsed(Text::parse));
    let tracking_number = fields.optional("trackingNumber", parsed(Text::parse));
    Some(ShipItems { shipment_id: shipment_id?, items: items?, carrier: carrier?, tracking_number: tracking_number? })
}

/// Reads `{returnId, items:[{sku, quantity}], reason?, reasonCode?}`.
pub(super) fn take_back(fields: &mut Fields<'_>) -> Option<ReturnItems> {
    let return_id = fields.required("returnId", parsed(ReturnId::parse));
    let items = item_quantities(fields);
    let reason = fields.optional("reason", parsed(Text::parse));
    let reason_code = fields.optional("reasonCode", parsed(ReasonCode::parse));
    Some(ReturnItems { return_id: return_id?, items: items?, reason: reason?, reason_code: reason_code? })
}

/// Reads `items:[{sku, quantity}]`.
pub(super) fn item_quantities(fields: &mut Fields<'_>) -> Option<Vec<ItemQuantity>> {
    let mut skus = HashSet::new();
    fields.items("items", |item| {
        let sku = unique_sku(item, &mut skus);
        let quantity = item.required("quantity", quantity);
        Some(ItemQuantity { sku: sku?, quantity: quantity? })
    })
}
