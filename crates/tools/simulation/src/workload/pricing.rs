//! The shop's pricing service: its two keys, the quotes that it signs, and quotes that are tampered with.

use fastrand::Rng;
use http_api::QuoteVerifier;
use http_api::quotes::BadQuoteKeys;
use serde_json::{Value, json};
use signed_quotes::{QuoteSigner, SignerError};

use crate::world::clock;

/// The audience of a history's quotes.
const AUDIENCE: &str = "order-ledger-histories";

/// The key pairs of RFC 8032, section 7.1, tests 2 and 3, which are public knowledge.
const FIRST: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"first","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw","d":"TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs"}"#;
const SECOND: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"second","x":"_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU","d":"xaqN9D-fg3vtt0QvMdy3sWbThTUHbwlLhc46LgtEWPc"}"#;

/// A key of the pricing service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteKey {
    /// The key that is retired on the next day.
    First,
    /// The key that stays valid.
    Second,
}

/// The terms of a quote, without its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Its id, unique in a history.
    pub quote_id: String,
    /// The key that signs it.
    pub key: QuoteKey,
    /// The time at which it expires, in milliseconds since 1970.
    pub expires_at_ms: i64,
    /// The `Idempotency-Key` that is sent beside it. It has no meaning for a quote.
    pub idempotency_key: Option<String>,
}

impl Terms {
    /// Draws the terms of the `number`th order. The quote expires within seconds, within hours, or in a week.
    pub(crate) fn drawn(number: u8, random: &mut Rng) -> Self {
        let seconds = match random.u8(0..3) {
            0 => random.i64(1..=8),
            1 => 6 * 60 * 60,
            _ => 7 * 24 * 60 * 60,
        };
        let has_key = random.bool();
        Self {
            quote_id: format!("quote-{number}"),
            key: if random.bool() { QuoteKey::First } else { QuoteKey::Second },
            expires_at_ms: clock::EPOCH_MS + seconds * 1_000,
            idempotency_key: has_key.then(|| format!("quoted-{number}")),
        }
    }
}

/// A quote as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentQuote {
    /// Its terms.
    pub terms: Terms,
    /// The content of its order, in the form of a trusted caller.
    pub order: Value,
    /// True if its order is not the one that was signed.
    pub is_tampered: bool,
}

/// The keys of a history.
#[derive(Debug)]
pub struct Pricing {
    first: QuoteSigner,
    second: QuoteSigner,
}

impl Pricing {
    /// The keys, which are the same in every history.
    ///
    /// # Errors
    /// Never: they are constants.
    pub fn new() -> Result<Self, SignerError> {
        let read = QuoteSigner::from_private_jwk;
        Ok(Self { first: read(FIRST)?, second: read(SECOND)? })
    }

    /// The signer of a key.
    #[must_use]
    pub const fn signer(&self, key: QuoteKey) -> &QuoteSigner {
        match key {
            QuoteKey::First => &self.first,
            QuoteKey::Second => &self.second,
        }
    }

    /// A verifier that knows these keys.
    pub(crate) fn verifier(&self, keys: &[QuoteKey]) -> Result<QuoteVerifier, BadQuoteKeys> {
        let keys = QuoteSigner::key_set(keys.iter().map(|key| self.signer(*key)));
        QuoteVerifier::parse(&keys.to_string(), AUDIENCE)
    }

    /// The quote of an order.
    pub(crate) fn quote(&self, terms: &Terms, order: &Value) -> String {
        let mut claims = order.clone();
        claims["aud"] = json!(AUDIENCE);
        claims["exp"] = json!(terms.expires_at_ms / 1_000);
        claims["jti"] = json!(terms.quote_id);
        self.signer(terms.key).sign(&claims)
    }

    /// A quote of `other` with the signature of the one of `order`.
    pub(crate) fn tampered(&self, terms: &Terms, order: &Value, other: &Value) -> String {
        let (signed, altered) = (self.quote(terms, order), self.quote(terms, other));
        let signature = signed.rsplit_once('.').map_or("", |(_, signature)| signature);
        let input = altered.rsplit_once('.').map_or("", |(input, _)| input);
        format!("{input}.{signature}")
    }
}
