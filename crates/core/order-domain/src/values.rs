//! Values that are valid by construction: `parse` or `new` checks each one once, at the edge. `schema` states the same
//! limits as JSON Schema.

mod currency;
mod metadata;
pub(crate) mod schema;
mod text;

use std::fmt;

pub use currency::Currency;
pub use metadata::{MAX_METADATA, Metadata};
use serde::{Deserialize, Serialize};
pub use text::{MAX_REASON_CODE, MAX_REFERENCE, MAX_TEXT, ReasonCode, Reference, Text};

/// The largest amount in minor units, 2^53 - 1: the largest integer that every JSON reader represents exactly.
pub const MAX_AMOUNT: u64 = (1 << 53) - 1;
/// The largest number of units of one item in an order, a shipment or a return.
pub const MAX_QUANTITY: u32 = 1_000_000;
/// The largest number of lines in an order.
pub const MAX_ITEMS: usize = 100;
/// The largest number of ids recorded of one order: payments, corrections, refunds, shipments, returns and
/// cancellations together. This limit keeps the state of every order small enough for a snapshot, and a snapshot within
/// DynamoDB's 400 KB per item.
pub const MAX_CHANGES: usize = 1_000;
/// The largest number of characters in an id.
pub const MAX_ID: usize = 64;

/// The reason why a value was rejected. The message is for the caller who sent the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The id, name or reason has no characters.
    #[error("must not be empty")]
    Empty,
    /// The value has more characters than allowed.
    #[error("must be at most {max} characters")]
    TooLong {
        /// The limit, in characters.
        max: usize,
    },
    /// The id has a character outside `[A-Za-z0-9._-]`, or starts with one of `._-`.
    #[error("must start with a letter or digit and contain only letters, digits, '.', '_' and '-'")]
    BadIdCharacter,
    /// The text has a control character, a noncharacter, or a bidirectional embedding, override or isolate.
    #[error("must not contain control characters, noncharacters or bidirectional overrides")]
    BadTextCharacter,
    /// The text has only blanks and invisible characters.
    #[error("must have at least one visible character")]
    Invisible,
    /// The reason code has a character other than ASCII letters and `_`, or starts with `_`.
    #[error("must start with a letter and contain only letters and '_'")]
    BadReasonCode,
    /// The names and values of the metadata are larger in total than allowed.
    #[error("must have at most {max} bytes of UTF-8, names and values together")]
    MetadataTooLarge {
        /// The limit, in bytes.
        max: usize,
    },
    /// The amount is above [`MAX_AMOUNT`].
    #[error("must be an integer from 0 to 9007199254740991, in minor units")]
    AmountOutOfRange,
    /// The quantity is outside 1..=[`MAX_QUANTITY`].
    #[error("must be an integer from 1 to 1000000")]
    QuantityOutOfRange,
    /// The code is not the ISO 4217 code, in capital letters, of a currency in use today.
    #[error("must be the ISO 4217 code of a currency in use, such as EUR")]
    UnknownCurrency,
    /// The stored currency is not three capital letters.
    #[error("must be three capital letters")]
    NotACurrencyCode,
}

fn check_id(text: &str) -> Result<(), ValueError> {
    let Some(first) = text.bytes().next() else { return Err(ValueError::Empty) };
    if text.len() > MAX_ID {
        return Err(ValueError::TooLong { max: MAX_ID });
    }
    let rest_allowed = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if first.is_ascii_alphanumeric() && rest_allowed { Ok(()) } else { Err(ValueError::BadIdCharacter) }
}

macro_rules! id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        ///
        /// Matches `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, so an id cannot inject a delimiter into a key.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps an id.
            ///
            /// # Errors
            /// Returns an error if the id is empty, is longer than [`MAX_ID`], or has a character outside the allowed
            /// set.
            pub fn parse(text: &str) -> Result<Self, ValueError> {
                check_id(text)?;
                Ok(Self(text.to_owned()))
            }

            /// Returns the id as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = ValueError;

            fn try_from(text: String) -> Result<Self, ValueError> {
                check_id(&text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

id! {
    /// Names a customer.
    CustomerId,
    /// Names an order: the aggregate's id.
    OrderId,
    /// Names a payment within an order.
    PaymentId,
    /// Names a correction of a payment within an order.
    CorrectionId,
    /// Names a refund within an order.
    RefundId,
    /// Names a shipment within an order.
    ShipmentId,
    /// Names a return within an order.
    ReturnId,
    /// Names a cancellation of items within an order.
    CancellationId,
    /// Names a product; an order lists it at most once.
    Sku,
    /// Names a quote of prices; unique for its customer.
    QuoteId,
    /// Names a key that quotes are signed with.
    KeyId,
}

/// Money in minor units of the order's currency: 0..=2^53 - 1. Code that adds amounts checks the sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Amount(u64);

impl Amount {
    /// The amount 0.
    pub const ZERO: Self = Self(0);

    /// Checks and wraps an amount.
    ///
    /// # Errors
    /// Returns an error if the amount is above [`MAX_AMOUNT`].
    pub fn new(minor_units: u64) -> Result<Self, ValueError> {
        if minor_units <= MAX_AMOUNT { Ok(Self(minor_units)) } else { Err(ValueError::AmountOutOfRange) }
    }

    /// Returns the amount in minor units.
    #[must_use]
    pub const fn minor_units(self) -> u64 {
        self.0
    }

    /// Returns this amount less `other`, or 0 if `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Returns true if the amount is 0. Stored shapes use it to leave a field out.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl TryFrom<u64> for Amount {
    type Error = ValueError;

    fn try_from(minor_units: u64) -> Result<Self, ValueError> {
        Self::new(minor_units)
    }
}

impl From<Amount> for u64 {
    fn from(amount: Amount) -> u64 {
        amount.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number of units of one item: 1..=1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

impl Quantity {
    /// Checks and wraps a quantity.
    ///
    /// # Errors
    /// Returns an error if the quantity is 0 or above [`MAX_QUANTITY`].
    pub fn new(count: u32) -> Result<Self, ValueError> {
        if (1..=MAX_QUANTITY).contains(&count) { Ok(Self(count)) } else { Err(ValueError::QuantityOutOfRange) }
    }

    /// Returns the number of units.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Quantity {
    type Error = ValueError;

    fn try_from(count: u32) -> Result<Self, ValueError> {
        Self::new(count)
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> u32 {
        quantity.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
