//! Values that are valid by construction: `parse` or `new` checks each one once, at the edge. `schema` states the same
//! limits as JSON Schema.

mod currency;
mod metadata;
mod number;
pub(crate) mod schema;
mod text;
mod value_error;

pub use currency::Currency;
pub use metadata::{MAX_METADATA, Metadata};
pub use number::{Amount, MAX_AMOUNT, MAX_QUANTITY, Quantity};
pub use text::*;
pub use value_error::ValueError;

/// The largest number of lines in an order.
pub const MAX_ITEMS: usize = 100;
/// The largest number of ids recorded of one order: payments, corrections, refunds, shipments, returns and
/// cancellations together. This limit keeps the state of every order small enough for a snapshot, and a snapshot within
/// DynamoDB's 400 KB per item.
pub const MAX_CHANGES: usize = 1_000;
