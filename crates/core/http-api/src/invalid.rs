//! The faults of a request, with their locations. All of them are collected before the request is rejected.

use order_domain::values::ValueError;
use serde_json::{Value, json};

/// The largest number of errors in one reply: a hostile body with 50,000 unknown fields gets a short reply.
pub const MAX_ERRORS: usize = 100;

/// One fault of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The location of the fault.
    pub place: Place,
    /// The stable code of the fault.
    pub code: &'static str,
    /// The fault in words, for people.
    pub detail: String,
}

/// The location of an error in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A JSON pointer (RFC 6901) into the body; empty for the body as a whole.
    Pointer(String),
    /// A JSON pointer into the claims of a signed quote; empty for the claims as a whole.
    Claim(String),
    /// A path or query parameter.
    Parameter(String),
    /// A header.
    Header(&'static str),
}

impl Invalid {
    /// Returns the error as a reply lists it. One member, named after the kind of location, contains the location.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (kind, place) = match &self.place {
            Place::Pointer(pointer) => ("pointer", pointer.as_str()),
            Place::Claim(pointer) => ("claim", pointer.as_str()),
            Place::Parameter(name) => ("parameter", name.as_str()),
            Place::Header(name) => ("header", *name),
        };
        json!({ kind: place, "code": self.code, "detail": self.detail })
    }
}

/// The reason why a single value was rejected, before the location of the value is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stable code of the fault.
    pub code: &'static str,
    /// The fault in words, for people.
    pub detail: String,
}

impl Fault {
    /// Creates a fault with this code and detail.
    #[must_use]
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// Adds the location to the fault.
    #[must_use]
    pub fn at(self, place: Place) -> Invalid {
        Invalid { place, code: self.code, detail: self.detail }
    }
}

impl From<ValueError> for Fault {
    fn from(error: ValueError) -> Self {
        let code = match error {
            ValueError::Empty => "empty",
            ValueError::TooLong { .. } => "too_long",
            ValueError::BadIdCharacter => "bad_id",
            ValueError::BadTextCharacter | ValueError::Invisible => "bad_text",
            ValueError::BadReasonCode => "bad_reason_code",
            ValueError::MetadataTooLarge { .. } => "too_large",
            ValueError::AmountOutOfRange | ValueError::QuantityOutOfRange => "out_of_range",
            ValueError::UnknownCurrency | ValueError::NotACurrencyCode => "unknown_currency",
        };
        Self::new(code, error.to_string())
    }
}

/// Returns the value, or records its fault at `place` and continues.
pub fn note<T>(errors: &mut Vec<Invalid>, place: Place, result: Result<T, impl Into<Fault>>) -> Option<T> {
    result.map_err(|fault| errors.push(fault.into().at(place))).ok()
}
