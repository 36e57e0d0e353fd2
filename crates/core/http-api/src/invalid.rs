//! What is wrong with a request, place by place. Every error is collected before the request is refused.

use order_domain::values::ValueError;
use serde_json::{Value, json};

/// The most errors one reply lists: a hostile body of 50,000 unknown fields gets a short answer.
pub const MAX_ERRORS: usize = 100;

/// One thing wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Where it is.
    pub place: Place,
    /// The stable word for it.
    pub code: &'static str,
    /// What is wrong, for people.
    pub detail: String,
}

/// Where in a request an error is.
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
    /// The error as a reply lists it: one member, named for the kind of place, says where.
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

/// Why a single value was refused, before it is known where the value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stable word for it.
    pub code: &'static str,
    /// What is wrong, for people.
    pub detail: String,
}

impl Fault {
    /// A fault with these words.
    #[must_use]
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// The fault at its place.
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

/// Keeps the value, or notes what is wrong with it at `place` and goes on.
pub fn note<T>(errors: &mut Vec<Invalid>, place: Place, result: Result<T, impl Into<Fault>>) -> Option<T> {
    result.map_err(|fault| errors.push(fault.into().at(place))).ok()
}
