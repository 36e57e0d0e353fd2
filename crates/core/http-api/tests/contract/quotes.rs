use http_api::QuoteVerifier;
use http_api::quotes::BadQuoteKeys;
use order_domain::values::KeyId;
use signed_quotes::{DEMO_AUDIENCE, KeySetFault, QuoteSigner};

/// Anyone can sign with the demo key.
#[test]
fn the_demo_key_is_for_the_local_stack_only() {
    let other = QuoteSigner::generate(KeyId::parse("2026-q4").unwrap()).unwrap();
    let demo = QuoteSigner::demo().unwrap();
    let keys = QuoteSigner::key_set([&other, &demo]).to_string();
    assert!(QuoteVerifier::parse(&keys, DEMO_AUDIENCE).is_ok());
    for audience in ["order-ledger", "order-ledger-local2", ""] {
        let refused = QuoteVerifier::parse(&keys, audience).unwrap_err();
        assert_eq!(refused, BadQuoteKeys::from(KeySetFault::DemoKey), "{audience}");
    }
    assert!(QuoteVerifier::parse(&QuoteSigner::key_set([&other]).to_string(), "order-ledger").is_ok());
}
