use http_api::commands::MAX_BODY;
use http_api::invalid::{Fault, Place};
use http_api::problem::QuoteFlaw;
use http_api::{Problem, Scope};
use order_domain::Rejection;
use order_domain::values::{Amount, Quantity, Sku};
use serde_json::json;

use super::payload::{body_of, seen};
use super::responses::at;

#[test]
fn every_case_of_the_contract_has_its_status_code_and_headers() {
    let cases = [
        (Problem::idempotency_key_reused(), 422, "idempotency_key_reused", None),
        (Problem::version_mismatch(4), 412, "version_mismatch", None),
        (Problem::contention(), 503, "contention", Some(("retry-after", "1"))),
        (Problem::order_unreadable(4), 500, "order_unreadable", None),
        (Problem::order_not_found(), 404, "order_not_found", None),
        (Problem::route_not_found(), 404, "route_not_found", None),
        (Problem::invalid_request(&[]), 400, "invalid_request", None),
        (Problem::idempotency_key_required(), 400, "idempotency_key_required", None),
        (Problem::version_not_reached(4), 404, "version_not_reached", None),
        (Problem::not_placed_yet(at(0)), 404, "not_placed_yet", None),
        (Problem::totals_not_kept(), 404, "totals_not_kept", None),
        (Problem::body_too_large(MAX_BODY), 413, "body_too_large", None),
        (Problem::unsupported_media_type(), 415, "unsupported_media_type", None),
        (Problem::unauthenticated("Bearer"), 401, "unauthenticated", Some(("www-authenticate", "Bearer"))),
        (Problem::prices_not_trusted(), 403, "prices_not_trusted", None),
        (Problem::quote_id_reused(), 409, "quote_id_reused", None),
        (Problem::quote_expired(at(0)), 422, "quote_expired", None),
        (Problem::quote_not_valid(QuoteFlaw::Signature), 422, "quote_not_valid", None),
        (Problem::forbidden(), 403, "forbidden", None),
        (
            Problem::insufficient_scope(&[Scope::OrdersRead, Scope::OrdersReadAll], "shop/"),
            403,
            "insufficient_scope",
            Some((
                "www-authenticate",
                r#"Bearer error="insufficient_scope", scope="shop/orders:read shop/orders:read-all""#,
            )),
        ),
        (Problem::mixed_scopes(), 403, "mixed_scopes", None),
        (Problem::unavailable(), 503, "unavailable", Some(("retry-after", "1"))),
        (Problem::internal(), 500, "internal_error", None),
    ];
    for (problem, status, code, header) in cases {
        assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        let response = problem.into_response("req-1");
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let headers = ["retry-after", "www-authenticate"].map(|name| (name, response.headers().get(name)));
        let given = headers.iter().find_map(|(name, value)| Some((*name, (*value)?.to_str().unwrap())));
        assert_eq!(given, header, "{code}");
        let body = body_of(&response);
        assert_eq!(body["type"], format!("urn:problem-type:order-ledger:{code}"));
        assert_eq!(body["status"], status);
        assert_eq!(body["code"], code);
        assert_eq!(body["requestId"], "req-1");
        assert!(body["title"].is_string() && body["detail"].is_string());
    }
}

#[test]
fn members_of_the_case_stand_beside_the_others() {
    assert_eq!(seen(Problem::version_mismatch(4))["currentVersion"], 4);
    assert_eq!(seen(Problem::version_not_reached(4))["currentVersion"], 4);
    assert_eq!(seen(Problem::not_placed_yet(at(0)))["placedAt"], "1970-01-01T00:00:00.000Z");
    assert_eq!(seen(Problem::body_too_large(MAX_BODY))["maxBytes"], 262_144);
    assert_eq!(seen(Problem::order_unreadable(4))["version"], 4);
    let reasons = QuoteFlaw::ALL.map(|flaw| seen(Problem::quote_not_valid(flaw))["reason"].take());
    assert_eq!(reasons, ["algorithm", "unknown_key", "signature", "audience"]);
}

/// A caller who follows the advice must not record a payment twice.
#[test]
fn a_503_tells_no_caller_to_repeat_a_command_without_its_key() {
    let detail = seen(Problem::unavailable())["detail"].as_str().unwrap().to_owned();
    let advice = "A command without a key may have been recorded: read the order before you send it again.";
    assert!(detail.ends_with(advice), "{detail}");
}

#[test]
fn a_business_refusal_is_409_with_its_numbers() {
    let refusal = Rejection::QuantityExceedsShippable {
        sku: Sku::parse("TEA").unwrap(),
        ordered: Quantity::new(3).unwrap(),
        shipped: 2,
        cancelled: 0,
        requested: Quantity::new(2).unwrap(),
    };
    assert_eq!(
        seen(Problem::refused(&refusal)),
        json!({
            "type": "urn:problem-type:order-ledger:quantity_exceeds_shippable",
            "title": "The order does not allow this",
            "status": 409,
            "detail": "2 of 3 of 'TEA' already shipped and 0 cancelled; cannot ship 2 more.",
            "code": "quantity_exceeds_shippable",
            "requestId": "JKJaXmPLvHcESHA=",
            "sku": "TEA", "ordered": 3, "shipped": 2, "cancelled": 0, "requested": 2
        })
    );
}

#[test]
fn a_refusal_of_a_new_order_is_409_too() {
    let refusal = Rejection::TotalNegative { gross: Amount::new(1).unwrap(), discount: Amount::new(2).unwrap() };
    let body = seen(Problem::refused(&refusal));
    assert_eq!((&body["status"], &body["code"], &body["discount"]), (&json!(409), &json!("total_negative"), &json!(2)));
}

#[test]
fn an_order_that_is_unknown_and_one_that_is_not_the_callers_read_alike() {
    let unknown = Problem::refused(&Rejection::OrderNotFound).into_response("req-1");
    let not_theirs = Problem::order_not_found().into_response("req-1");
    assert_eq!(unknown.body(), not_theirs.body());
    assert_eq!(unknown.headers(), not_theirs.headers());
    assert_eq!(unknown.status(), not_theirs.status());
}

#[test]
fn a_hostile_many_of_errors_gets_a_short_answer() {
    let errors: Vec<_> =
        (0..50_000).map(|n| Fault::new("unknown_field", "x").at(Place::Pointer(format!("/{n}")))).collect();
    let body = seen(Problem::invalid_request(&errors));
    assert_eq!(body["errors"].as_array().unwrap().len(), 100);
    assert_eq!(body["detail"], "The request has 50000 errors; these are the first 100.");
}
