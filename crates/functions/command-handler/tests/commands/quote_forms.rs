//! The form of a quote: its size, the body and the text that contain it, and its claims.

use serde_json::{Value, json};
use test_support::gateway::{Call, Reply};

use crate::order_life::order_body;
use crate::quotes::{customers, parts, send_as_customer};
use crate::shop::{claims, place_claims, place_quote, shop, with};

#[tokio::test]
async fn the_largest_possible_quote_is_accepted() {
    let (handler, ledger) = customers().await;
    let items: Vec<_> = (0..100)
        .map(|n| json!({ "sku": format!("{n:a>64}"), "name": "\u{1f9e2}".repeat(256), "quantity": 1, "unitPrice": 1 }))
        .collect();
    let quote = with(&claims(), json!({ "items": items, "jti": "q".repeat(64) }));
    let reply = send_as_customer(&handler, place_claims(&quote)).await;
    assert_eq!(reply.status, 201, "{:.300}", reply.body);
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn a_quote_over_the_limit_of_a_body_is_413() {
    let (handler, ledger) = customers().await;
    let text = shop().quote(&with(&claims(), json!({ "iss": "x".repeat(200 * 1024) })));
    assert_eq!(send_as_customer(&handler, place_quote(&text)).await.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(ledger.commits().await, 0);
}

/// Returns every location and code of an `invalid_request`.
#[track_caller]
fn faults(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{}", reply.body);
    let of = |error: &Value| {
        let place = ["pointer", "claim", "parameter", "header"].into_iter().find(|kind| error.get(kind).is_some());
        let kind = place.unwrap();
        format!("{kind} {} {}", error[kind].as_str().unwrap(), error["code"].as_str().unwrap())
    };
    reply.json()["errors"].as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn a_body_contains_a_quote_and_nothing_else() {
    let (handler, ledger) = customers().await;
    let quote = shop().quote(&claims());
    let mut beside = order_body();
    beside["quote"] = json!(quote);
    let call = Call::to("POST /orders", &[]).body(&beside);
    let members = ["currency", "customerId", "discount", "items", "reference", "shipping"];
    let expected: Vec<_> = members.iter().map(|name| format!("pointer /{name} unknown_field")).collect();
    assert_eq!(faults(&send_as_customer(&handler, call).await), expected);

    let twice = Call::to("POST /orders", &[]).text(&format!(r#"{{"quote":"{quote}","quote":"{quote}"}}"#));
    assert_eq!(faults(&send_as_customer(&handler, twice).await), ["pointer /quote duplicate_field"]);
    let conditional = place_quote(&quote).header("if-match", "*").query("a=b");
    assert_eq!(
        faults(&send_as_customer(&handler, conditional).await),
        ["parameter a unknown_parameter", "header if-match bad_header"]
    );
    assert_eq!(ledger.commits().await, 0);
}

#[tokio::test]
async fn a_text_that_is_no_jws_is_rejected_400() {
    let (handler, ledger) = customers().await;
    let quote = shop().quote(&claims());
    let [header, payload, signature] = parts(&quote);
    let signed = |header: &str| shop().signer.sign_text(header, &claims().to_string());
    let texts = [
        String::new(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{quote}.{signature}"),
        format!("{quote}.{signature}.{signature}"),
        format!("{quote}="),
        format!("{quote}=="),
        format!("{header}.{payload}+.{signature}"),
        format!(" {quote}"),
        format!("{quote}\n"),
        signed("{"),
        signed("7"),
        signed(r#"["EdDSA","2026-q4x",null]"#),
        signed(r#"{"alg":"EdDSA"}"#),
        signed(r#"{"alg":"EdDSA","kid":""}"#),
        signed(r#"{"alg":"EdDSA","kid":"2026-q4x","kid":"2026-q4x"}"#),
        signed(r#"{"alg":"none","alg":"EdDSA","kid":"2026-q4x"}"#),
        signed(r#"{"alg":"EdDSA","kid":"2026-q4x","crit":["exp"],"exp":1}"#),
        signed(r#"{"alg":"EdDSA","kid":"2026-q4x","crit":[]}"#),
        signed(r#"{"alg":"EdDSA","kid":"2026-q4x","b64":false}"#),
    ];
    for text in texts {
        let reply = send_as_customer(&handler, place_quote(&text)).await;
        assert_eq!(faults(&reply), ["pointer /quote malformed_jws"], "{text}");
        assert!(text.is_empty() || !reply.body.contains(payload), "{}", reply.body);
    }
    for value in [json!(null), json!(7), json!([quote]), json!({ "quote": quote })] {
        let call = Call::to("POST /orders", &[]).body(&json!({ "quote": value }));
        assert_eq!(faults(&send_as_customer(&handler, call).await), ["pointer /quote wrong_type"]);
    }
    assert_eq!(ledger.commits().await, 0);
}

#[tokio::test]
async fn all_invalid_claims_are_reported_with_their_location() {
    let (handler, ledger) = customers().await;
    let refused = async |claims: &str| {
        let text = shop().signer.sign_text(r#"{"alg":"EdDSA","kid":"2026-q4x"}"#, claims);
        faults(&send_as_customer(&handler, place_quote(&text)).await)
    };
    assert_eq!(refused("{").await, ["claim  malformed_json"]);
    assert_eq!(refused("").await, ["claim  malformed_json"]);
    assert_eq!(refused("[]").await, ["claim  wrong_type"]);
    let missing = ["aud", "exp", "jti", "customerId", "currency", "items"];
    assert_eq!(refused("{}").await, missing.map(|name| format!("claim /{name} missing_field")));

    let faulty = with(
        &claims(),
        json!({
            "aud": ["a", 7], "exp": 1.5, "jti": "a b", "sub": "customer-1001", "shipping": -1, "metadata": { "#": "x" },
            "items": [{ "sku": "a", "quantity": 0, "unitPrice": 1.0 }, { "sku": "a", "quantity": 1, "unitPrice": 1, "price": 1 }],
        }),
    );
    let named = [
        "claim /aud wrong_type",
        "claim /exp not_an_integer",
        "claim /jti bad_id",
        "claim /items/0/quantity out_of_range",
        "claim /items/0/unitPrice not_an_integer",
        "claim /items/1/sku repeated_sku",
        "claim /items/1/price unknown_field",
        "claim /shipping out_of_range",
        "claim /metadata/# bad_id",
        "claim /sub unknown_field",
    ];
    assert_eq!(refused(&faulty.to_string()).await, named);
    for (exp, code) in [
        (json!(-1), "out_of_range"),
        (json!(253_402_300_800_u64), "out_of_range"),
        (json!(u64::MAX), "out_of_range"),
        (json!(null), "wrong_type"),
        (json!("4102444800"), "wrong_type"),
    ] {
        let exp = with(&claims(), json!({ "exp": exp }));
        assert_eq!(refused(&exp.to_string()).await, [format!("claim /exp {code}")]);
    }
    let repeated = claims().to_string().replacen("{\"", "{\"discount\":7246,\"", 1);
    assert_eq!(refused(&repeated).await, ["claim /discount duplicate_field"]);
    assert_eq!(ledger.commits().await, 0);
}
