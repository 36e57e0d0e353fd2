//! The limits in the schemas equal the limits in the domain, except for two that no schema contains.

use order_domain::stored;
use publication::cloud_events;
use serde_json::{Value, json};

use crate::support::{commit, event, golden, newest, validator};

/// Returns two values: true if the domain reads a golden file with that value in that place, and true if the schema
/// accepts it.
fn verdicts(event_type: &str, pointer: &str, value: &Value) -> (bool, bool) {
    let mut data = golden(event_type, newest(event_type));
    *data.pointer_mut(pointer).unwrap() = value.clone();
    let mut detail = serde_json::to_value(&cloud_events(&commit("o", 1, vec![event(event_type)])).unwrap()[0]).unwrap();
    detail["data"] = data.clone();
    let read = stored::decode(event_type, newest(event_type), data).is_ok();
    (read, validator(event_type, newest(event_type)).is_valid(&detail))
}

#[test]
fn schema_and_domain_draw_the_same_line_for_numbers_ids_and_lengths() {
    let (text, id) = (|length| json!("ä".repeat(length)), |length| json!("a".repeat(length)));
    let table = [
        (
            "PaymentReceived",
            "/amount",
            vec![json!(0), json!(9_007_199_254_740_991_u64)],
            vec![json!(-1), json!(9_007_199_254_740_992_u64), json!(0.5), json!("1"), json!(null)],
        ),
        (
            "PaymentReceived",
            "/paymentId",
            vec![id(1), id(64), json!("A-1_b.c")],
            vec![id(0), id(65), json!("-a"), json!("a#b"), json!("a b"), json!("ä"), json!(1)],
        ),
        ("PaymentReceived", "/method", vec![text(1), text(256)], vec![text(0), text(257), json!(1)]),
        (
            "OrderPlaced",
            "/items/0/quantity",
            vec![json!(1), json!(1_000_000)],
            vec![json!(0), json!(1_000_001), json!(-1), json!("1")],
        ),
        (
            "OrderPlaced",
            "/currency",
            vec![json!("EUR"), json!("JPY"), json!("ANG"), json!("ABC")],
            vec![json!("eur"), json!("EURO"), json!("€")],
        ),
        (
            "PaymentCorrected",
            "/correctsEventId",
            vec![json!("0190b6f0-0000-7000-8000-000000000002")],
            vec![json!("0190b6f0"), json!(2)],
        ),
    ];
    for (event_type, pointer, within, beyond) in table {
        for (values, expected) in [(within, true), (beyond, false)] {
            for value in values {
                let verdicts = verdicts(event_type, pointer, &value);
                assert_eq!(verdicts, (expected, expected), "{event_type} {pointer} {value}: (domain, schema)");
            }
        }
    }
}

#[test]
fn the_schemas_do_not_restrict_the_characters_of_texts() {
    // A limit in a published schema can never be widened, but the domain may accept more characters later. So no schema
    // restricts characters.
    for (event_type, pointer, value) in
        [("PaymentReceived", "/method", json!("card\u{7}")), ("PaymentReceived", "/method", json!("card\u{202e}"))]
    {
        assert_eq!(
            verdicts(event_type, pointer, &value),
            (false, true),
            "{event_type} {pointer} {value}: (domain, schema)"
        );
    }
}

#[test]
fn a_list_holds_1_to_100_lines() {
    for (lines, expected) in [(0, false), (1, true), (100, true), (101, false)] {
        let items = json!(vec![json!({ "sku": "a", "quantity": 1 }); lines]);
        assert_eq!(verdicts("ItemShipped", "/items", &items).1, expected, "{lines} lines");
    }
}

#[test]
fn the_largest_event_is_half_of_what_an_eventbridge_entry_may_be() {
    let longest_text = "\u{10348}".repeat(256);
    let line = |n: usize| json!({ "sku": format!("{n:064}"), "name": longest_text, "quantity": 1, "unitPrice": 1 });
    let id = "i".repeat(64);
    let data = json!({
        "customerId": id, "currency": "EUR", "items": (0..100).map(line).collect::<Vec<_>>(),
        "shipping": 9_007_199_254_740_000_u64, "tax": 1, "discount": 9_007_199_254_740_000_u64, "total": 101,
    });
    let placed = stored::decode("OrderPlaced", 2, data).unwrap();
    let detail = serde_json::to_string(&cloud_events(&commit(&id, 1, vec![placed])).unwrap()[0]).unwrap();
    assert!(detail.len() < 128 * 1024, "{} bytes", detail.len());
}
