//! Signatures of quotes: altered, unsigned and forged quotes, unknown and retired keys.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_api::QuoteVerifier;
use serde_json::{Value, json};

use crate::order_life::clock;
use crate::quotes::{Ledger, assert_not_valid, assert_replayed, customers, parts, send_as_customer};
use crate::shop::{AUDIENCE, EARLIER, Shop, claims, place_claims, place_quote, shop, with};

/// Returns the text with one byte of its decoded form changed.
fn altered(part: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
    bytes[20] ^= 1;
    URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn an_altered_payload_is_rejected() {
    let (handler, ledger) = customers().await;
    let quote = shop().quote(&claims());
    let [header, payload, signature] = parts(&quote);
    let mut cheaper: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    cheaper["items"][0]["unitPrice"] = json!(0);
    let cheaper = URL_SAFE_NO_PAD.encode(cheaper.to_string());
    // A changed payload that cannot be parsed is also rejected for its signature, because the signature is checked first.
    for payload in [cheaper, altered(payload), String::new()] {
        let reply = send_as_customer(&handler, place_quote(&format!("{header}.{payload}.{signature}"))).await;
        assert_not_valid(&reply, "signature", &ledger).await;
    }
}

#[tokio::test]
async fn an_altered_signature_is_rejected() {
    let (handler, ledger) = customers().await;
    let quote = shop().quote(&claims());
    let other = shop().quote(&claims());
    let [header, payload, signature] = parts(&quote);
    for signature in [&altered(signature), "", &signature[..80], parts(&other)[2]] {
        let reply = send_as_customer(&handler, place_quote(&format!("{header}.{payload}.{signature}"))).await;
        assert_not_valid(&reply, "signature", &ledger).await;
    }
    let namesake = Shop::with_key("2026-q4x").quote(&claims());
    assert_not_valid(&send_as_customer(&handler, place_quote(&namesake)).await, "signature", &ledger).await;
}

#[tokio::test]
async fn a_quote_by_an_unknown_key_is_rejected() {
    let (handler, ledger) = customers().await;
    let other = Shop::with_key("other");
    let quotes = [
        other.quote(&claims()),
        other.quote(&with(&claims(), json!({ "exp": EARLIER }))),
        other.quote(&with(&claims(), json!({ "aud": "others" }))),
        other.quote(&json!({})),
        other.signer.sign_text(r#"{"alg":"EdDSA","kid":"other"}"#, "not JSON"),
    ];
    for quote in quotes {
        assert_not_valid(&send_as_customer(&handler, place_quote(&quote)).await, "unknown_key", &ledger).await;
    }
}

#[tokio::test]
async fn without_keys_no_quote_is_accepted() {
    let ledger = Ledger::empty().await;
    let handler = ledger.handler(QuoteVerifier::parse("", AUDIENCE).unwrap(), clock);
    assert_not_valid(&send_as_customer(&handler, place_claims(&claims())).await, "unknown_key", &ledger).await;
}

#[tokio::test]
async fn a_retired_key_places_no_order_but_finds_its_orders() {
    let (with_key, ledger) = customers().await;
    let successor = Shop::with_key("2027-q1").verifier();
    let without_key = ledger.handler(successor, clock);
    let call = place_claims(&claims());
    assert_not_valid(&send_as_customer(&without_key, call.clone()).await, "unknown_key", &ledger).await;

    let first = send_as_customer(&with_key, call.clone()).await;
    assert_replayed(&send_as_customer(&without_key, call).await, &first);
    assert_eq!(ledger.commits().await, 1);
}

/// The signer of this quote is not known. A reply must not reveal more than the recorded content.
#[tokio::test]
async fn a_quote_by_an_unknown_key_finds_an_order_of_equal_content_only() {
    let (handler, ledger) = customers().await;
    let placed = claims();
    assert_eq!(send_as_customer(&handler, place_claims(&placed)).await.status, 201);
    let guess = |changes: Value| Shop::with_key("other").quote(&with(&placed, changes));
    for changes in [json!({ "shipping": 500 }), json!({ "currency": "USD" }), json!({ "reference": "#1" })] {
        let reply = send_as_customer(&handler, place_quote(&guess(changes))).await;
        assert_eq!(reply.problem(), (422, "quote_not_valid".to_owned()));
        assert_eq!(reply.json()["reason"], "unknown_key");
    }
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn an_unsigned_quote_is_rejected() {
    let (handler, ledger) = customers().await;
    let payload = URL_SAFE_NO_PAD.encode(claims().to_string());
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"None","kid":"2026-q4x"}"#, r#"{"alg":"none","kid":"2026-q4x"}"#] {
        let quote = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header));
        assert_not_valid(&send_as_customer(&handler, place_quote(&quote)).await, "algorithm", &ledger).await;
    }
}

/// The public key as the secret of an HMAC: a well-known attack on token libraries.
#[tokio::test]
async fn an_algorithm_other_than_the_keys_is_rejected() {
    let (handler, ledger) = customers().await;
    let payload = URL_SAFE_NO_PAD.encode(claims().to_string());
    let public = shop().signer.public_jwk()["x"].as_str().unwrap().to_owned();
    let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &URL_SAFE_NO_PAD.decode(public).unwrap());
    let hs256 = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"2026-q4x"}"#));
    let tag = URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&secret, hs256.as_bytes()));
    // The same text under the accepted header is not a valid signature either.
    let eddsa = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"2026-q4x"}"#));
    let eddsa_tag = URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&secret, eddsa.as_bytes()));
    let es256 = shop().signer.sign_text(r#"{"alg":"ES256","kid":"2026-q4x"}"#, &claims().to_string());
    for (quote, reason) in
        [(format!("{hs256}.{tag}"), "algorithm"), (es256, "algorithm"), (format!("{eddsa}.{eddsa_tag}"), "signature")]
    {
        assert_not_valid(&send_as_customer(&handler, place_quote(&quote)).await, reason, &ledger).await;
    }
}
