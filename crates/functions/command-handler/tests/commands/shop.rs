//! The shop's pricing service: it signs valid and invalid quotes.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http_api::{CommandRoute, QuoteVerifier};
use order_domain::values::KeyId;
use serde_json::{Value, json};
use signed_quotes::QuoteSigner;
use test_support::gateway::Call;

use crate::order_life::order_body;

/// The audience of the deployment under test.
pub(crate) const AUDIENCE: &str = "order-ledger-test";
/// An expiry later than every reading of the tests' clock: the year 2100.
pub(crate) const LATER: i64 = 4_102_444_800;
/// An expiry earlier than every reading of the tests' clock: the year 2020.
pub(crate) const EARLIER: i64 = 1_577_836_800;

/// A pricing service with a key.
pub(crate) struct Shop {
    pub(crate) signer: QuoteSigner,
}

/// The shop that every handler of these tests trusts.
pub(crate) fn shop() -> &'static Shop {
    static SHOP: LazyLock<Shop> = LazyLock::new(|| Shop::with_key("2026-q4x"));
    &SHOP
}

impl Shop {
    /// Creates a shop with a new key of that name.
    pub(crate) fn with_key(kid: &str) -> Self {
        Self { signer: QuoteSigner::generate(KeyId::parse(kid).unwrap()).unwrap() }
    }

    /// Returns a verifier that knows only this shop's key.
    pub(crate) fn verifier(&self) -> QuoteVerifier {
        QuoteVerifier::parse(&QuoteSigner::key_set([&self.signer]).to_string(), AUDIENCE).unwrap()
    }

    pub(crate) fn quote(&self, claims: &Value) -> String {
        self.signer.sign(claims)
    }
}

/// Returns the claims of a quote for the order of [`order_body`], with a new id.
pub(crate) fn claims() -> Value {
    static QUOTES: AtomicU64 = AtomicU64::new(1);
    let mut claims = order_body();
    let jti = format!("quote-{}", QUOTES.fetch_add(1, Ordering::Relaxed));
    claims
        .as_object_mut()
        .unwrap()
        .extend(json!({ "aud": AUDIENCE, "exp": LATER, "jti": jti }).as_object().unwrap().clone());
    claims
}

/// Returns the claims with some values replaced.
pub(crate) fn with(claims: &Value, changes: Value) -> Value {
    let mut changed = claims.clone();
    let Value::Object(members) = &mut changed else { unreachable!("claims are an object") };
    match changes {
        Value::Object(changes) => members.extend(changes),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            unreachable!("changes are an object")
        }
    }
    changed
}

/// Returns a new order from that text, without an `Idempotency-Key`.
pub(crate) fn place_quote(quote: &str) -> Call {
    Call::to(CommandRoute::PlaceOrder.key(), &[]).body(&json!({ "quote": quote }))
}

/// Returns a new order from a quote of the shop with these claims.
pub(crate) fn place_claims(claims: &Value) -> Call {
    place_quote(&shop().quote(claims))
}
