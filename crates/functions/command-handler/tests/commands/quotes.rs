//! Orders from signed quotes: the accepted quotes, and one order for each. This file is longer than 400 lines, because it
//! has a test for each way to misuse a quote.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use command_handler::CommandHandler;
use embedded_dynamodb::{ANY_PORT, EmbeddedDynamoDb};
use event_store::{DynamoEventStore, EventStore, Loaded, Timestamp, UpTo};
use futures_util::future::join_all;
use http_api::{AuthMode, QuoteVerifier};
use order_aggregate::Orders;
use sam_template::Template;
use serde_json::{Value, json};
use signed_quotes::QuoteSigner;
use test_support::gateway::{Call, Reply};

use crate::order_life::{cancel, clock, order_body, pay, place_order, send};
use crate::shop::{AUDIENCE, EARLIER, LATER, Shop, claims, place_claims, place_quote, shop, with};

const CUSTOMER: &str = "customer-1001";
const SCOPES: &str = "orders:read orders:place orders:cancel";

/// The store of these tests: an embedded DynamoDB.
struct Ledger {
    database: EmbeddedDynamoDb,
    events: DynamoEventStore,
}

impl Ledger {
    async fn empty() -> Self {
        let database = EmbeddedDynamoDb::in_memory(ANY_PORT).await.unwrap();
        database.create_tables(&Template::of_this_project().unwrap()).unwrap();
        let events = DynamoEventStore::new(database.client(), "OrderEvents");
        Self { database, events }
    }

    /// Creates a handler of customers with tokens.
    fn handler(&self, quotes: QuoteVerifier, clock: fn() -> Timestamp) -> CommandHandler<DynamoEventStore> {
        CommandHandler::new(self.events.clone(), AuthMode::Jwt, quotes, clock)
    }

    /// Returns the number of commits in the table.
    async fn commits(&self) -> usize {
        let scanned = self.database.client().scan().table_name("OrderEvents").send().await.unwrap();
        scanned.items().len()
    }
}

/// Creates a handler of customers with tokens, with its own table.
async fn customers() -> (CommandHandler<DynamoEventStore>, Ledger) {
    let ledger = Ledger::empty().await;
    (ledger.handler(shop().verifier(), clock), ledger)
}

fn by_customer(call: Call) -> Call {
    call.token_of(CUSTOMER, SCOPES)
}

async fn send_as_customer(handler: &CommandHandler<DynamoEventStore>, call: Call) -> Reply {
    send(handler, &by_customer(call)).await
}

/// Asserts that a quote is not valid, for this reason, and that nothing was written.
async fn assert_not_valid(reply: &Reply, reason: &str, ledger: &Ledger) {
    assert_eq!(reply.problem(), (422, "quote_not_valid".to_owned()), "{}", reply.body);
    assert_eq!(reply.json()["reason"], reason);
    assert_eq!(ledger.commits().await, 0);
}

/// Asserts that the reply equals the first one, except for the marks of a repeat.
#[track_caller]
fn assert_replayed(again: &Reply, first: &Reply) {
    assert_eq!((first.status, again.status, &again.body), (201, 201, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.header("location"), first.header("location"));
}

/// Returns the three parts of a quote.
fn parts(quote: &str) -> [&str; 3] {
    quote.split('.').collect::<Vec<_>>().try_into().unwrap()
}

/// Returns the text with one byte of its decoded form changed.
fn altered(part: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
    bytes[20] ^= 1;
    URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a_customer_places_an_order_at_the_prices_of_a_quote() {
    let (handler, ledger) = customers().await;
    let claims = with(&claims(), json!({ "iat": EARLIER, "iss": "https://shop.example", "metadata": { "till": "7" } }));
    let reply = send_as_customer(&handler, place_claims(&claims)).await;
    assert_eq!((reply.status, reply.header("idempotent-replayed")), (201, None), "{}", reply.body);
    let body = reply.json();
    let order_id = body["orderId"].as_str().unwrap();
    assert_eq!(reply.header("location"), Some(format!("/orders/{order_id}").as_str()));
    let data = &body["events"][0]["data"];
    assert_eq!((&data["total"], &data["customerId"]), (&json!(7246), &json!(CUSTOMER)));
    assert_eq!(data["quote"], json!({ "quoteId": claims["jti"], "kid": "2026-q4x" }));
    assert_eq!((&data["reference"], &data["metadata"]), (&json!("#2026-0042"), &json!({ "till": "7" })));

    let loaded: Loaded<Orders> = ledger.events.load(order_id, UpTo::Head).await.unwrap();
    let request = &loaded.newest().unwrap().request;
    assert_eq!(request.request_id, format!("quote:{}", claims["jti"].as_str().unwrap()));
    assert_eq!(request.actor, format!("jwt:{CUSTOMER}"));
}

#[tokio::test]
async fn both_names_of_the_algorithm_and_a_list_of_audiences_are_accepted() {
    let (handler, ledger) = customers().await;
    let quote = with(&claims(), json!({ "aud": ["https://other.example", AUDIENCE] }));
    for alg in ["EdDSA", "Ed25519"] {
        let header = json!({ "typ": "JWT", "kid": "2026-q4x", "alg": alg });
        let text = shop().signer.sign_text(&header.to_string(), &quote.to_string());
        assert_eq!(send_as_customer(&handler, place_quote(&text)).await.status, 201, "{alg}");
    }
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn prices_from_a_customer_are_not_trusted_403() {
    let (handler, ledger) = customers().await;
    for customer in [CUSTOMER, "customer-2002"] {
        let reply = send(&handler, &place_order().token_of(customer, SCOPES)).await;
        assert_eq!(reply.problem(), (403, "prices_not_trusted".to_owned()));
        assert!(reply.json()["detail"].as_str().unwrap().contains("quote"), "{}", reply.body);
        let keyless = place_order().without("idempotency-key").token_of(customer, SCOPES);
        assert_eq!(send(&handler, &keyless).await.problem(), (403, "prices_not_trusted".to_owned()));
    }
    assert_eq!(ledger.commits().await, 0);
    let admin = place_order().token_of("agent-7", "orders:admin");
    assert_eq!(send(&handler, &admin).await.status, 201);
}

#[tokio::test]
async fn an_altered_payload_is_refused() {
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
async fn an_altered_signature_is_refused() {
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
async fn an_expired_quote_is_refused() {
    let (handler, ledger) = customers().await;
    let reply = send_as_customer(&handler, place_claims(&with(&claims(), json!({ "exp": EARLIER })))).await;
    assert_eq!(reply.problem(), (422, "quote_expired".to_owned()));
    assert!(reply.json()["detail"].as_str().unwrap().contains("2020-01-01T00:00:00.000Z"), "{}", reply.body);
    assert_eq!(ledger.commits().await, 0);
}

#[tokio::test]
async fn a_quote_expires_with_the_second_it_names() {
    let (_, ledger) = customers().await;
    let at = |clock| ledger.handler(shop().verifier(), clock);
    let last = at(|| Timestamp::from_epoch_ms(LATER * 1000 - 1).unwrap());
    let over = at(|| Timestamp::from_epoch_ms(LATER * 1000).unwrap());
    let call = || place_claims(&claims());
    assert_eq!(send_as_customer(&over, call()).await.problem(), (422, "quote_expired".to_owned()));
    assert_eq!(send_as_customer(&last, call()).await.status, 201);
}

#[tokio::test]
async fn a_quote_of_another_customer_is_forbidden_before_anything_is_read() {
    let (handler, ledger) = customers().await;
    let stranger = |call: Call| call.token_of("customer-2002", SCOPES);
    let placed = claims();
    assert_eq!(send_as_customer(&handler, place_claims(&placed)).await.status, 201);
    let expired = with(&placed, json!({ "exp": EARLIER }));
    let unknown = Shop::with_key("other").quote(&placed);
    for call in [place_claims(&claims()), place_claims(&placed), place_claims(&expired), place_quote(&unknown)] {
        assert_eq!(send(&handler, &stranger(call)).await.problem(), (403, "forbidden".to_owned()));
    }
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn a_service_places_from_the_quote_of_any_customer() {
    let (handler, ledger) = customers().await;
    let call = place_claims(&claims());
    let first = send(&handler, &call.clone().token_of("shop-front", "orders:admin")).await;
    assert_eq!(first.status, 201, "{}", first.body);
    // The customer's own request finds the same order.
    assert_replayed(&send_as_customer(&handler, call).await, &first);
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn a_quote_for_another_audience_is_refused() {
    let (handler, ledger) = customers().await;
    for audience in [json!("order-ledger"), json!([]), json!(["a", "b"]), json!(""), json!("ORDER-LEDGER-TEST")] {
        let reply = send_as_customer(&handler, place_claims(&with(&claims(), json!({ "aud": audience })))).await;
        assert_not_valid(&reply, "audience", &ledger).await;
    }
}

#[tokio::test]
async fn a_quote_by_an_unknown_key_is_refused() {
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
async fn a_retired_key_makes_no_order_and_its_orders_are_still_answered() {
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
async fn a_quote_by_an_unknown_key_finds_an_order_of_its_own_content_alone() {
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
async fn an_unsigned_quote_is_refused() {
    let (handler, ledger) = customers().await;
    let payload = URL_SAFE_NO_PAD.encode(claims().to_string());
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"None","kid":"2026-q4x"}"#, r#"{"alg":"none","kid":"2026-q4x"}"#] {
        let quote = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header));
        assert_not_valid(&send_as_customer(&handler, place_quote(&quote)).await, "algorithm", &ledger).await;
    }
}

/// The public key as the secret of an HMAC: a well-known attack on token libraries.
#[tokio::test]
async fn another_algorithm_than_the_keys_is_refused() {
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

#[tokio::test]
async fn a_quote_makes_one_order_under_whatever_key_it_is_sent() {
    let (handler, ledger) = customers().await;
    let call = place_claims(&claims());
    let first = send_as_customer(&handler, call.clone().key("key-1")).await;
    let calls = [call.clone().key("key-1"), call.clone().key("key-2"), call.clone(), call.key("a,b")];
    for again in calls {
        assert_replayed(&send_as_customer(&handler, again).await, &first);
    }
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn a_quote_that_was_used_is_answered_after_it_expired() {
    let (_, ledger) = customers().await;
    let at = |clock| ledger.handler(shop().verifier(), clock);
    let call = place_claims(&claims());
    let before = at(|| Timestamp::from_epoch_ms(LATER * 1000 - 1).unwrap());
    let after = at(|| Timestamp::from_epoch_ms(LATER * 1000 + 1).unwrap());
    let first = send_as_customer(&before, call.clone()).await;
    assert_replayed(&send_as_customer(&after, call).await, &first);
    assert_eq!(ledger.commits().await, 1);
}

/// An order remembers its last 64 requests. Its quote finds it even after that.
#[tokio::test]
async fn a_quote_finds_its_order_however_far_that_has_come() {
    let (handler, ledger) = customers().await;
    let quote = claims();
    let first = send_as_customer(&handler, place_claims(&quote)).await;
    let order_id = first.json()["orderId"].as_str().unwrap().to_owned();
    for number in 0..70 {
        let payment = pay(&order_id, &format!("payment-{number}"), 1).token_of("till", "orders:admin");
        assert_eq!(send(&handler, &payment).await.status, 201);
    }
    assert_eq!(send(&handler, &cancel(&order_id).token_of(CUSTOMER, SCOPES)).await.status, 201);
    let expired = with(&quote, json!({ "exp": EARLIER }));
    let unknown = Shop::with_key("other").quote(&quote);
    for call in [place_claims(&quote), place_claims(&expired), place_quote(&unknown)] {
        assert_replayed(&send_as_customer(&handler, call).await, &first);
    }
    assert_eq!(ledger.commits().await, 72);
}

#[tokio::test]
async fn a_quote_signed_anew_makes_the_same_order() {
    let (_, ledger) = customers().await;
    let successor = Shop::with_key("2027-q1");
    let both = QuoteSigner::key_set([&shop().signer, &successor.signer]).to_string();
    let verifier = QuoteVerifier::parse(&both, AUDIENCE).unwrap();
    let handler = ledger.handler(verifier, clock);
    let quote = claims();
    let first = send_as_customer(&handler, place_claims(&quote)).await;
    let renewed = with(&quote, json!({ "exp": LATER + 60, "iat": EARLIER, "aud": [AUDIENCE], "tax": 0 }));
    for quote in [shop().quote(&renewed), successor.quote(&renewed)] {
        assert_replayed(&send_as_customer(&handler, place_quote(&quote)).await, &first);
    }
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn a_quote_id_with_other_content_is_reused_409() {
    let (handler, ledger) = customers().await;
    let quote = claims();
    assert_eq!(send_as_customer(&handler, place_claims(&quote)).await.status, 201);
    for changes in [json!({ "shipping": 0 }), json!({ "discount": 501 }), json!({ "metadata": { "a": "b" } })] {
        let reply = send_as_customer(&handler, place_claims(&with(&quote, changes.clone()))).await;
        assert_eq!(reply.problem(), (409, "quote_id_reused".to_owned()), "{changes}");
    }
    let expired = with(&quote, json!({ "shipping": 0, "exp": EARLIER }));
    assert_eq!(send_as_customer(&handler, place_claims(&expired)).await.problem(), (422, "quote_expired".to_owned()));
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn a_quote_id_is_its_customers_own() {
    let (handler, ledger) = customers().await;
    let quote = claims();
    let other = with(&quote, json!({ "customerId": "customer-2002" }));
    let one = send_as_customer(&handler, place_claims(&quote)).await;
    let two = send(&handler, &place_claims(&other).token_of("customer-2002", SCOPES)).await;
    assert_eq!((one.status, two.status), (201, 201));
    assert_ne!(one.json()["orderId"], two.json()["orderId"]);
    assert_eq!(ledger.commits().await, 2);
}

#[tokio::test]
async fn eight_requests_with_one_quote_at_once_make_one_order() {
    let (handler, ledger) = customers().await;
    let call = by_customer(place_claims(&claims()));
    let replies = join_all((0..8).map(|_| send(&handler, &call))).await;
    assert!(replies.iter().all(|reply| (reply.status, &reply.body) == (201, &replies[0].body)), "{replies:?}");
    assert_eq!(replies.iter().filter(|reply| reply.header("idempotent-replayed").is_none()).count(), 1);
    assert_eq!(ledger.commits().await, 1);
}

#[tokio::test]
async fn the_largest_quote_there_can_be_is_accepted() {
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
async fn a_quote_stands_alone_in_its_body() {
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
async fn a_text_that_is_no_jws_is_refused_400() {
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
async fn faulty_claims_are_all_named_by_their_place() {
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

#[tokio::test]
async fn a_rule_refuses_a_quote_as_it_refuses_prices() {
    let (handler, ledger) = customers().await;
    let reply = send_as_customer(&handler, place_claims(&with(&claims(), json!({ "discount": 900_000 })))).await;
    assert_eq!(reply.problem(), (409, "total_negative".to_owned()));
    assert_eq!(ledger.commits().await, 0);
}
