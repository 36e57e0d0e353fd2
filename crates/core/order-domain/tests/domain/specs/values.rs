use std::collections::BTreeMap;

use order_domain::values::{
    Amount, Currency, CustomerId, MAX_AMOUNT, MAX_QUANTITY, Metadata, OrderId, Quantity, ReasonCode, Reference, Sku,
    Text, ValueError,
};

#[test]
fn an_id_is_1_to_64_plain_characters() {
    for id in ["a", "7", "A.b_c-9", "01890a5d-ac96-774b-bcce-b302099a8057", &"x".repeat(64)] {
        assert_eq!(Sku::parse(id).unwrap().as_str(), id);
        assert_eq!(OrderId::parse(id).unwrap().to_string(), id);
    }
    assert_eq!(Sku::parse(""), Err(ValueError::Empty));
    assert_eq!(Sku::parse(&"x".repeat(65)), Err(ValueError::TooLong { max: 64 }));
}

#[test]
fn an_id_smuggles_no_delimiter_into_a_key() {
    let hostile = [
        "a#b",
        "a/b",
        "a b",
        " a",
        "a ",
        "a\0",
        "a\n",
        "a\r\nb",
        "a\tb",
        "a:b",
        "a%23b",
        "a\u{202E}b",
        "a\u{200B}b",
        "é",
        "٣",
        "ａ",
        ".a",
        "_a",
        "-a",
        "..",
        "a\u{0301}",
    ];
    for id in hostile {
        assert_eq!(CustomerId::parse(id), Err(ValueError::BadIdCharacter), "{id:?}");
        assert!(serde_json::from_value::<CustomerId>(id.into()).is_err(), "{id:?}");
    }
}

#[test]
fn a_text_is_1_to_256_characters_of_any_script() {
    let right_to_left = ["כוס (XL)\u{200F}", "\u{200E}500 גרם", "فنجان (XL)\u{061C}", "فنجان\u{200F}!"];
    let scripts = ["x", "Tasse à café", "マグカップ", "فنجان", "👩‍👩‍👧 mug", " x", ".", &"語".repeat(256)];
    for text in scripts.into_iter().chain(right_to_left) {
        assert_eq!(Text::parse(text).unwrap().as_str(), text);
    }
    assert_eq!(Text::parse(""), Err(ValueError::Empty));
    assert_eq!(Text::parse(&"語".repeat(257)), Err(ValueError::TooLong { max: 256 }));
}

#[test]
fn a_text_cannot_control_a_terminal_or_turn_its_reading_around() {
    let hostile = [
        '\0', '\n', '\r', '\t', '\u{1B}', '\u{7F}', '\u{85}', '\u{2028}', '\u{2029}', '\u{202A}', '\u{202B}',
        '\u{202C}', '\u{202D}', '\u{202E}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
    ];
    for c in hostile {
        let text = format!("a{c}b");
        assert_eq!(Text::parse(&text), Err(ValueError::BadTextCharacter), "{c:?}");
        assert!(serde_json::from_value::<Text>(text.into()).is_err(), "{c:?}");
    }
}

#[test]
fn an_amount_is_an_integer_that_every_json_reader_holds() {
    assert_eq!(Amount::new(0), Ok(Amount::ZERO));
    assert_eq!(Amount::new(MAX_AMOUNT).unwrap().minor_units(), 9_007_199_254_740_991);
    assert_eq!(Amount::new(MAX_AMOUNT + 1), Err(ValueError::AmountOutOfRange));
    assert_eq!(Amount::new(u64::MAX), Err(ValueError::AmountOutOfRange));
    for json in ["-1", "1.0", "1.5", "1e3", "9007199254740992", "99999999999999999999", "\"1\"", "null", "true"] {
        assert!(serde_json::from_str::<Amount>(json).is_err(), "{json}");
    }
}

#[test]
fn a_quantity_is_1_to_a_million() {
    assert_eq!(Quantity::new(1).unwrap().get(), 1);
    assert_eq!(Quantity::new(MAX_QUANTITY).unwrap().get(), 1_000_000);
    for count in [0, MAX_QUANTITY + 1, u32::MAX] {
        assert_eq!(Quantity::new(count), Err(ValueError::QuantityOutOfRange));
    }
    for json in ["0", "-1", "1.0", "1000001", "4294967297", "\"1\""] {
        assert!(serde_json::from_str::<Quantity>(json).is_err(), "{json}");
    }
}

/// Blanks, joiners, direction marks, fillers, variation selectors, tags, and the blank Braille pattern.
const INVISIBLE: [&str; 16] = [
    " ",
    "   ",
    "\u{A0}",
    "\u{3000}",
    "\u{200B}",
    "\u{FEFF}",
    "\u{200D}\u{200C}",
    "\u{200F}",
    "\u{AD}",
    "\u{3164}",
    "\u{115F}\u{1160}",
    "\u{FFA0}",
    "\u{2800}",
    "\u{FE0F}",
    "\u{E0041}",
    " \u{2060}\u{200B} ",
];

#[test]
fn a_text_has_something_to_see() {
    for text in INVISIBLE {
        assert_eq!(Text::parse(text), Err(ValueError::Invisible), "{text:?}");
        assert_eq!(Reference::parse(text), Err(ValueError::Invisible), "{text:?}");
        assert!(Text::parse(&format!("{text}x")).is_ok(), "{text:?}");
    }
}

#[test]
fn a_text_has_no_noncharacters() {
    for c in ['\u{FDD0}', '\u{FDEF}', '\u{FFFE}', '\u{FFFF}', '\u{1FFFE}', '\u{10FFFF}'] {
        assert_eq!(Text::parse(&format!("a{c}")), Err(ValueError::BadTextCharacter), "{c:?}");
    }
    assert!(Text::parse("\u{FFFD}\u{FDF0}").is_ok());
}

/// The first release accepted these texts, so an order that contains one must stay readable.
#[test]
fn texts_that_were_stored_are_read_by_the_rules_of_their_time() {
    for text in INVISIBLE.into_iter().chain(["a\u{FFFE}"]) {
        assert_eq!(serde_json::from_value::<Text>(text.into()).unwrap().as_str(), text);
    }
}

#[test]
fn a_reason_code_is_a_word_of_letters() {
    for code in ["damaged", "SOLD_OUT", "a", &"x".repeat(32)] {
        assert_eq!(ReasonCode::parse(code).unwrap().as_str(), code);
    }
    for code in ["_a", "a1", "a-b", "a b", "é", "a\0"] {
        assert_eq!(ReasonCode::parse(code), Err(ValueError::BadReasonCode), "{code:?}");
    }
    assert_eq!(ReasonCode::parse(""), Err(ValueError::Empty));
    assert_eq!(ReasonCode::parse(&"x".repeat(33)), Err(ValueError::TooLong { max: 32 }));
}

#[test]
fn a_reference_is_1_to_64_characters_of_any_script() {
    for number in ["1", "#1001", "2026/000-17", "注文 7", &"語".repeat(64)] {
        assert_eq!(Reference::parse(number).unwrap().as_str(), number);
    }
    assert_eq!(Reference::parse(&"x".repeat(65)), Err(ValueError::TooLong { max: 64 }));
}

#[test]
fn metadata_is_at_most_512_bytes_of_names_and_values() {
    let of = |notes: &[(&str, &str)]| {
        let notes = notes.iter().map(|(name, value)| ((*name).to_owned(), Text::parse(value).unwrap()));
        Metadata::try_from(notes.collect::<BTreeMap<_, _>>())
    };
    let (a, b) = ("語".repeat(85), "語".repeat(84));
    assert!(of(&[("a", &a), ("b", &b), ("c", "xx")]).is_ok(), "512 bytes");
    assert_eq!(of(&[("a", &a), ("b", &b), ("c", "xxx")]), Err(ValueError::MetadataTooLarge { max: 512 }));
    assert_eq!(of(&[("a b", "x")]), Err(ValueError::BadIdCharacter));
    assert!(Metadata::default().is_empty());
    assert_eq!(of(&[("b", "2"), ("a", "1")]).unwrap().iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
}

#[test]
fn a_new_order_is_in_a_currency_in_use() {
    for code in ["EUR", "USD", "JPY", "KWD", "XOF", "VES", "VED"] {
        assert_eq!(Currency::parse(code).unwrap().code(), code);
    }
    // No currency, a test code, gold, a unit of account, a fund, withdrawn currencies, and texts that are not codes.
    let others =
        ["XXX", "XTS", "XAU", "XDR", "CHE", "HRK", "ANG", "DEM", "AAA", "eur", "EU", "EURO", "", "E\0R", "ЕUR"];
    for code in others {
        assert_eq!(Currency::parse(code), Err(ValueError::UnknownCurrency), "{code:?}");
    }
}

#[test]
fn a_stored_currency_is_readable_for_ever() {
    for code in ["EUR", "HRK", "ANG", "DEM", "XAU", "QQQ"] {
        assert_eq!(serde_json::from_value::<Currency>(code.into()).unwrap().code(), code);
    }
    for code in ["eur", "EU", "EURO", "", "E\0R", "ЕUR", "E1R"] {
        assert!(serde_json::from_value::<Currency>(code.into()).is_err(), "{code:?}");
    }
}
