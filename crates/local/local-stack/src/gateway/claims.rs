//! The check of a token's claims against the authorizer and the route. The token's signature is already verified.
//!
//! The rules are those of «Control access to HTTP APIs with JWT authorizers in API Gateway»
//! (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html), without a tolerance for clock
//! differences. That page does not state whether a token may lack `exp`: here `exp` is required.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// A token's claims.
pub(super) type Claims = Map<String, Value>;

/// Checks `iss`, then `aud` or `client_id`, then `exp`, `nbf` and `iat`; `now` is in seconds since 1970.
pub(super) fn check(claims: &Claims, issuer: &str, audience: &[String], now: i64) -> Result<(), Refusal> {
    if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
        return Err(Refusal::Issuer);
    }
    // «API Gateway validates client_id only if aud is not present.»
    let named = claims.get("aud").or_else(|| claims.get("client_id")).map_or_else(Vec::new, texts);
    if !named.iter().any(|name| audience.iter().any(|accepted| accepted == name)) {
        return Err(Refusal::Audience);
    }
    let now = Value::from(now).as_f64().unwrap_or(f64::MAX);
    match claims.get("exp").map(Value::as_f64) {
        Some(Some(expires)) if expires > now => {}
        Some(_) | None => return Err(Refusal::Expired),
    }
    for (claim, refusal) in [("nbf", Refusal::NotYetValid), ("iat", Refusal::IssuedLater)] {
        match claims.get(claim).map(Value::as_f64) {
            None => {}
            Some(Some(time)) if time <= now => {}
            Some(_) => return Err(refusal),
        }
    }
    Ok(())
}

/// Returns the scopes of a route that a token has in `scope` or `scp`; `None` if the route requires no scope.
pub(super) fn scopes(claims: &Claims, route: &[String]) -> Result<Option<Vec<String>>, Refusal> {
    if route.is_empty() {
        return Ok(None);
    }
    let lists = ["scope", "scp"].into_iter().filter_map(|claim| claims.get(claim)).flat_map(texts);
    let granted: Vec<&str> = lists.flat_map(str::split_whitespace).collect();
    let scopes: Vec<String> = route.iter().filter(|scope| granted.contains(&scope.as_str())).cloned().collect();
    if scopes.is_empty() { Err(Refusal::Scope) } else { Ok(Some(scopes)) }
}

/// Returns the claims in the form that a function receives: each is a string, a list is `[a b]`. Captures of the real
/// gateway show these forms. An object and null are written as Go, the gateway's language, prints them.
pub(super) fn as_text(claims: &Claims) -> BTreeMap<String, String> {
    claims.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn text(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(" ");
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(text).collect())),
        Value::Object(members) => {
            format!("map[{}]", joined(members.iter().map(|(name, value)| format!("{name}:{}", text(value))).collect()))
        }
    }
}

/// Returns a string, or the strings of a list.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_700_000_000;

    /// Checks valid claims with these changes; null removes a claim.
    fn checked(changes: &Value) -> Result<(), Refusal> {
        let mut claims = json!({ "iss": "https://issuer", "aud": "shop", "exp": NOW + 1 });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let mut claims = claims.as_object().unwrap().clone();
        claims.retain(|_, value| !value.is_null());
        check(&claims, "https://issuer", &["shop".to_owned(), "desk".to_owned()], NOW)
    }

    #[test]
    fn the_issuer_must_be_the_authorizers_own() {
        assert_eq!(checked(&json!({})), Ok(()));
        for issuer in [json!(null), json!("https://issuer/"), json!("other"), json!(["https://issuer"])] {
            assert_eq!(checked(&json!({ "iss": issuer })), Err(Refusal::Issuer));
        }
    }

    #[test]
    fn one_audience_must_be_one_of_the_authorizers() {
        for audience in [json!("desk"), json!(["other", "shop"])] {
            assert_eq!(checked(&json!({ "aud": audience })), Ok(()));
        }
        for audience in [json!(null), json!("other"), json!([]), json!(["other"]), json!(7), json!("shop desk")] {
            assert_eq!(checked(&json!({ "aud": audience })), Err(Refusal::Audience), "{audience}");
        }
    }

    #[test]
    fn client_id_counts_only_where_there_is_no_audience() {
        assert_eq!(checked(&json!({ "aud": null, "client_id": "shop" })), Ok(()));
        assert_eq!(checked(&json!({ "aud": null, "client_id": "other" })), Err(Refusal::Audience));
        assert_eq!(checked(&json!({ "aud": "other", "client_id": "shop" })), Err(Refusal::Audience));
    }

    #[test]
    fn a_token_is_valid_from_nbf_and_iat_until_before_exp() {
        for times in [json!({ "nbf": NOW, "iat": NOW }), json!({ "exp": 1_700_000_000.5 }), json!({ "iat": 0 })] {
            assert_eq!(checked(&times), Ok(()), "{times}");
        }
        for (times, refusal) in [
            (json!({ "exp": null }), Refusal::Expired),
            (json!({ "exp": NOW }), Refusal::Expired),
            (json!({ "exp": (NOW + 1).to_string() }), Refusal::Expired),
            (json!({ "nbf": NOW + 1 }), Refusal::NotYetValid),
            (json!({ "nbf": "now" }), Refusal::NotYetValid),
            (json!({ "iat": NOW + 1 }), Refusal::IssuedLater),
        ] {
            assert_eq!(checked(&times), Err(refusal), "{times}");
        }
    }

    #[test]
    fn one_scope_of_the_route_is_enough_in_scope_or_scp() {
        let route = ["a:read".to_owned(), "a:write".to_owned()];
        let scopes = |claims: &Value, route: &[String]| scopes(claims.as_object().unwrap(), route);
        for claims in [
            json!({ "scope": "openid a:write" }),
            json!({ "scp": ["a:write", "x"] }),
            json!({ "scope": "x", "scp": "a:write" }),
        ] {
            assert_eq!(scopes(&claims, &route), Ok(Some(vec!["a:write".to_owned()])));
        }
        assert_eq!(scopes(&json!({ "scope": "a:write a:read" }), &route), Ok(Some(route.to_vec())));
        for claims in [json!({}), json!({ "scope": "a" }), json!({ "scope": "a:reader" }), json!({ "scp": 1 })] {
            assert_eq!(scopes(&claims, &route), Err(Refusal::Scope));
        }
        assert_eq!(scopes(&json!({ "scope": "x" }), &[]), Ok(None));
    }

    #[test]
    fn every_claim_becomes_a_string() {
        let claims =
            json!({ "a": "x", "b": ["one", "two"], "c": 1_700_000_000, "d": true, "e": { "f": 1 }, "g": null });
        let text = as_text(claims.as_object().unwrap());
        let text: Vec<_> = text.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            text,
            [("a", "x"), ("b", "[one two]"), ("c", "1700000000"), ("d", "true"), ("e", "map[f:1]"), ("g", "<nil>")]
        );
    }
}
