//! The values as JSON Schema: the same limits as in their `parse` and `new`, for readers that cannot call those
//! functions. A description here applies where a field has no description of its own.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    Amount, CancellationId, CorrectionId, Currency, CustomerId, KeyId, MAX_AMOUNT, MAX_ID, MAX_QUANTITY,
    MAX_REASON_CODE, MAX_REFERENCE, MAX_TEXT, Metadata, OrderId, PaymentId, Quantity, QuoteId, ReasonCode, Reference,
    RefundId, ReturnId, ShipmentId, Sku, Text,
};

macro_rules! json_schemas {
    ($($value:ident: $schema:expr;)+) => {$(
        impl JsonSchema for $value {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($value).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )+};
}

json_schemas! {
    CustomerId: id("Names a customer.");
    OrderId: id("Names an order.");
    PaymentId: id("Names a payment within an order.");
    CorrectionId: id("Names a correction of a payment within an order.");
    RefundId: id("Names a refund within an order.");
    ShipmentId: id("Names a shipment within an order.");
    ReturnId: id("Names a return within an order.");
    CancellationId: id("Names a cancellation of items within an order.");
    Sku: id("Names what is sold; at most once an order.");
    QuoteId: id("Names a quote of prices; unique for its customer.");
    KeyId: id("Names a key that quotes are signed with.");
    Text: json_schema!({
        "description": "A short text of any script, without control characters.",
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_TEXT,
    });
    Reference: json_schema!({
        "description": "A shop's own order number.",
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_REFERENCE,
    });
    ReasonCode: json_schema!({
        "description": "A short word of the shop's own, for statistics.",
        "type": "string",
        "pattern": "^[A-Za-z][A-Za-z_]*$",
        "maxLength": MAX_REASON_CODE,
    });
    Metadata: json_schema!({
        "description": "A shop's own notes: short strings by name, at most 512 bytes of UTF-8 in all.",
        "type": "object",
        "additionalProperties": { "type": "string", "minLength": 1, "maxLength": MAX_TEXT },
    });
    Amount: json_schema!({
        "description": "Money in minor units of the order's currency.",
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_AMOUNT,
    });
    Quantity: json_schema!({
        "description": "How many.",
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_QUANTITY,
    });
    Currency: json_schema!({
        "description": "An ISO 4217 code, which may have been withdrawn since.",
        "type": "string",
        "pattern": "^[A-Z]{3}$",
    });
}

fn id(description: &str) -> Schema {
    json_schema!({
        "description": description,
        "type": "string",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$",
        "maxLength": MAX_ID,
    })
}

/// Returns the published schema of an event id.
pub(crate) fn event_id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    })
}
