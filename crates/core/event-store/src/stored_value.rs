//! The attribute values that commits are read from. Items of the SDK are read without a conversion of their maps, which took a
//! third of the time of a fold.

use std::collections::HashMap;

use serde_dynamo::AttributeValue;

/// A value without its representation in a library.
pub(crate) enum Plain<V> {
    /// A text.
    Text(String),
    /// A number, as its digits.
    Number(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// True or false.
    Flag(bool),
    /// No value.
    Null,
    /// A list.
    List(Vec<V>),
    /// A map.
    Map(HashMap<String, V>),
    /// A set, or a type that the library does not know.
    Other(V),
}

/// An attribute value of a library.
pub(crate) trait StoredValue: Into<AttributeValue> + Sized {
    /// Returns the value without the library's representation.
    fn plain(self) -> Plain<Self>;
}

/// The values of items in stream records.
impl StoredValue for AttributeValue {
    fn plain(self) -> Plain<Self> {
        match self {
            Self::S(text) => Plain::Text(text),
            Self::N(digits) => Plain::Number(digits),
            Self::B(bytes) => Plain::Bytes(bytes),
            Self::Bool(flag) => Plain::Flag(flag),
            Self::Null(_) => Plain::Null,
            Self::L(list) => Plain::List(list),
            Self::M(map) => Plain::Map(map),
            Self::Ss(_) | Self::Ns(_) | Self::Bs(_) => Plain::Other(self),
        }
    }
}

/// The values of items that the SDK returns.
impl StoredValue for aws_sdk_dynamodb::types::AttributeValue {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the SDK can add variants, which are no part of a commit")]
    fn plain(self) -> Plain<Self> {
        match self {
            Self::S(text) => Plain::Text(text),
            Self::N(digits) => Plain::Number(digits),
            Self::B(bytes) => Plain::Bytes(bytes.into_inner()),
            Self::Bool(flag) => Plain::Flag(flag),
            Self::Null(_) => Plain::Null,
            Self::L(list) => Plain::List(list),
            Self::M(map) => Plain::Map(map),
            other => Plain::Other(other),
        }
    }
}
