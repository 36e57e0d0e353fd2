use http_api::{CommandHeaders, IfNoneMatch, Problem, gateway_request_id, parse_command};
use lambda_http::http::HeaderValue;

use super::payload::{Payload, errors_of, payload};

fn pay() -> Payload {
    payload("POST /orders/{orderId}/payments", &[("orderId", "o-1")]).body(r#"{"paymentId":"p","amount":1}"#)
}

fn headers(payload: Payload) -> Result<CommandHeaders, Problem> {
    parse_command(&payload.request()).map(|parsed| parsed.headers)
}

#[test]
fn a_request_without_headers_asks_for_nothing_special() {
    assert_eq!(headers(pay()), Ok(CommandHeaders::default()));
}

#[test]
fn the_headers_are_read_whatever_their_case() {
    let request = pay().header("Idempotency-Key", "k-1").header("If-Match", "\"3\"").header("X-Correlation-Id", "c-1");
    let wanted = CommandHeaders {
        idempotency_key: Some("k-1".to_owned()),
        if_match: Some(3),
        correlation_id: Some("c-1".to_owned()),
    };
    assert_eq!(headers(request), Ok(wanted));
}

#[test]
fn an_idempotency_key_has_1_to_255_visible_ascii_characters() {
    for good in ["!", "~", "a,b;c=\"d\"", &"k".repeat(255)] {
        let read = headers(pay().header("idempotency-key", good)).unwrap();
        assert_eq!(read.idempotency_key.as_deref(), Some(good));
    }
    for bad in ["", " ", "a b", "a\tb", "clé", &"k".repeat(256)] {
        let problem = headers(pay().header("idempotency-key", bad)).unwrap_err();
        assert_eq!(errors_of(problem), ["idempotency-key bad_header"], "{bad:?}");
    }
}

#[test]
fn a_correlation_id_has_1_to_128_visible_ascii_characters() {
    assert!(headers(pay().header("x-correlation-id", &"c".repeat(128))).is_ok());
    for bad in ["", "a b", &"c".repeat(129)] {
        let problem = headers(pay().header("x-correlation-id", bad)).unwrap_err();
        assert_eq!(errors_of(problem), ["x-correlation-id bad_header"], "{bad:?}");
    }
}

#[test]
fn if_match_is_one_strong_version_or_a_star() {
    assert_eq!(headers(pay().header("if-match", "*")).unwrap().if_match, None);
    assert_eq!(headers(pay().header("if-match", "\"18446744073709551615\"")).unwrap().if_match, Some(u64::MAX));
    for bad in
        ["3", "W/\"3\"", "\"\"", "\"+3\"", "\"-1\"", "\"3\", \"4\"", "\"abc\"", "\"18446744073709551616\"", "\"", ""]
    {
        assert_eq!(errors_of(headers(pay().header("if-match", bad)).unwrap_err()), ["if-match bad_header"], "{bad:?}");
    }
}

#[test]
fn a_new_order_has_no_version_to_match() {
    for tag in ["*", "\"1\""] {
        let body = r#"{"customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":1}]}"#;
        let request = payload("POST /orders", &[]).body(body).header("if-match", tag);
        assert_eq!(errors_of(headers(request).unwrap_err()), ["if-match bad_header"]);
    }
}

#[test]
fn a_repeated_header_is_refused() {
    let mut request = pay().header("idempotency-key", "one").request();
    request.headers_mut().append("idempotency-key", HeaderValue::from_static("two"));
    assert_eq!(errors_of(parse_command(&request).unwrap_err()), ["idempotency-key bad_header"]);
}

#[test]
fn if_none_match_compares_weakly() {
    let read = |value: &str| IfNoneMatch::of(&pay().header("if-none-match", value).request()).unwrap();
    for known in ["\"3\"", "W/\"3\"", "\"1\", W/\"3\" ,\"5\"", "*"] {
        assert!(read(known).matches(3), "{known}");
    }
    for unknown in ["\"4\"", "3", "\"33\"", "\"3", "", "garbage"] {
        assert!(!read(unknown).matches(3), "{unknown}");
    }
    assert_eq!(IfNoneMatch::of(&pay().request()), None);
}

#[test]
fn the_gateway_names_the_request() {
    assert_eq!(gateway_request_id(&pay().request()), Some("JKJaXmPLvHcESHA="));
    assert_eq!(gateway_request_id(&lambda_http::Request::default()), None);
}
