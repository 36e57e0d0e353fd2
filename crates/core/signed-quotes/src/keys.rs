//! The keys of a deployment, and the check of a signature.

use std::fmt;

use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use order_domain::values::KeyId;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::jws::{ALGORITHMS, Jws};

/// The largest number of keys in a set. It is far more than one key in use, its successor and its predecessors.
pub const MAX_KEYS: usize = 16;

/// The public half of [`QuoteSigner::demo`](crate::QuoteSigner::demo).
const DEMO_PUBLIC_KEY: [u8; KEY_BYTES] = [
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72,
    0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
];

/// The size of a public key in bytes.
const KEY_BYTES: usize = 32;

/// The reason why a text is not a set of keys. The message is for an operator, and repeats only names of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetFault {
    /// The text is not JSON, or does not have the shape of a JWK Set.
    #[error("must be a JWK Set, {{\"keys\": [...]}}: line {line}, column {column} is not")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The set has more than [`MAX_KEYS`] keys.
    #[error("must have at most {MAX_KEYS} keys, not {count}")]
    TooMany {
        /// The number of keys.
        count: usize,
    },
    /// The set of a deployment contains the demo key.
    #[error("the demo key is published with the source: make a key of your own with `orders quote-key`")]
    DemoKey,
    /// The set contains a key that cannot be used.
    #[error("key {position}: {fault}")]
    Key {
        /// The position of the key in the set, from 1.
        position: usize,
        /// The fault.
        fault: KeyFault,
    },
}

/// The reason why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The key is private. A private key must not be in a place where quotes are only verified.
    #[error("d is the private key: remove it, and replace the key, because every reader of it can sign")]
    Private,
    /// The key is of another kind.
    #[error("kty must be OKP and crv Ed25519")]
    NotEd25519,
    /// The key is meant for another use.
    #[error("use must be sig, or absent")]
    NotForSignatures,
    /// The key is meant for another algorithm.
    #[error("alg must be EdDSA or Ed25519, or absent")]
    OtherAlgorithm,
    /// The key has no name.
    #[error("kid is missing")]
    NoKid,
    /// The key has a name that no quote can have.
    #[error("kid must be 1 to 64 letters, digits, '.', '_' and '-', and start with a letter or digit")]
    BadKid,
    /// The key has the same name as an earlier key.
    #[error("kid '{0}' is the name of a key before it")]
    RepeatedKid(KeyId),
    /// The key is not a public key of Ed25519.
    #[error("x must be the 32 bytes of a public key, in base64url without padding")]
    BadKey,
    /// The key is a point of small order, for example all zeros. Anyone can make signatures for such a key without a
    /// private key.
    #[error("x is a weak key, for which a signature needs no private key")]
    WeakKey,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

/// A key as JSON. Members that are not listed are ignored, as RFC 7517 requires.
#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    crv: Option<String>,
    kid: Option<String>,
    x: Option<String>,
    d: Option<IgnoredAny>,
    r#use: Option<String>,
    alg: Option<String>,
}

/// Public keys by their names.
#[derive(Clone, Default)]
pub struct QuoteKeys(Vec<(KeyId, ParsedPublicKey)>);

impl fmt::Debug for QuoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(kid, _)| kid.as_str())).finish()
    }
}

/// The result of checking a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureCheck {
    /// The named key signed this text.
    Valid,
    /// The named key did not sign this text.
    Invalid,
    /// The set has no key with the name in the quote, so the signature cannot be checked.
    UnknownKey,
}

impl QuoteKeys {
    /// Reads a JWK Set. An empty text is a set without keys.
    ///
    /// # Errors
    /// Returns a fault if the text is not a JWK Set, or if one of its keys cannot be used.
    pub fn parse(text: &str) -> Result<Self, KeySetFault> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let set: JwkSet = serde_json::from_str(text)
            .map_err(|error| KeySetFault::Malformed { line: error.line(), column: error.column() })?;
        if set.keys.len() > MAX_KEYS {
            return Err(KeySetFault::TooMany { count: set.keys.len() });
        }
        let mut keys = Self::default();
        for (position, jwk) in (1..).zip(set.keys) {
            let key = keys.read(jwk).map_err(|fault| KeySetFault::Key { position, fault })?;
            keys.0.push(key);
        }
        Ok(keys)
    }

    fn read(&self, jwk: Jwk) -> Result<(KeyId, ParsedPublicKey), KeyFault> {
        let Jwk { kty, crv, kid, x, d, r#use, alg } = jwk;
        if d.is_some() {
            return Err(KeyFault::Private);
        }
        if (kty.as_deref(), crv.as_deref()) != (Some("OKP"), Some("Ed25519")) {
            return Err(KeyFault::NotEd25519);
        }
        if r#use.is_some_and(|r#use| r#use != "sig") {
            return Err(KeyFault::NotForSignatures);
        }
        if alg.is_some_and(|alg| !ALGORITHMS.contains(&alg.as_str())) {
            return Err(KeyFault::OtherAlgorithm);
        }
        let kid = KeyId::parse(&kid.ok_or(KeyFault::NoKid)?).map_err(|_| KeyFault::BadKid)?;
        if self.find(&kid).is_some() {
            return Err(KeyFault::RepeatedKid(kid));
        }
        let bytes = URL_SAFE_NO_PAD.decode(x.ok_or(KeyFault::BadKey)?).map_err(|_| KeyFault::BadKey)?;
        let bytes = <[u8; KEY_BYTES]>::try_from(bytes).map_err(|_| KeyFault::BadKey)?;
        if has_small_order(bytes) {
            return Err(KeyFault::WeakKey);
        }
        Ok((kid, ParsedPublicKey::new(&ED25519, bytes).map_err(|_| KeyFault::BadKey)?))
    }

    fn find(&self, kid: &KeyId) -> Option<&ParsedPublicKey> {
        self.0.iter().find_map(|(name, key)| (name == kid).then_some(key))
    }

    /// Returns true if the set contains the demo key, with which anyone can sign.
    #[must_use]
    pub fn has_demo_key(&self) -> bool {
        self.0.iter().any(|(_, key)| key.as_ref() == DEMO_PUBLIC_KEY)
    }

    /// Checks a signature with the key that the quote names.
    #[must_use]
    pub fn check(&self, jws: &Jws) -> SignatureCheck {
        let Some(key) = self.find(jws.kid()) else { return SignatureCheck::UnknownKey };
        match key.verify_sig(jws.signing_input(), jws.signature()) {
            Ok(()) => SignatureCheck::Valid,
            Err(_) => SignatureCheck::Invalid,
        }
    }
}

/// Returns true for the encodings of the points of order 1, 2, 4 and 8. For these, the library accepts signatures that
/// need no private key. The list is libsodium's (`ge25519_has_small_order`). The last bit is the sign, which does not
/// matter.
fn has_small_order(mut bytes: [u8; KEY_BYTES]) -> bool {
    const fn near(low: u8, rest: u8, high: u8) -> [u8; KEY_BYTES] {
        let mut bytes = [rest; KEY_BYTES];
        bytes[0] = low;
        bytes[KEY_BYTES - 1] = high;
        bytes
    }
    const SMALL_ORDER: [[u8; KEY_BYTES]; 7] = [
        near(0, 0, 0),
        near(1, 0, 0),
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
            0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
            0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
        near(0xec, 0xff, 0x7f),
        near(0xed, 0xff, 0x7f),
        near(0xee, 0xff, 0x7f),
    ];
    bytes[KEY_BYTES - 1] &= 0x7f;
    SMALL_ORDER.contains(&bytes)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::UnparsedPublicKey;

    use super::*;

    /// The public key of RFC 8037, appendix A.2.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn set(keys: &[String]) -> String {
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    fn key(kid: &str) -> String {
        format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{X}"}}"#)
    }

    fn fault(text: &str) -> String {
        QuoteKeys::parse(text).unwrap_err().to_string()
    }

    /// The example of RFC 8037, appendix A.4, with the key name that a quote needs.
    #[test]
    fn a_signature_of_the_rfc_is_valid() {
        let text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let (input, signature) = text.rsplit_once('.').unwrap();
        let key = ParsedPublicKey::new(&ED25519, URL_SAFE_NO_PAD.decode(X).unwrap()).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(key.verify_sig(input.as_bytes(), &signature).is_ok());
        assert!(key.verify_sig(&input.as_bytes()[1..], &signature).is_err());
    }

    #[test]
    fn keys_are_read_with_what_a_jwk_may_say_besides() {
        let full = format!(
            r#"{{"kty":"OKP","crv":"Ed25519","kid":"a","x":"{X}","alg":"Ed25519","use":"sig","key_ops":["verify"],"ext":true}}"#
        );
        let keys = QuoteKeys::parse(&set(&[full, key("b")])).unwrap();
        assert_eq!(format!("{keys:?}"), r#"["a", "b"]"#);
        for empty in ["", " \n", r#"{"keys":[]}"#] {
            assert_eq!(QuoteKeys::parse(empty).unwrap().0.len(), 0);
        }
    }

    #[test]
    fn a_text_that_is_no_set_of_keys_is_named() {
        for text in ["[", "7", "{}", r#"{"keys":{}}"#, r#"{"keys":[7]}"#, r#"{"keys":[],"keys":[]}"#, &key("a")] {
            assert!(fault(text).starts_with("must be a JWK Set, {\"keys\": [...]}: line 1, column "), "{text}");
        }
        let repeated = set(&[format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"a","kid":"b","x":"{X}"}}"#)]);
        assert!(fault(&repeated).starts_with("must be a JWK Set"), "{repeated}");
        let many: Vec<_> = (0..=MAX_KEYS).map(|n| key(&format!("k{n}"))).collect();
        assert_eq!(fault(&set(&many)), "must have at most 16 keys, not 17");
        assert!(QuoteKeys::parse(&set(&many[1..])).is_ok());
    }

    #[test]
    fn a_key_that_cannot_be_used_is_named_with_its_place() {
        let with = |from: &str, to: &str| set(&[key("a"), key("b").replace(from, to)]);
        for (text, said) in [
            (with("OKP", "EC"), "key 2: kty must be OKP and crv Ed25519"),
            (with("OKP", "RSA"), "key 2: kty must be OKP and crv Ed25519"),
            (with("\"kty\":\"OKP\",", ""), "key 2: kty must be OKP and crv Ed25519"),
            (with("Ed25519", "X25519"), "key 2: kty must be OKP and crv Ed25519"),
            (with("Ed25519", "Ed448"), "key 2: kty must be OKP and crv Ed25519"),
            (with("\"kid\":\"b\",", ""), "key 2: kid is missing"),
            (
                with("\"b\"", "\"#\""),
                "key 2: kid must be 1 to 64 letters, digits, '.', '_' and '-', and start with a letter or digit",
            ),
            (with("\"b\"", "\"a\""), "key 2: kid 'a' is the name of a key before it"),
            (with(X, &X[1..]), "key 2: x must be the 32 bytes of a public key, in base64url without padding"),
            (with(X, &format!("{X}=")), "key 2: x must be the 32 bytes of a public key, in base64url without padding"),
            (
                with(&format!(",\"x\":\"{X}\""), ""),
                "key 2: x must be the 32 bytes of a public key, in base64url without padding",
            ),
            (with("{\"kty\"", "{\"use\":\"enc\",\"kty\""), "key 2: use must be sig, or absent"),
            (with("{\"kty\"", "{\"alg\":\"ES256\",\"kty\""), "key 2: alg must be EdDSA or Ed25519, or absent"),
            (
                with("{\"kty\"", "{\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"kty\""),
                "key 2: d is the private key: remove it, and replace the key, because every reader of it can sign",
            ),
        ] {
            assert_eq!(fault(&text), said);
        }
    }

    /// The reason for the list: the library itself accepts such a key, and accepts this signature for any message.
    #[test]
    fn a_key_for_which_anybody_can_sign_is_refused() {
        let identity = {
            let mut bytes = [0; KEY_BYTES];
            bytes[0] = 1;
            bytes
        };
        let forged = {
            let mut bytes = [0; 64];
            bytes[0] = 1;
            bytes
        };
        assert!(UnparsedPublicKey::new(&ED25519, identity).verify(b"unitPrice: 0", &forged).is_ok());
        for (low, rest, high) in
            [(0, 0, 0), (1, 0, 0), (1, 0, 0x80), (0xec, 0xff, 0x7f), (0xed, 0xff, 0xff), (0xee, 0xff, 0x7f)]
        {
            let mut bytes = [rest; KEY_BYTES];
            (bytes[0], bytes[KEY_BYTES - 1]) = (low, high);
            let weak = set(&[key("a").replace(X, &URL_SAFE_NO_PAD.encode(bytes))]);
            assert_eq!(fault(&weak), "key 1: x is a weak key, for which a signature needs no private key");
        }
    }
}
