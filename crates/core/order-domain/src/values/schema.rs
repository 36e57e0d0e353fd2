//! The values as JSON Schema: the same limits as in their `parse` and `new`, for readers that cannot call those
//! functions. A description here applies where a field has no description of its own.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Amount, Currency, MAX_AMOUNT, MAX_ID, MAX_QUANTITY, MAX_REASON_CODE, MAX_TEXT, Metadata, Quantity};

/// Implements `JsonSchema` for types, each with the schema that an expression returns.
macro_rules! json_schemas {
    ($($value:ident: $schema:expr;)+) => {$(
        impl schemars::JsonSchema for $value {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($value).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    )+};
}
pub(super) use json_schemas;

json_schemas! {
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

/// Returns the schema of an id.
pub(super) fn id(description: &str) -> Schema {
    json_schema!({
        "description": description,
        "type": "string",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$",
        "maxLength": MAX_ID,
    })
}

/// Returns the schema of a text for people.
pub(super) fn text<const MAX: usize>(description: &str) -> Schema {
    json_schema!({ "description": description, "type": "string", "minLength": 1, "maxLength": MAX })
}

/// Returns the schema of a reason code.
pub(super) fn reason_code(description: &str) -> Schema {
    json_schema!({
        "description": description,
        "type": "string",
        "pattern": "^[A-Za-z][A-Za-z_]*$",
        "maxLength": MAX_REASON_CODE,
    })
}

/// Returns the published schema of an event id.
pub(crate) fn event_id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    })
}
