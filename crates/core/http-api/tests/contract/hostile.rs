use http_api::commands::MAX_BODY;
use http_api::{AuthMode, Caller, CommandRoute, IfNoneMatch, ParsedRequest, parse_command, parse_query};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::payload::{errors_of, payload, seen};

const PAY: &str = "POST /orders/{orderId}/payments";
const IDS: [(&str, &str); 3] = [("orderId", "o-1"), ("paymentId", "p-1"), ("shipmentId", "s-1")];

fn pay(body: impl AsRef<[u8]>) -> Vec<String> {
    errors_of(parse_command(&payload(PAY, &IDS[..1]).body(body).request()).unwrap_err())
}

#[test]
fn a_body_that_is_not_json_is_malformed_on_every_route() {
    let nested = "[".repeat(100_000);
    let deep = format!("{}{}", "{\"a\":".repeat(130), "}".repeat(130));
    let bodies: [&[u8]; 19] = [
        b"{\"amount\":1",
        b"{\"amount\":1,}",
        b"{amount:1}",
        b"{'amount':1}",
        b"garbage",
        b"\0",
        b"{\"paymentId\":\"a\0\"}",
        b"{\"amount\":1e400}",
        b"{\"amount\":-1e400}",
        b"{\"amount\":01}",
        b"{\"amount\":+1}",
        b"{\"amount\":NaN}",
        b"{\"amount\":Infinity}",
        b"{} {}",
        b" ",
        b"\xef\xbb\xbf{}",
        b"{\"method\":\"\xff\xfe\"}",
        b"{\"method\":\"\\ud800\"}",
        deep.as_bytes(),
    ];
    for route in CommandRoute::ALL {
        for body in bodies.iter().copied().chain([nested.as_bytes()]) {
            let request = payload(route.key(), &IDS).body(body).request();
            let seen_body = seen(parse_command(&request).unwrap_err());
            assert_eq!(
                seen_body["errors"][0]["code"],
                "malformed_json",
                "{}",
                String::from_utf8_lossy(&body[..body.len().min(80)])
            );
            let detail = seen_body["errors"][0]["detail"].as_str().unwrap();
            assert!(detail.contains(" at line 1 column "), "{detail}");
        }
    }
}

#[test]
fn a_body_that_is_no_object_is_of_the_wrong_type() {
    for body in ["null", "true", "1", "-1", "1.5", "\"{}\"", "[]", "[{}]"] {
        assert_eq!(pay(body), [" wrong_type"], "{body}");
    }
}

#[test]
fn an_empty_body_is_missing() {
    assert_eq!(pay(""), [" missing_body"]);
}

#[test]
fn a_body_may_have_256_kib_and_no_byte_more() {
    let padded = |len: usize| {
        let body = r#"{"paymentId":"p","amount":1}"#;
        payload(PAY, &IDS[..1]).body(format!("{body}{}", " ".repeat(len - body.len()))).request()
    };
    assert!(parse_command(&padded(MAX_BODY)).is_ok());
    let problem = seen(parse_command(&padded(MAX_BODY + 1)).unwrap_err());
    assert_eq!((&problem["status"], &problem["code"]), (&json!(413), &json!("body_too_large")));
}

#[test]
fn a_body_of_many_unknown_fields_gets_a_short_answer() {
    let fields: Vec<_> = (0..20_000).map(|n| format!("\"f{n}\":0")).collect();
    let request = payload(PAY, &IDS[..1]).body(format!("{{{}}}", fields.join(","))).request();
    let response = parse_command(&request).unwrap_err().into_response("r");
    assert!(response.body().len() < 20_000, "{}", response.body().len());
}

#[test]
fn an_amount_is_an_integer_in_range() {
    let amount = |number: &str| pay(format!(r#"{{"paymentId":"p","amount":{number}}}"#));
    for number in
        ["1.0", "1.5", "1e3", "1E0", "-0", "-0.0", "0.1", "18446744073709551616", "1e308", "-9223372036854775809"]
    {
        assert_eq!(amount(number), ["/amount not_an_integer"], "{number}");
    }
    for number in ["0", "-1", "9007199254740992", "18446744073709551615", "-9223372036854775808"] {
        assert_eq!(amount(number), ["/amount out_of_range"], "{number}");
    }
    for other in ["null", "true", "\"1\"", "[1]", "{}"] {
        assert_eq!(amount(other), ["/amount wrong_type"], "{other}");
    }
}

#[test]
fn a_quantity_is_an_integer_in_range() {
    for (number, code) in [
        ("0", "out_of_range"),
        ("1000001", "out_of_range"),
        ("4294967297", "out_of_range"),
        ("-1", "out_of_range"),
        ("1.0", "not_an_integer"),
    ] {
        let body = format!(r#"{{"shipmentId":"s","items":[{{"sku":"a","quantity":{number}}}]}}"#);
        let request = payload("POST /orders/{orderId}/shipments", &IDS[..1]).body(body).request();
        assert_eq!(errors_of(parse_command(&request).unwrap_err()), [format!("/items/0/quantity {code}")], "{number}");
    }
}

#[test]
fn ids_that_could_smuggle_a_delimiter_are_refused_in_body_and_path() {
    let bad = [
        "a#b",
        "a/b",
        "a\0",
        "\0",
        "a\nb",
        "a\r\n",
        " a",
        "a b",
        "a%23b",
        "\u{202e}a",
        "ａ",
        "é",
        "..",
        "-a",
        "_a",
        "a~b",
        "a|b",
        "'--",
    ];
    for id in bad {
        assert_eq!(pay(json!({ "paymentId": id, "amount": 1 }).to_string()), ["/paymentId bad_id"], "{id:?}");
        let request = payload(PAY, &[("orderId", id)]).body(r#"{"paymentId":"p","amount":1}"#).request();
        assert_eq!(errors_of(parse_command(&request).unwrap_err()), ["orderId bad_id"], "{id:?}");
    }
    assert_eq!(pay(json!({ "paymentId": "", "amount": 1 }).to_string()), ["/paymentId empty"]);
    assert_eq!(pay(json!({ "paymentId": "a".repeat(65), "amount": 1 }).to_string()), ["/paymentId too_long"]);
}

#[test]
fn texts_without_control_characters_and_overrides_are_welcome_in_every_script() {
    let method = |text: &str| {
        parse_command(
            &payload(PAY, &IDS[..1])
                .body(json!({ "paymentId": "p", "amount": 1, "method": text }).to_string())
                .request(),
        )
    };
    for good in ["kreditní karta", "信用卡", "بطاقة (Visa)\u{061c}", "כרטיס (Visa)\u{200f}", "💳", &"字".repeat(256)]
    {
        assert!(method(good).is_ok(), "{good}");
    }
    for (bad, code) in [
        ("", "empty"),
        ("a\0b", "bad_text"),
        ("a\nb", "bad_text"),
        ("\u{7f}", "bad_text"),
        ("a\u{202e}b", "bad_text"),
        ("\u{2066}", "bad_text"),
    ] {
        assert_eq!(errors_of(method(bad).unwrap_err()), [format!("/method {code}")], "{bad:?}");
    }
    assert_eq!(errors_of(method(&"字".repeat(257)).unwrap_err()), ["/method too_long"]);
}

#[test]
fn a_repeated_key_is_refused_wherever_it_is() {
    assert_eq!(pay(r#"{"paymentId":"p","amount":1,"amount":1}"#), ["/amount duplicate_field"]);
    assert_eq!(
        pay(r#"{"paymentId":"p","amount":1,"\u0061mount":2,"amount":3}"#),
        ["/amount duplicate_field", "/amount duplicate_field"]
    );
    let body = r#"{"shipmentId":"s","items":[{"sku":"a","quantity":1},{"sku":"b","quantity":1,"quantity":2}]}"#;
    let request = payload("POST /orders/{orderId}/shipments", &IDS[..1]).body(body).request();
    assert_eq!(errors_of(parse_command(&request).unwrap_err()), ["/items/1/quantity duplicate_field"]);
}

#[test]
fn pointers_escape_what_rfc_6901_has_escaped() {
    assert_eq!(pay(r#"{"paymentId":"p","amount":1,"a/b~c":1}"#), ["/a~1b~0c unknown_field"]);
}

/// The body has 128 KiB of key above 16,000 repeated keys. A separate pointer for each would take 2 GB.
#[test]
fn a_long_key_above_many_repeated_ones_gets_a_short_answer() {
    let inner = vec!["\"a\":0"; 16_000].join(",");
    let body = format!("{{\"{}\":{{{inner}}}}}", "k".repeat(128 * 1024));
    let request = payload(PAY, &IDS[..1]).body(body).request();
    let errors = errors_of(parse_command(&request).unwrap_err());
    assert_eq!(errors.len(), 3, "two missing fields and an unknown one");
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        4 => prop::sample::select(vec!["customerId", "currency", "items", "sku", "quantity", "unitPrice", "amount", "paymentId", "reason"]).prop_map(str::to_owned),
        1 => ".*",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        Just(json!("EUR")),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Returns true if the result is a parsed request or a 4xx of the API description: never a panic, never a 5xx.
fn is_answered(route: CommandRoute, body: impl AsRef<[u8]>) -> bool {
    match parse_command(&payload(route.key(), &IDS).body(body).request()) {
        Ok(ParsedRequest::Command(parsed)) => parsed.route == route,
        Ok(ParsedRequest::Quote(_)) => route == CommandRoute::PlaceOrder,
        Err(problem) => problem.status().is_client_error(),
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200), route in prop::sample::select(CommandRoute::ALL)) {
        prop_assert!(is_answered(route, bytes));
    }

    #[test]
    fn any_json_is_answered(body in any_json(), route in prop::sample::select(CommandRoute::ALL)) {
        prop_assert!(is_answered(route, body.to_string()));
    }

    #[test]
    fn any_path_query_header_and_identity_are_answered(
        id in ".*", query in "[ -~&&[^#]]*", header in "[ -~]*", subject in ".*"
    ) {
        // The gateway passes the query on as the caller encoded it, so it has only characters that are valid in a URI.
        let query: String = query.chars().filter(|c| c.is_ascii_alphanumeric() || "&=%+-.".contains(*c)).collect();
        let of_customer = ["GET /customers/{customerId}/orders", "GET /customers/{customerId}/totals"];
        for key in of_customer.into_iter().chain(["GET /orders/{orderId}", "GET /orders/{orderId}/events", PAY]) {
            let request = payload(key, &[("orderId", &id), ("customerId", &id)])
                .query(&query)
                .header("if-none-match", &header)
                .header("if-match", &header)
                .header("idempotency-key", &header)
                .authorizer(json!({ "jwt": { "claims": { "sub": subject, "scope": header } } }))
                .body("{}")
                .request();
            prop_assert!(parse_query(&request).map_or_else(|problem| problem.status().is_client_error(), |_| true));
            prop_assert!(parse_command(&request).is_err());
            let caller = Caller::of(&request, &AuthMode::Jwt.into());
            prop_assert!(caller.is_ok_and(|caller| caller.actor().len() <= 128) || subject.trim().is_empty());
            let _ = IfNoneMatch::of(&request).is_some_and(|known| known.matches(1));
        }
    }
}
