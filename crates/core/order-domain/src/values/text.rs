//! Ids, texts for people, and the short words that accompany them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::schema::{self, json_schemas};
use super::value_error::ValueError;

/// The largest number of characters in an id.
pub const MAX_ID: usize = 64;
/// The largest number of characters (Unicode scalar values) in a name or a reason.
pub const MAX_TEXT: usize = 256;
/// The largest number of characters in a shop's own order number.
pub const MAX_REFERENCE: usize = 64;
/// The largest number of characters in a reason code.
pub const MAX_REASON_CODE: usize = 32;

pub(super) fn check_id(text: &str) -> Result<(), ValueError> {
    let Some(first) = text.bytes().next() else { return Err(ValueError::Empty) };
    if text.len() > MAX_ID {
        return Err(ValueError::TooLong { max: MAX_ID });
    }
    let rest_allowed = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if first.is_ascii_alphanumeric() && rest_allowed { Ok(()) } else { Err(ValueError::BadIdCharacter) }
}

/// Checks a new text.
fn check_new(text: &str, max: usize) -> Result<(), ValueError> {
    check_stored(text, max)?;
    if text.chars().any(is_noncharacter) {
        return Err(ValueError::BadTextCharacter);
    }
    if text.chars().all(is_invisible) { Err(ValueError::Invisible) } else { Ok(()) }
}

/// Checks a stored text by the rules of the first release. These rules must never get stricter, or stored orders would
/// become unreadable.
fn check_stored(text: &str, max: usize) -> Result<(), ValueError> {
    if text.is_empty() {
        return Err(ValueError::Empty);
    }
    if text.chars().count() > max {
        return Err(ValueError::TooLong { max });
    }
    if text.chars().any(|c| c.is_control() || is_line_break(c) || reorders_text(c)) {
        return Err(ValueError::BadTextCharacter);
    }
    Ok(())
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Returns true for bidirectional embeddings, overrides and isolates. They make a text, and the text after it, display
/// differently from the stored order of characters.
fn reorders_text(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Returns true for the 66 code points that Unicode guarantees never to assign (Unicode Standard, section 23.7).
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Returns true for characters that display nothing on their own: white space, characters with Unicode's property
/// `Default_Ignorable_Code_Point` (version 17; unassigned ones in its ranges included), the annotation marks, and the
/// blank Braille pattern.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

fn check_reason_code(code: &str) -> Result<(), ValueError> {
    let Some(first) = code.bytes().next() else { return Err(ValueError::Empty) };
    if code.len() > MAX_REASON_CODE {
        return Err(ValueError::TooLong { max: MAX_REASON_CODE });
    }
    let rest_allowed = code.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    if first.is_ascii_alphabetic() && rest_allowed { Ok(()) } else { Err(ValueError::BadReasonCode) }
}

/// Generates types of text. The first check applies to new texts, the second to stored ones. The JSON Schema is that of
/// the third function, which gets the type's documentation as the description.
macro_rules! texts {
    ($new:expr, $stored:expr, $schema:expr; $(#[doc = $doc:literal] $name:ident),+ $(,)?) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps a text.
            ///
            /// # Errors
            /// Returns an error if the text is empty, too long or invisible, or has a character that is not allowed.
            pub fn parse(text: &str) -> Result<Self, ValueError> {
                ($new)(text)?;
                Ok(Self(text.to_owned()))
            }

            /// Returns the text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = ValueError;

            /// Reads a stored text.
            fn try_from(text: String) -> Result<Self, ValueError> {
                ($stored)(&text)?;
                Ok(Self(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        json_schemas! { $name: $schema($doc.trim_start()); }
    )+};
}

// Ids match `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, so an id cannot inject a delimiter into a key.
texts! {
    check_id, check_id, schema::id;
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

// All scripts are allowed. At least one character is visible. Control characters, noncharacters and bidirectional
// embeddings, overrides and isolates are not allowed. The marks U+061C, U+200E and U+200F are allowed, because
// right-to-left scripts use them.
texts! {
    |text| check_new(text, MAX_TEXT), |text: &str| check_stored(text, MAX_TEXT), schema::text::<MAX_TEXT>;
    /// A name, a reason or another short text of 1..=256 characters of any script, at least one of them visible.
    Text,
}
texts! {
    |text| check_new(text, MAX_REFERENCE), |text: &str| check_stored(text, MAX_REFERENCE), schema::text::<MAX_REFERENCE>;
    /// A shop's own order number, of 1..=64 characters of any script, at least one of them visible.
    Reference,
}
texts! {
    check_reason_code, check_reason_code, schema::reason_code;
    /// A short word of the shop's own that accompanies a reason, for statistics: `[A-Za-z][A-Za-z_]{0,31}`.
    ReasonCode,
}
