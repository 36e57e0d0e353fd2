//! A key that signs quotes, for tests and the command line. A shop's pricing service signs quotes in its own program.

use std::fmt;

use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use order_domain::values::KeyId;
use serde::Deserialize;
use serde_json::{Value, json};

/// The reason why a signing key is not available. The message repeats nothing of a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// The system provided no random bytes.
    #[error("the system has no random bytes for a key")]
    NoRandomness,
    /// The text is not a private JWK of Ed25519 with a `kid`, or its two halves do not match.
    #[error("must be a private JWK: kty OKP, crv Ed25519, kid, and x and d that belong together")]
    NotAPrivateKey,
}

/// A private key as JSON.
#[derive(Deserialize)]
struct PrivateJwk {
    kty: String,
    crv: String,
    kid: KeyId,
    x: String,
    d: String,
}

/// The audience of quotes for the local stack, and the only one for which [`QuoteSigner::demo`] may sign.
pub const DEMO_AUDIENCE: &str = "order-ledger-local";

/// The private key of RFC 8037, appendix A.1, which is public knowledge. The local stack and the samples in `events/`
/// use it.
const DEMO_KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"demo","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#;

/// A key that signs quotes.
pub struct QuoteSigner {
    kid: KeyId,
    pair: Ed25519KeyPair,
}

impl fmt::Debug for QuoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuoteSigner").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl QuoteSigner {
    /// Generates a new key with that name.
    ///
    /// # Errors
    /// Returns an error if the system has no random bytes.
    pub fn generate(kid: KeyId) -> Result<Self, SignerError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| SignerError::NoRandomness)?;
        Ok(Self { kid, pair })
    }

    /// Reads a key in the form that [`private_jwk`](Self::private_jwk) writes.
    ///
    /// # Errors
    /// Returns an error if the text is not a private JWK of Ed25519, or if its public half belongs to another key.
    pub fn from_private_jwk(text: &str) -> Result<Self, SignerError> {
        let jwk: PrivateJwk = serde_json::from_str(text).map_err(|_| SignerError::NotAPrivateKey)?;
        if (jwk.kty.as_str(), jwk.crv.as_str()) != ("OKP", "Ed25519") {
            return Err(SignerError::NotAPrivateKey);
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| SignerError::NotAPrivateKey);
        let pair = Ed25519KeyPair::from_seed_and_public_key(&decode(&jwk.d)?, &decode(&jwk.x)?)
            .map_err(|_| SignerError::NotAPrivateKey)?;
        Ok(Self { kid: jwk.kid, pair })
    }

    /// Returns the key of the local stack, `demo`. Anyone can read it, so a deployment rejects it: see
    /// [`QuoteKeys::has_demo_key`](crate::QuoteKeys::has_demo_key).
    ///
    /// # Errors
    /// Never returns an error, because the key is a constant.
    pub fn demo() -> Result<Self, SignerError> {
        Self::from_private_jwk(DEMO_KEY)
    }

    /// Returns the key's name.
    #[must_use]
    pub const fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// Returns the public half as an entry of a JWK Set.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.kid.as_str(), "x": x, "alg": "EdDSA", "use": "sig" })
    }

    /// Returns both halves. Anyone who can read them can set prices.
    ///
    /// # Errors
    /// Returns an error if the library does not return the private half. It returns it for every key created here.
    pub fn private_jwk(&self) -> Result<Value, SignerError> {
        let mut jwk = self.public_jwk();
        let seed = self.pair.seed().map_err(|_| SignerError::NotAPrivateKey)?;
        let d = seed.as_be_bytes().map_err(|_| SignerError::NotAPrivateKey)?;
        if let Value::Object(members) = &mut jwk {
            members.insert("d".to_owned(), URL_SAFE_NO_PAD.encode(d.as_ref()).into());
        }
        Ok(jwk)
    }

    /// Returns a JWK Set of the public halves of these keys.
    #[must_use]
    pub fn key_set<'a>(signers: impl IntoIterator<Item = &'a Self>) -> Value {
        json!({ "keys": signers.into_iter().map(Self::public_jwk).collect::<Vec<_>>() })
    }

    /// Signs these claims and returns the compact JWS.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "kid": self.kid.as_str() });
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// Signs any header and payload. Tests use it to make quotes that no pricing service makes.
    #[must_use]
    pub fn sign_text(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.pair.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Jws, QuoteKeys, SignatureCheck};

    fn signer(kid: &str) -> QuoteSigner {
        QuoteSigner::generate(KeyId::parse(kid).unwrap()).unwrap()
    }

    #[test]
    fn a_signature_is_valid_by_its_own_key_only() {
        let (first, second) = (signer("first"), signer("second"));
        let namesake = signer("first");
        let keys = |signers: &[&QuoteSigner]| {
            QuoteKeys::parse(&QuoteSigner::key_set(signers.iter().copied()).to_string()).unwrap()
        };
        let jws = Jws::parse(&first.sign(&json!({ "jti": "q-1" }))).unwrap();
        assert_eq!(jws.payload(), br#"{"jti":"q-1"}"#);
        assert_eq!(keys(&[&second, &first]).check(&jws), SignatureCheck::Valid);
        assert_eq!(keys(&[&second]).check(&jws), SignatureCheck::UnknownKey);
        assert_eq!(keys(&[&namesake, &second]).check(&jws), SignatureCheck::Invalid);
        assert_eq!(QuoteKeys::default().check(&jws), SignatureCheck::UnknownKey);
    }

    #[test]
    fn any_change_of_a_signed_text_makes_it_invalid() {
        let signer = signer("k");
        let keys = QuoteKeys::parse(&QuoteSigner::key_set([&signer]).to_string()).unwrap();
        let text = signer.sign(&json!({ "jti": "q-1", "unitPrice": 1000 }));
        assert_eq!(keys.check(&Jws::parse(&text).unwrap()), SignatureCheck::Valid);
        for index in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
            // A changed text that still parses as a JWS must be invalid or name another key.
            if let Ok(jws) = Jws::parse(std::str::from_utf8(&altered).unwrap()) {
                assert_ne!(keys.check(&jws), SignatureCheck::Valid, "at {index}");
            }
        }
    }

    #[test]
    fn a_signature_of_another_length_is_invalid() {
        let signer = signer("k");
        let keys = QuoteKeys::parse(&QuoteSigner::key_set([&signer]).to_string()).unwrap();
        let text = signer.sign(&json!({}));
        let (input, signature) = text.rsplit_once('.').unwrap();
        for signature in ["", "AA", &signature[..84], &format!("{}AAAA", &signature[..84])] {
            let jws = Jws::parse(&format!("{input}.{signature}")).unwrap();
            assert_eq!(keys.check(&jws), SignatureCheck::Invalid);
        }
    }

    #[test]
    fn the_demo_key_signs() {
        let demo = QuoteSigner::demo().unwrap();
        let keys = QuoteKeys::parse(&QuoteSigner::key_set([&demo]).to_string()).unwrap();
        assert_eq!(keys.check(&Jws::parse(&demo.sign(&json!({}))).unwrap()), SignatureCheck::Valid);
    }

    #[test]
    fn a_private_key_is_read_as_it_was_written() {
        let signer = signer("k");
        let again = QuoteSigner::from_private_jwk(&signer.private_jwk().unwrap().to_string()).unwrap();
        assert_eq!(again.sign(&json!({ "jti": "q-1" })), signer.sign(&json!({ "jti": "q-1" })));
        assert!(!format!("{signer:?}").contains(signer.private_jwk().unwrap()["d"].as_str().unwrap()));

        let mut mixed = signer.private_jwk().unwrap();
        mixed["x"] = super::tests::signer("k").public_jwk()["x"].clone();
        for text in [mixed.to_string(), signer.public_jwk().to_string(), "7".to_owned()] {
            assert_eq!(QuoteSigner::from_private_jwk(&text).unwrap_err(), SignerError::NotAPrivateKey);
        }
    }
}
