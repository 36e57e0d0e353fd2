//! One order for each quote, however often, late and concurrently it is sent.

use event_store::Timestamp;
use futures_util::future::join_all;
use http_api::QuoteVerifier;
use serde_json::json;
use signed_quotes::QuoteSigner;

use crate::order_life::{cancel, clock, pay, send};
use crate::quotes::{CUSTOMER, SCOPES, assert_replayed, customers, send_as_customer};
use crate::shop::{AUDIENCE, EARLIER, LATER, Shop, claims, place_claims, place_quote, shop, with};

#[tokio::test]
async fn a_quote_makes_one_order_under_any_idempotency_key() {
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
async fn a_used_quote_returns_its_order_after_it_expired() {
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
async fn a_quote_finds_its_order_after_70_further_commits() {
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
async fn a_quote_signed_again_makes_the_same_order() {
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
async fn two_customers_may_use_the_same_quote_id() {
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
    let call = place_claims(&claims()).token_of(CUSTOMER, SCOPES);
    let replies = join_all((0..8).map(|_| send(&handler, &call))).await;
    assert!(replies.iter().all(|reply| (reply.status, &reply.body) == (201, &replies[0].body)), "{replies:?}");
    assert_eq!(replies.iter().filter(|reply| reply.header("idempotent-replayed").is_none()).count(), 1);
    assert_eq!(ledger.commits().await, 1);
}
