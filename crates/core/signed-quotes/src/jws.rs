//! Parses a quote without trusting it yet.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use order_domain::values::KeyId;
use serde::Deserialize;

/// The names of the only algorithm: RFC 8037 calls it `EdDSA`, RFC 9864 `Ed25519`.
pub(crate) const ALGORITHMS: [&str; 2] = ["EdDSA", "Ed25519"];

/// The reason why a text is not a quote. The message is for the caller, and repeats nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsFault {
    /// The text does not have exactly three parts: a header, a payload and a signature.
    #[error("must be a compact JWS: three parts, with dots between them")]
    NotThreeParts,
    /// A part is not base64url, is padded, or has unused bits set in its last character.
    #[error("must be a compact JWS: each part in base64url, without padding")]
    NotBase64Url,
    /// The header is not a JSON object, repeats a member, or has a member that this release does not know, such as
    /// `crit`.
    #[error("must have a header that is a JSON object of alg, kid and possibly typ, each once and as a string")]
    BadHeader,
    /// The header has no `kid`, or one that is not a valid key name.
    #[error("must have a header whose kid names a key: 1 to 64 letters, digits, '.', '_' and '-'")]
    BadKid,
    /// The algorithm is not Ed25519: it is `none`, for example.
    #[error("must be signed with Ed25519: alg must be EdDSA or Ed25519")]
    Algorithm,
}

/// The header. A header with any other member is rejected, because nothing here would act on it. RFC 7515 requires this
/// for `crit` from implementations that do not understand it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: Option<String>,
    #[expect(dead_code, reason = "may be given and says nothing")]
    typ: Option<String>,
}

/// A compact JSON Web Signature whose signature is not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jws {
    kid: KeyId,
    signing_input: String,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Jws {
    /// Parses a text.
    ///
    /// # Errors
    /// Returns a fault if the text is not a compact JWS by an Ed25519 key with a name.
    pub fn parse(text: &str) -> Result<Self, JwsFault> {
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsFault::NotThreeParts);
        };
        let signing_input = format!("{header}.{payload}");
        let [header, payload, signature] = [decode(header)?, decode(payload)?, decode(signature)?];
        Ok(Self { kid: read_header(&header)?, signing_input, payload, signature })
    }

    /// Returns the name of the key that is claimed to have signed.
    #[must_use]
    pub const fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// Returns the claims as bytes. Do not trust them before the signature is checked.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(crate) const fn signing_input(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwsFault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsFault::NotBase64Url)
}

fn read_header(json: &[u8]) -> Result<KeyId, JwsFault> {
    // serde also reads a struct from an array.
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(JwsFault::BadHeader);
    }
    let header: Header = serde_json::from_slice(json).map_err(|_| JwsFault::BadHeader)?;
    if !ALGORITHMS.contains(&header.alg.as_str()) {
        return Err(JwsFault::Algorithm);
    }
    KeyId::parse(&header.kid.ok_or(JwsFault::BadKid)?).map_err(|_| JwsFault::BadKid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_header(header: &str) -> Result<Jws, JwsFault> {
        Jws::parse(&format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header)))
    }

    #[test]
    fn a_jws_is_taken_apart() {
        for alg in ALGORITHMS {
            let jws = with_header(&format!(r#"{{"alg":"{alg}","kid":"2026-q4","typ":"JWT"}}"#)).unwrap();
            assert_eq!(
                (jws.kid().as_str(), jws.payload(), jws.signature()),
                ("2026-q4", b"{}".as_slice(), [0].as_slice())
            );
        }
    }

    #[test]
    fn a_text_of_other_than_three_parts_is_refused() {
        for text in ["", "e30", "e30.e30", "e30.e30.AA.AA", "e30.e30.AA.", ".e30.e30.AA"] {
            assert_eq!(Jws::parse(text), Err(JwsFault::NotThreeParts), "{text}");
        }
        assert_eq!(Jws::parse(".."), Err(JwsFault::BadHeader));
    }

    #[test]
    fn base64_is_read_strictly() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k"}"#);
        for (payload, signature) in
            [("e30=", "AA"), ("e30", "AA=="), ("e3+", "AA"), ("e3/", "AA"), ("e 30", "AA"), ("e30", "AB"), ("e30", "A")]
        {
            assert_eq!(Jws::parse(&format!("{header}.{payload}.{signature}")), Err(JwsFault::NotBase64Url));
        }
    }

    #[test]
    fn a_header_has_alg_kid_and_typ_each_once() {
        for header in [
            "",
            "{",
            "null",
            r#"["EdDSA","k",null]"#,
            r#" ["EdDSA","k",null]"#,
            r#"{"kid":"k"}"#,
            r#"{"alg":null,"kid":"k"}"#,
            r#"{"alg":"EdDSA","kid":7}"#,
            r#"{"alg":"EdDSA","alg":"EdDSA","kid":"k"}"#,
            r#"{"alg":"EdDSA","kid":"k","kid":"k"}"#,
            r#"{"alg":"EdDSA","kid":"k","\u006bid":"j"}"#,
            r#"{"alg":"EdDSA","kid":"k","crit":["b64"],"b64":false}"#,
            r#"{"alg":"EdDSA","kid":"k","crit":[]}"#,
            r#"{"alg":"EdDSA","kid":"k","jwk":{}}"#,
            r#"{"alg":"EdDSA","kid":"k"} {}"#,
        ] {
            assert_eq!(with_header(header), Err(JwsFault::BadHeader), "{header}");
        }
    }

    #[test]
    fn a_kid_is_a_name() {
        for header in [
            r#"{"alg":"EdDSA"}"#.to_owned(),
            r#"{"alg":"EdDSA","kid":""}"#.to_owned(),
            r#"{"alg":"EdDSA","kid":"a b"}"#.to_owned(),
            format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, "k".repeat(65)),
        ] {
            assert_eq!(with_header(&header), Err(JwsFault::BadKid), "{header}");
        }
    }

    #[test]
    fn no_other_algorithm_is_taken_by_any_spelling() {
        for alg in ["none", "None", "HS256", "ES256", "RS256", "eddsa", "EDDSA", "Ed448", "ed25519", " EdDSA", ""] {
            let header = format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
            assert_eq!(with_header(&header), Err(JwsFault::Algorithm), "{alg}");
        }
        // The algorithm is checked first, even if the header names no key.
        assert_eq!(with_header(r#"{"alg":"none"}"#), Err(JwsFault::Algorithm));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".*", header in ".*") {
            let _ = Jws::parse(&text);
            let _ = with_header(&header);
        }
    }
}
