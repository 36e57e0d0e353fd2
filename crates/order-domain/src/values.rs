//! Values that cannot be wrong: each is checked once, at the edge, by its `parse` or `new`. `schema` tells the same
//! limits to readers of JSON Schema.

pub(crate) mod schema;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The largest amount in minor units, 2^53 - 1: the largest integer every JSON reader holds exactly.
pub const MAX_AMOUNT: u64 = (1 << 53) - 1;
/// The most units of one item in an order, a shipment or a return.
pub const MAX_QUANTITY: u32 = 1_000_000;
/// The most lines an order may have.
pub const MAX_ITEMS: usize = 100;
/// The most characters (Unicode scalar values) of a name or a reason.
pub const MAX_TEXT: usize = 256;
/// The most characters of an id.
pub const MAX_ID: usize = 64;

/// Why a value was refused. The words are for the caller who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// An id, a name or a reason of no characters.
    #[error("must not be empty")]
    Empty,
    /// More characters than allowed.
    #[error("must be at most {max} characters")]
    TooLong {
        /// The limit, in characters.
        max: usize,
    },
    /// An id with a character outside `[A-Za-z0-9._-]`, or that starts with one of `._-`.
    #[error("must start with a letter or digit and contain only letters, digits, '.', '_' and '-'")]
    BadIdCharacter,
    /// A control character, or a bidirectional embedding, override or isolate, in a text.
    #[error("must not contain control characters or bidirectional overrides")]
    BadTextCharacter,
    /// An amount beyond [`MAX_AMOUNT`].
    #[error("must be an integer from 0 to 9007199254740991, in minor units")]
    AmountOutOfRange,
    /// A quantity outside 1..=[`MAX_QUANTITY`].
    #[error("must be an integer from 1 to 1000000")]
    QuantityOutOfRange,
    /// Not the ISO 4217 code, in capital letters, of a currency that people pay in.
    #[error("must be an ISO 4217 currency code such as EUR")]
    UnknownCurrency,
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
        /// Matches `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, so no delimiter can be smuggled into a key.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps an id.
            ///
            /// # Errors
            /// When it is empty, longer than [`MAX_ID`], or has a character outside the allowed set.
            pub fn parse(text: &str) -> Result<Self, ValueError> {
                check_id(text)?;
                Ok(Self(text.to_owned()))
            }

            /// The id as it was given.
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
    /// Names a refund within an order.
    RefundId,
    /// Names a shipment within an order.
    ShipmentId,
    /// Names a return within an order.
    ReturnId,
    /// Names what is sold; at most once an order.
    Sku,
}

/// A name, a reason or another short text: 1..=256 characters of any script, no control characters, no bidirectional
/// embeddings, overrides or isolates (which could make a text, and what stands after it, read otherwise than stored).
/// The marks U+061C, U+200E and U+200F are welcome: right-to-left scripts are written with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(String);

impl Text {
    /// Checks and wraps a text.
    ///
    /// # Errors
    /// When it is empty, longer than [`MAX_TEXT`], or has a character that is not allowed.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        Self::try_from(text.to_owned())
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn reorders_text(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

impl TryFrom<String> for Text {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        if text.is_empty() {
            return Err(ValueError::Empty);
        }
        if text.chars().count() > MAX_TEXT {
            return Err(ValueError::TooLong { max: MAX_TEXT });
        }
        if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || reorders_text(c)) {
            return Err(ValueError::BadTextCharacter);
        }
        Ok(Self(text))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> String {
        text.0
    }
}

/// Money in minor units of the order's currency: 0..=2^53 - 1. Sums are checked by whoever adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Checks and wraps an amount.
    ///
    /// # Errors
    /// When it is beyond [`MAX_AMOUNT`].
    pub fn new(minor_units: u64) -> Result<Self, ValueError> {
        if minor_units <= MAX_AMOUNT { Ok(Self(minor_units)) } else { Err(ValueError::AmountOutOfRange) }
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn minor_units(self) -> u64 {
        self.0
    }

    /// Whether this is nothing; lets a stored field be left out.
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

/// How many of an item: 1..=1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

impl Quantity {
    /// Checks and wraps a quantity.
    ///
    /// # Errors
    /// When it is 0 or beyond [`MAX_QUANTITY`].
    pub fn new(count: u32) -> Result<Self, ValueError> {
        if (1..=MAX_QUANTITY).contains(&count) { Ok(Self(count)) } else { Err(ValueError::QuantityOutOfRange) }
    }

    /// The count.
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

/// An ISO 4217 currency that people pay in: not a precious metal, a fund or a test code. A superseded one is
/// accepted, because orders outlive currencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Reads a code of three capital letters.
    ///
    /// # Errors
    /// When it is not the code of such a currency.
    pub fn parse(code: &str) -> Result<Self, ValueError> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| !currency.is_special() && !currency.is_fund())
            .map(Self)
            .ok_or(ValueError::UnknownCurrency)
    }

    /// The code of three capital letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }
}

impl TryFrom<String> for Currency {
    type Error = ValueError;

    fn try_from(code: String) -> Result<Self, ValueError> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}
