//! Signed quotes: a customer uses one to place an order at the prices of the shop's pricing service.
//!
//! A quote is a compact JWS, and its claims are an order with an audience, an expiry and an id. The signature is
//! checked before any claim is read. The exception is a quote with an unknown or removed key: its claims name the order
//! that it may have made, and the reply contains that order only if it has this content.

use lambda_http::Request;
use order_domain::Command;
use order_domain::command::{PlaceOrder, QuoteReference};
use order_domain::values::{CustomerId, QuoteId};
use signed_quotes::{DEMO_AUDIENCE, Jws, JwsFault, KeySetFault, QuoteKeys, SignatureCheck};
use timestamp::Timestamp;

use crate::commands::order;
use crate::fields::{Fields, Source, epoch_seconds, parsed, string, strings};
use crate::fingerprint::request_fingerprint;
use crate::headers::refuse_if_match;
use crate::invalid::{Fault, Invalid, note};
use crate::json::Json;
use crate::parameters::refuse_parameters;
use crate::problem::{Problem, QuoteFlaw};
use crate::routes::CommandRoute;

/// Accepts the quotes of a deployment: those that one of its keys signed and that name its audience.
#[derive(Debug, Clone)]
pub struct QuoteVerifier {
    keys: QuoteKeys,
    audience: String,
}

/// The value of `QUOTE_KEYS` is not a set of keys that can verify quotes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("QUOTE_KEYS cannot be used")]
pub struct BadQuoteKeys(#[from] KeySetFault);

impl QuoteVerifier {
    /// Reads the keys in the format of `QUOTE_KEYS`: a JWK Set, or an empty text, which accepts no quote. A quote's
    /// `aud` must contain `audience`.
    ///
    /// # Errors
    /// Returns an error if the text is not a JWK Set of Ed25519 keys, or if it contains the demo key and `audience` is
    /// not the local stack's.
    pub fn parse(keys: &str, audience: impl Into<String>) -> Result<Self, BadQuoteKeys> {
        let (keys, audience) = (QuoteKeys::parse(keys)?, audience.into());
        if keys.has_demo_key() && audience != DEMO_AUDIENCE {
            return Err(KeySetFault::DemoKey.into());
        }
        Ok(Self { keys, audience })
    }

    /// Creates a verifier without keys, which accepts no quote.
    #[must_use]
    pub fn without_keys() -> Self {
        Self { keys: QuoteKeys::default(), audience: String::new() }
    }
}

/// A quote as it was sent, before its signature is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedQuote(Jws);

/// Returns true if a body requests an order from a quote.
pub(crate) fn is_quoted(route: CommandRoute, body: &Json) -> bool {
    let has_quote = matches!(body, Json::Object(members) if members.iter().any(|(name, _)| name == "quote"));
    route == CommandRoute::PlaceOrder && has_quote
}

/// Reads `{quote}`. The quote's id distinguishes a retry from a second order, so an `Idempotency-Key` is ignored.
pub(crate) fn parse_quoted(request: &Request, body: &Json) -> Result<UnverifiedQuote, Problem> {
    let mut errors = Vec::new();
    refuse_parameters(request, &mut errors);
    refuse_if_match(request.headers(), &mut errors);
    let jws = Fields::of_document(body, Source::Body, &mut errors).and_then(|mut fields| {
        let jws = fields.required("quote", read_jws);
        fields.finish();
        jws
    });
    match jws {
        Some(jws) if errors.is_empty() => {
            jws.map(UnverifiedQuote).map_err(|_| Problem::quote_not_valid(QuoteFlaw::Algorithm))
        }
        Some(_) | None => Err(Problem::invalid_request(&errors)),
    }
}

/// The quote uses another algorithm.
struct OtherAlgorithm;

fn read_jws(value: &Json) -> Result<Result<Jws, OtherAlgorithm>, Fault> {
    match Jws::parse(&string(value)?) {
        Ok(jws) => Ok(Ok(jws)),
        Err(JwsFault::Algorithm) => Ok(Err(OtherAlgorithm)),
        Err(fault @ (JwsFault::NotThreeParts | JwsFault::NotBase64Url | JwsFault::BadHeader | JwsFault::BadKid)) => {
            Err(Fault::new("malformed_jws", fault.to_string()))
        }
    }
}

impl UnverifiedQuote {
    /// Checks the signature, and then reads the claims.
    ///
    /// # Errors
    /// Returns `quote_not_valid` if the named key did not sign the quote or if the quote is for another audience.
    /// Returns `invalid_request` with all faults of the claims.
    pub fn verify(&self, verifier: &QuoteVerifier) -> Result<Quote, Problem> {
        let Self(jws) = self;
        let is_of_known_key = match verifier.keys.check(jws) {
            SignatureCheck::Valid => true,
            SignatureCheck::Invalid => return Err(Problem::quote_not_valid(QuoteFlaw::Signature)),
            SignatureCheck::UnknownKey => false,
        };
        let mut errors = Vec::new();
        let claims = Claims::read(jws, &mut errors).filter(|_| errors.is_empty());
        match claims {
            Some(claims) if claims.audience.contains(&verifier.audience) => {
                let Claims { audience: _, expires_at, quote, order, fingerprint } = claims;
                Ok(Quote { order, quote, fingerprint, expires_at, is_of_known_key })
            }
            // Nothing proves that the claims are signed, so their other faults do not matter.
            Some(_) | None if !is_of_known_key => Err(Problem::quote_not_valid(QuoteFlaw::UnknownKey)),
            Some(_) => Err(Problem::quote_not_valid(QuoteFlaw::Audience)),
            None => Err(Problem::invalid_request(&errors)),
        }
    }
}

/// A quote for this deployment. Its signature is valid, or its key is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    order: PlaceOrder,
    quote: QuoteReference,
    fingerprint: [u8; 16],
    expires_at: Timestamp,
    is_of_known_key: bool,
}

impl Quote {
    /// Returns the customer of the quote.
    #[must_use]
    pub const fn customer_id(&self) -> &CustomerId {
        &self.order.customer_id
    }

    /// Returns the quote's id, unique for its customer.
    #[must_use]
    pub const fn quote_id(&self) -> &QuoteId {
        &self.quote.quote_id
    }

    /// Returns the id of the request that places the order. It is the same for every request with this quote, whichever
    /// key signed it.
    #[must_use]
    pub fn request_id(&self) -> String {
        format!("quote:{}", self.quote.quote_id)
    }

    /// Returns the fingerprint of the order's content. Signer, audience and expiry are not part of it.
    #[must_use]
    pub const fn fingerprint(&self) -> [u8; 16] {
        self.fingerprint
    }

    /// Returns the reason why this quote cannot make an order at that instant; `None` if it
    /// can. If the quote made an order before, that order is the reply in every case.
    #[must_use]
    pub fn problem_at(&self, now: Timestamp) -> Option<Problem> {
        if !self.is_of_known_key {
            Some(Problem::quote_not_valid(QuoteFlaw::UnknownKey))
        } else if now >= self.expires_at {
            Some(Problem::quote_expired(self.expires_at))
        } else {
            None
        }
    }

    /// Returns the command that places the order at these prices. Use it only for a quote without a
    /// [problem](Self::problem_at).
    #[must_use]
    pub fn into_command(self) -> Command {
        Command::PlaceOrder(PlaceOrder { quote: Some(self.quote), ..self.order })
    }
}

/// The claims of a quote.
struct Claims {
    audience: Vec<String>,
    expires_at: Timestamp,
    quote: QuoteReference,
    order: PlaceOrder,
    fingerprint: [u8; 16],
}

impl Claims {
    fn read(jws: &Jws, errors: &mut Vec<Invalid>) -> Option<Self> {
        let source = Source::Claims;
        let json = note(errors, source.place(String::new()), Json::read(jws.payload()))?;
        let mut fields = Fields::of_document(&json, source, errors)?;
        let audience = fields.required("aud", strings);
        let expires_at = fields.required("exp", epoch_seconds);
        let quote_id = fields.required("jti", parsed(QuoteId::parse));
        // Issuers routinely add these registered claims. No decision uses them.
        let _ = (fields.get("iat"), fields.get("iss"));
        let order = order::place(&mut fields);
        fields.finish();
        Some(Self {
            audience: audience?,
            expires_at: expires_at?,
            quote: QuoteReference { quote_id: quote_id?, kid: jws.kid().clone() },
            order: order?,
            fingerprint: fingerprint(&json),
        })
    }
}

/// The claims about the signature or the quote, and not about the order.
const ENVELOPE: [&str; 5] = ["aud", "exp", "iat", "iss", "jti"];
/// The charges, which are 0 if they are left out.
const CHARGES: [&str; 3] = ["shipping", "tax", "discount"];

/// Returns the fingerprint of the order in the claims. Different notations of the same value give the same fingerprint.
fn fingerprint(claims: &Json) -> [u8; 16] {
    let Json::Object(members) = claims else { return request_fingerprint("POST", "/orders", claims) };
    let is_default = |name: &str, value: &Json| {
        (CHARGES.contains(&name) && *value == Json::Unsigned(0))
            || (name == "metadata" && *value == Json::Object(Vec::new()))
    };
    let content = members
        .iter()
        .filter(|(name, value)| !ENVELOPE.contains(&name.as_str()) && !is_default(name, value))
        .cloned()
        .collect();
    request_fingerprint("POST", "/orders", &Json::Object(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(claims: &str) -> [u8; 16] {
        fingerprint(&Json::read(claims.as_bytes()).unwrap())
    }

    #[test]
    fn equal_orders_have_equal_fingerprints() {
        let base = of(r#"{"customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":5}]}"#);
        for same in [
            r#"{"items":[{"unitPrice":5,"quantity":1,"sku":"a"}], "currency":"EUR", "customerId":"c"}"#,
            r#"{"aud":"x","exp":1,"iat":0,"iss":"shop","jti":"q","customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":5}]}"#,
            r#"{"shipping":0,"tax":0,"discount":0,"metadata":{},"customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":5}]}"#,
        ] {
            assert_eq!(of(same), base, "{same}");
        }
        for other in [
            r#"{"customerId":"d","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":5}]}"#,
            r#"{"customerId":"c","currency":"USD","items":[{"sku":"a","quantity":1,"unitPrice":5}]}"#,
            r#"{"customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":4}]}"#,
            r#"{"customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":5}],"shipping":1}"#,
            r#"{"customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":5}],"reference":"r"}"#,
            r#"{"customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":5}],"metadata":{"a":"b"}}"#,
        ] {
            assert_ne!(of(other), base, "{other}");
        }
    }

    /// Every order from a quote stores this fingerprint. A change of the algorithm would make earlier quotes look like
    /// other ones.
    #[test]
    fn the_fingerprint_of_a_quote_never_changes() {
        let hex: String = of(r#"{"jti":"q-1","customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":5}],"tax":1}"#)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hex, "608fb25c415fcd6313a56932e4b28074");
    }
}
