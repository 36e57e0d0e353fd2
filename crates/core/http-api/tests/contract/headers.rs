use http_api::{CommandHeaders, Correlation, IfNoneMatch, Problem, gateway_request_id, parse_command};
use lambda_http::http::HeaderValue;

use super::payload::{Payload, errors_of, payload};

fn pay() -> Payload {
    payload("POST /orders/{orderId}/payments", &[("orderId", "o-1")]).body(r#"{"paymentId":"p","amount":1}"#)
}

fn headers(payload: Payload) -> Result<CommandHeaders, Problem> {
    parse_command(&payload.request()).map(|parsed| parsed.command().unwrap().headers)
}

#[test]
fn a_request_without_headers_asks_for_nothing_special() {
    assert_eq!(headers(pay()), Ok(CommandHeaders::default()));
}

#[test]
fn the_headers_are_read_whatever_their_case() {
    let request = pay().header("Idempotency-Key", "k-1").header("If-Match", "\"3\"");
    let wanted = CommandHeaders { idempotency_key: Some("k-1".to_owned()), if_match: Some(vec![3]) };
    assert_eq!(headers(request), Ok(wanted));
}

#[test]
fn an_idempotency_key_has_1_to_255_visible_ascii_characters() {
    for good in ["!", "~", "a;b=c", "'", &"k".repeat(255)] {
        let read = headers(pay().header("idempotency-key", good)).unwrap();
        assert_eq!(read.idempotency_key.as_deref(), Some(good));
    }
    for bad in ["", " ", "a b", "a\tb", "clé", "a\\b", &"k".repeat(256)] {
        let problem = headers(pay().header("idempotency-key", bad)).unwrap_err();
        assert_eq!(errors_of(problem), ["idempotency-key bad_header"], "{bad:?}");
    }
}

/// The gateway joins a repeated header with a comma, and no retry would have such a key.
#[test]
fn an_idempotency_key_that_was_given_twice_is_refused() {
    for joined in ["k,k", "one, two", "\"k\",\"k\"", "\"a,b\"", "k,", ",k", ","] {
        let problem = headers(pay().header("idempotency-key", joined)).unwrap_err();
        assert_eq!(errors_of(problem), ["idempotency-key bad_header"], "{joined:?}");
    }
    let mut request = pay().header("idempotency-key", "one").request();
    request.headers_mut().append("idempotency-key", HeaderValue::from_static("two"));
    assert_eq!(errors_of(parse_command(&request).unwrap_err()), ["idempotency-key bad_header"]);
}

#[test]
fn a_quoted_idempotency_key_is_the_key_without_its_quotes() {
    let longest = format!("\"{}\"", "k".repeat(255));
    for (sent, key) in [("\"k\"", "k"), ("\"a;b=c\"", "a;b=c"), (longest.as_str(), longest.trim_matches('"'))] {
        assert_eq!(headers(pay().header("idempotency-key", sent)).unwrap().idempotency_key.as_deref(), Some(key));
    }
    let too_long = format!("\"{}\"", "k".repeat(256));
    for bad in
        ["\"\"", "\"", "\"k", "k\"", "k\"k", "\"\"k\"\"", "\"a\"b\"", "\"a\\\"b\"", "\"a b\"", "\"k\";p=1", &too_long]
    {
        let problem = headers(pay().header("idempotency-key", bad)).unwrap_err();
        assert_eq!(errors_of(problem), ["idempotency-key bad_header"], "{bad:?}");
    }
}

#[test]
fn if_match_is_a_list_of_tags_compared_strongly() {
    let versions = |value: &str| headers(pay().header("if-match", value)).unwrap().if_match;
    assert_eq!(versions("*"), None);
    assert_eq!(versions(" * "), None);
    for (value, wanted) in [
        ("\"3\"", vec![3]),
        ("\"1\", \"2\"", vec![1, 2]),
        ("\"1\",\"2\"", vec![1, 2]),
        (",\"1\" , ,\t\"2\",", vec![1, 2]),
        ("\"18446744073709551615\"", vec![u64::MAX]),
        ("\"a,b\", \"3\"", vec![3]),
        ("W/\"2\", \"3\"", vec![3]),
    ] {
        assert_eq!(versions(value), Some(wanted), "{value}");
    }
}

#[test]
fn a_tag_that_is_no_version_matches_no_version() {
    for tag in [
        "W/\"3\"",
        "\"002\"",
        "\"0\"",
        "\"\"",
        "\"+3\"",
        "\"-1\"",
        "\"3.0\"",
        "\"abc\"",
        "\"*\"",
        "\"1,2\"",
        "\"é\"",
        "\"18446744073709551616\"",
    ] {
        assert_eq!(headers(pay().header("if-match", tag)).unwrap().if_match, Some(Vec::new()), "{tag}");
    }
}

#[test]
fn an_ill_formed_if_match_is_refused() {
    for bad in [
        "",
        " ",
        ",",
        "3",
        "\"",
        "\"3",
        "3\"",
        "w/\"3\"",
        "W/3",
        "W/ \"3\"",
        "\"1\" \"2\"",
        "\"1\"\"2\"",
        "\"1\", 2",
        "\"1\", *",
        "*, \"1\"",
        "*,*",
        "\"a b\"",
        "\"a\tb\"",
        "\"1\"; \"2\"",
        "'3'",
    ] {
        assert_eq!(errors_of(headers(pay().header("if-match", bad)).unwrap_err()), ["if-match bad_header"], "{bad:?}");
    }
}

#[test]
fn the_lines_of_if_match_are_one_list() {
    let mut request = pay().header("if-match", "\"1\"").request();
    request.headers_mut().append("if-match", HeaderValue::from_static("\"2\", \"3\""));
    assert_eq!(parse_command(&request).unwrap().command().unwrap().headers.if_match, Some(vec![1, 2, 3]));
    request.headers_mut().append("if-match", HeaderValue::from_static("*"));
    assert_eq!(errors_of(parse_command(&request).unwrap_err()), ["if-match bad_header"]);
}

#[test]
fn a_new_order_has_no_version_to_match() {
    for tag in ["*", "\"1\"", ""] {
        let body = r#"{"customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":1}]}"#;
        let request = payload("POST /orders", &[]).body(body).header("if-match", tag);
        assert_eq!(errors_of(headers(request).unwrap_err()), ["if-match bad_header"]);
    }
}

#[test]
fn if_none_match_compares_weakly() {
    let matches = |value: &str| {
        IfNoneMatch::of(&pay().header("if-none-match", value).request()).is_some_and(|known| known.matches(3))
    };
    for known in ["\"3\"", "W/\"3\"", "\"1\", W/\"3\" ,\"5\"", "\"a,b\",\"3\"", "*", " *"] {
        assert!(matches(known), "{known}");
    }
    let unknown = ["\"4\"", "3", "\"33\"", "\"03\"", "\"3", "", "garbage", "\"1,3\"", "\"1 , \"3\"", "\"3\", *"];
    for unknown in unknown {
        assert!(!matches(unknown), "{unknown}");
    }
    assert_eq!(IfNoneMatch::of(&pay().request()), None);
    let mut lines = pay().header("if-none-match", "\"1\"").request();
    lines.headers_mut().append("if-none-match", HeaderValue::from_static("W/\"3\""));
    assert_eq!(IfNoneMatch::of(&lines), Some(IfNoneMatch::Versions(vec![1, 3])));
}

#[test]
fn the_first_usable_part_of_a_correlation_id_counts() {
    let longest = "c".repeat(128);
    let (joined, too_long) = (format!("{longest}c, {longest}"), "c".repeat(129));
    let cases = [
        ("checkout-7", Some("checkout-7")),
        (longest.as_str(), Some(longest.as_str())),
        ("one,two", Some("one")),
        (" one , two", Some("one")),
        (",two words,three", Some("three")),
        (joined.as_str(), Some(longest.as_str())),
        ("\"quoted\"", Some("\"quoted\"")),
        ("", None),
        (" , ", None),
        ("a b", None),
        ("schlüssel", None),
        (too_long.as_str(), None),
    ];
    for (sent, id) in cases {
        let read = Correlation::of(&pay().header("x-correlation-id", sent).request());
        let wanted = Correlation { id: id.map(str::to_owned), is_unusable: id.is_none() };
        assert_eq!(read, wanted, "{sent:?}");
        assert!(headers(pay().header("x-correlation-id", sent)).is_ok(), "{sent:?} refused the request");
    }
    assert_eq!(Correlation::of(&pay().request()), Correlation::default());
    let mut lines = pay().header("x-correlation-id", "").request();
    lines.headers_mut().append("x-correlation-id", HeaderValue::from_static("second"));
    assert_eq!(Correlation::of(&lines).id.as_deref(), Some("second"));
}

#[test]
fn a_reply_carries_the_correlation_id_in_force() {
    let marked = |correlation: &Correlation, request_id: &str| {
        let mut response = Problem::internal().into_response(request_id);
        correlation.mark(&mut response, request_id);
        response.headers().get("x-correlation-id").map(|value| value.to_str().unwrap().to_owned())
    };
    let given = Correlation { id: Some("checkout-7".to_owned()), is_unusable: false };
    assert_eq!(marked(&given, "gw-1").as_deref(), Some("checkout-7"));
    assert_eq!(marked(&Correlation::default(), "gw-1").as_deref(), Some("gw-1"));
    assert_eq!(marked(&Correlation::default(), "no\nheader"), None);
}

#[test]
fn the_gateway_names_the_request() {
    assert_eq!(gateway_request_id(&pay().request()), Some("JKJaXmPLvHcESHA="));
    assert_eq!(gateway_request_id(&lambda_http::Request::default()), None);
}
