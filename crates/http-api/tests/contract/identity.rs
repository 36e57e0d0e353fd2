use http_api::identity::MAX_ACTOR;
use http_api::{AuthMode, Caller, Scope};
use order_domain::values::CustomerId;
use serde_json::{Value, json};

use super::payload::payload;

fn caller(mode: AuthMode, authorizer: Value) -> Result<Caller, u16> {
    let request = payload("GET /orders/{orderId}", &[("orderId", "o-1")]).authorizer(authorizer).request();
    Caller::of(&request, mode).map_err(|problem| problem.status().as_u16())
}

fn jwt(claims: &Value) -> Value {
    json!({ "jwt": { "claims": claims, "scopes": ["orders:admin"] } })
}

fn iam(arn: &str) -> Value {
    json!({ "iam": { "accessKey": "AKIA", "accountId": "123456789012", "callerId": "AIDA", "userArn": arn, "userId": "AIDA" } })
}

fn customer(id: &str) -> CustomerId {
    CustomerId::parse(id).unwrap()
}

#[test]
fn nobody_gets_in_without_an_identity() {
    for mode in [AuthMode::Iam, AuthMode::Jwt] {
        assert_eq!(caller(mode, Value::Null), Err(401));
        assert_eq!(caller(mode, json!({})), Err(401));
    }
    assert_eq!(caller(AuthMode::Iam, iam("")), Err(401));
    assert_eq!(caller(AuthMode::Jwt, jwt(&json!({}))), Err(401));
    for blank in ["", " ", "\t\n"] {
        assert_eq!(caller(AuthMode::Jwt, jwt(&json!({ "sub": blank, "scope": "orders:admin" }))), Err(401));
    }
}

#[test]
fn half_an_identity_is_none() {
    for mode in [AuthMode::Iam, AuthMode::Jwt] {
        for authorizer in [
            json!({ "jwt": null, "iam": null }),
            json!({ "jwt": {}, "iam": {} }),
            json!({ "jwt": { "claims": null, "scopes": ["orders:admin"] } }),
            json!({ "iam": { "accessKey": "AKIA", "accountId": "123456789012", "userArn": null } }),
            json!({ "lambda": { "sub": "c-1", "scope": "orders:admin", "userArn": "arn:aws:iam::123456789012:user/shop" } }),
            json!({ "claims": { "sub": "c-1", "scope": "orders:admin" }, "principalId": "c-1" }),
        ] {
            assert_eq!(caller(mode, authorizer.clone()), Err(401), "{mode:?} {authorizer}");
        }
    }
}

#[test]
fn an_identity_of_another_kind_than_the_deployment_authenticates_is_none() {
    assert_eq!(caller(AuthMode::Jwt, iam("arn:aws:iam::123456789012:user/shop")), Err(401));
    assert_eq!(caller(AuthMode::Iam, jwt(&json!({ "sub": "c-1" }))), Err(401));
}

#[test]
fn without_authentication_everyone_is_anonymous_and_sees_everything() {
    let anyone = caller(AuthMode::None, Value::Null).unwrap();
    assert_eq!(anyone.actor(), "anonymous");
    assert!(anyone.may_see(&customer("c-1")));
}

#[test]
fn a_signed_request_sees_every_order_under_its_arn() {
    let shop = caller(AuthMode::Iam, iam("arn:aws:iam::123456789012:user/shop")).unwrap();
    assert_eq!(shop.actor(), "iam:arn:aws:iam::123456789012:user/shop");
    assert!(shop.may_see(&customer("c-1")));
}

#[test]
fn a_token_sees_only_the_orders_of_its_subject() {
    let someone =
        caller(AuthMode::Jwt, jwt(&json!({ "sub": "c-1", "scope": "openid orders:admins orders:read" }))).unwrap();
    assert_eq!(someone.actor(), "jwt:c-1");
    assert!(someone.may_see(&customer("c-1")));
    assert!(!someone.may_see(&customer("c-2")));
    assert!(!someone.may_see(&customer("C-1")));
}

#[test]
fn a_token_with_the_scope_in_its_own_claims_sees_every_order() {
    for claims in [
        json!({ "sub": "clerk", "scope": "openid orders:admin" }),
        json!({ "sub": "clerk", "scp": "[orders:admin openid]" }),
    ] {
        assert!(caller(AuthMode::Jwt, jwt(&claims)).unwrap().may_see(&customer("c-1")));
    }
}

/// The scopes that a caller may use.
fn usable(caller: &Caller) -> Vec<Scope> {
    Scope::ALL.iter().copied().filter(|scope| caller.require(*scope).is_ok()).collect()
}

#[test]
fn a_token_may_be_used_for_the_scopes_in_its_own_claims_and_no_others() {
    for (claims, scopes) in [
        (json!({ "scope": "openid orders:read" }), &[Scope::OrdersRead][..]),
        (json!({ "scp": "[payments:write orders:read]" }), &[Scope::OrdersRead, Scope::PaymentsWrite]),
        (
            json!({ "scope": "orders:write", "scp": "[fulfillment:write]" }),
            &[Scope::OrdersWrite, Scope::FulfillmentWrite],
        ),
        (json!({ "scope": "orders:reader xorders:read orders/read ORDERS:READ orders:* read" }), &[]),
        (json!({ "scope": "" }), &[]),
        (json!({ "roles": "orders:read", "scopes": "orders:read" }), &[]),
    ] {
        let mut with_subject = claims.clone();
        with_subject["sub"] = json!("c-1");
        assert_eq!(usable(&caller(AuthMode::Jwt, jwt(&with_subject)).unwrap()), scopes, "{claims}");
    }
}

#[test]
fn the_admins_scope_a_signature_and_no_authentication_stand_for_every_scope() {
    let admin = caller(AuthMode::Jwt, jwt(&json!({ "sub": "clerk", "scope": "orders:admin" }))).unwrap();
    let service = caller(AuthMode::Iam, iam("arn:aws:iam::123456789012:user/shop")).unwrap();
    for caller in [admin, service, caller(AuthMode::None, Value::Null).unwrap()] {
        assert_eq!(usable(&caller), Scope::ALL);
    }
}

#[test]
fn a_subject_that_is_no_customer_id_sees_nothing() {
    let stranger = caller(AuthMode::Jwt, jwt(&json!({ "sub": "auth0|c-1" }))).unwrap();
    assert!(!stranger.may_see(&customer("c-1")));
}

#[test]
fn a_long_actor_is_cut_and_still_tells_two_callers_apart() {
    let of = |subject: String| caller(AuthMode::Jwt, jwt(&json!({ "sub": subject }))).unwrap().actor().to_owned();
    let (one, other) = (of("é".repeat(300)), of("é".repeat(301)));
    assert!(one.len() <= MAX_ACTOR && other.len() <= MAX_ACTOR, "{one}");
    assert!(one.starts_with("jwt:é"));
    assert_ne!(one, other);
    let exact = "a".repeat(MAX_ACTOR - 4);
    assert_eq!(of(exact.clone()), format!("jwt:{exact}"));
}

#[test]
fn the_mode_is_one_of_three_words() {
    assert_eq!("iam".parse(), Ok(AuthMode::Iam));
    assert_eq!("jwt".parse(), Ok(AuthMode::Jwt));
    assert_eq!("none".parse(), Ok(AuthMode::None));
    for other in ["", "None", "off", " none"] {
        assert!(other.parse::<AuthMode>().is_err(), "{other:?}");
    }
}
