//! Parsers for shipments, their delivery, and returns.

use std::collections::HashSet;

use order_domain::command::{ItemQuantity, RecordDelivery, ReturnItems, ShipItems};
use order_domain::values::{ReturnId, ShipmentId};

use super::order::unique_sku;
use crate::fields::{self, Fields};
use crate::invalid::Invalid;

/// Reads `{shipmentId, items:[{sku, quantity}], carrier?, trackingNumber?}`.
pub(super) fn ship(fields: &mut Fields<'_>, errors: &mut Vec<Invalid>) -> Option<ShipItems> {
    let shipment_id = fields.required("shipmentId", fields::id(ShipmentId::parse), errors);
    let items = item_quantities(fields, errors);
    let carrier = fields.optional("carrier", fields::text, errors);
    let tracking_number = fields.optional("trackingNumber", fields::text, errors);
    Some(ShipItems { shipment_id: shipment_id?, items: items?, carrier: carrier?, tracking_number: tracking_number? })
}

/// Builds the command from the path. The request has no body.
pub(super) fn deliver(shipment_id: Option<ShipmentId>) -> Option<RecordDelivery> {
    Some(RecordDelivery { shipment_id: shipment_id? })
}

/// Reads `{returnId, items:[{sku, quantity}], reason?, reasonCode?}`.
pub(super) fn take_back(fields: &mut Fields<'_>, errors: &mut Vec<Invalid>) -> Option<ReturnItems> {
    let return_id = fields.required("returnId", fields::id(ReturnId::parse), errors);
    let items = item_quantities(fields, errors);
    let reason = fields.optional("reason", fields::text, errors);
    let reason_code = fields.optional("reasonCode", fields::reason_code, errors);
    Some(ReturnItems { return_id: return_id?, items: items?, reason: reason?, reason_code: reason_code? })
}

/// Reads `items:[{sku, quantity}]`.
pub(super) fn item_quantities(fields: &mut Fields<'_>, errors: &mut Vec<Invalid>) -> Option<Vec<ItemQuantity>> {
    let mut skus = HashSet::new();
    fields.items(
        "items",
        |item, errors| {
            let sku = unique_sku(item, &mut skus, errors);
            let quantity = item.required("quantity", fields::quantity, errors);
            Some(ItemQuantity { sku: sku?, quantity: quantity? })
        },
        errors,
    )
}
