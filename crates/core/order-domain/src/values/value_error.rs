//! The reasons why a value was rejected.

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
    /// The amount is above [`MAX_AMOUNT`](super::MAX_AMOUNT).
    #[error("must be an integer from 0 to 9007199254740991, in minor units")]
    AmountOutOfRange,
    /// The quantity is outside 1..=[`MAX_QUANTITY`](super::MAX_QUANTITY).
    #[error("must be an integer from 1 to 1000000")]
    QuantityOutOfRange,
    /// The code is not the ISO 4217 code, in capital letters, of a currency in use today.
    #[error("must be the ISO 4217 code of a currency in use, such as EUR")]
    UnknownCurrency,
    /// The stored currency is not three capital letters.
    #[error("must be three capital letters")]
    NotACurrencyCode,
}
