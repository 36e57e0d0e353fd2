//! A JWT authorizer: the check of a request's token that API Gateway performs before it calls a function.
//!
//! As on AWS, only RSA keys are accepted, and each only with its own algorithm. A token with the algorithm `none`, or one
//! that uses a public key as a shared secret, is therefore rejected.

use std::collections::BTreeMap;

use http::header::{AUTHORIZATION, HeaderMap};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Serialize;

use super::claims::{self, Claims};
use super::refusal::Refusal;

/// An authorizer that trusts one issuer.
#[derive(Debug, Clone)]
pub struct JwtAuthorizer {
    issuer: String,
    audience: Vec<String>,
    /// The keys by their ids.
    keys: BTreeMap<String, DecodingKey>,
}

/// The caller, in the form that functions receive in `requestContext.authorizer.jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct JwtIdentity {
    claims: BTreeMap<String, String>,
    /// The scopes of the route that the token has; null if the route requires none.
    scopes: Option<Vec<String>>,
}

impl JwtAuthorizer {
    /// Creates an authorizer of tokens from `issuer` for one of `audience`. It ignores keys of the set that are not RSA
    /// keys for RS256 with an id.
    #[must_use]
    pub fn new(issuer: String, audience: Vec<String>, keys: &JwkSet) -> Self {
        let keys = keys.keys.iter().filter_map(|key| Some((key.common.key_id.clone()?, decoding_key(key)?)));
        Self { issuer, audience, keys: keys.collect() }
    }

    /// Returns the caller of a route with these scopes; `now` is in seconds since 1970.
    pub(super) fn authorize(&self, headers: &HeaderMap, scopes: &[String], now: i64) -> Result<JwtIdentity, Refusal> {
        let claims = self.signed(&token(headers)?)?;
        claims::check(&claims, &self.issuer, &self.audience, now)?;
        Ok(JwtIdentity { scopes: claims::scopes(&claims, scopes)?, claims: claims::as_text(&claims) })
    }

    /// Returns the claims of a token that one of the issuer's keys signed.
    fn signed(&self, token: &str) -> Result<Claims, Refusal> {
        if token.split('.').count() != 3 {
            return Err(Refusal::Segments);
        }
        let header = decode_header(token).map_err(|_| Refusal::Undecodable)?;
        let id = header.kid.ok_or(Refusal::NoKeyId)?;
        let key = self.keys.get(&id).ok_or(Refusal::UnknownKey)?;
        if header.alg != Algorithm::RS256 {
            return Err(Refusal::Algorithm);
        }
        // The library checks the algorithm and the signature. `claims` checks the rest, which differs from the library's
        // rules.
        let mut signature_only = Validation::new(Algorithm::RS256);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        let token = decode::<Claims>(token, key, &signature_only).map_err(|_| Refusal::Signature)?;
        Ok(token.claims)
    }
}

fn decoding_key(key: &Jwk) -> Option<DecodingKey> {
    let is_for_rs256 = key.common.key_algorithm.is_none_or(|algorithm| algorithm == KeyAlgorithm::RS256);
    if is_for_rs256 && matches!(key.algorithm, AlgorithmParameters::RSA(_)) {
        DecodingKey::from_jwk(key).ok()
    } else {
        None
    }
}

/// Returns the token in `Authorization`: «only the token, or the token prefixed with Bearer».
fn token(headers: &HeaderMap) -> Result<String, Refusal> {
    let values: Vec<_> =
        headers.get_all(AUTHORIZATION).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let value = values.join(",");
    let token = match value.split_once(' ') {
        Some(("Bearer", token)) => token.trim(),
        None if value == "Bearer" => "",
        Some(_) | None => value.as_str(),
    };
    if token.is_empty() { Err(Refusal::NoToken) } else { Ok(token.to_owned()) }
}
