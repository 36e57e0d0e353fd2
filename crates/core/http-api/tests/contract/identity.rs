use http_api::identity::MAX_ACTOR;
use http_api::{AuthMode, Authentication, Caller, CommandRoute, QueryRoute, Scope};
use order_domain::values::CustomerId;
use serde_json::{Value, json};

use super::payload::payload;

fn caller(authentication: impl Into<Authentication>, authorizer: Value) -> Result<Caller, u16> {
    let request = payload("GET /orders/{orderId}", &[("orderId", "o-1")]).authorizer(authorizer).request();
    Caller::of(&request, &authentication.into()).map_err(|problem| problem.status().as_u16())
}

/// Returns the caller of a token with this `sub` and these scopes.
fn token(subject: &str, scopes: &str) -> Result<Caller, u16> {
    caller(AuthMode::Jwt, jwt(&json!({ "sub": subject, "scope": scopes })))
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
fn a_request_without_an_identity_is_401() {
    for mode in [AuthMode::Iam, AuthMode::Jwt, AuthMode::JwtAndIam] {
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
    for mode in [AuthMode::Iam, AuthMode::Jwt, AuthMode::JwtAndIam] {
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
fn an_identity_of_a_kind_that_the_deployment_did_not_name_is_none() {
    assert_eq!(caller(AuthMode::Jwt, iam("arn:aws:iam::123456789012:user/shop")), Err(401));
    assert_eq!(caller(AuthMode::Iam, jwt(&json!({ "sub": "c-1", "scope": "orders:admin" }))), Err(401));
}

#[test]
fn with_both_apis_a_token_and_a_signature_are_accepted_but_not_at_once() {
    let (token, signature) = (jwt(&json!({ "sub": "c-1", "scope": "orders:read" })), iam("arn:aws:iam::1:user/shop"));
    assert!(!caller(AuthMode::JwtAndIam, token.clone()).unwrap().sees_everyone());
    assert!(caller(AuthMode::JwtAndIam, signature.clone()).unwrap().sets_prices());
    let both = json!({ "jwt": token["jwt"], "iam": signature["iam"] });
    for mode in [AuthMode::Iam, AuthMode::Jwt, AuthMode::JwtAndIam] {
        assert_eq!(caller(mode, both.clone()), Err(401), "{mode:?}");
    }
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
fn a_customers_token_reaches_the_orders_of_its_subject_only() {
    for scopes in ["openid orders:admins orders:read", "orders:place", "orders:cancel"] {
        let someone = token("c-1", scopes).unwrap();
        assert_eq!(someone.actor(), "jwt:c-1");
        assert!(someone.may_see(&customer("c-1")));
        assert!(!someone.may_see(&customer("c-2")));
        assert!(!someone.may_see(&customer("C-1")));
        assert!(!someone.sees_everyone() && !someone.sets_prices());
    }
}

#[test]
fn a_services_token_reaches_every_order_and_one_of_them_sets_prices() {
    for scopes in ["orders:read-all", "payments:write", "fulfillment:write orders:read-all", "orders:place-priced"] {
        let service = token("psp", scopes).unwrap();
        assert!(service.sees_everyone() && service.may_see(&customer("c-1")), "{scopes}");
        assert_eq!(service.sets_prices(), scopes == "orders:place-priced", "{scopes}");
    }
}

#[test]
fn a_token_without_a_scope_of_this_api_reaches_nothing() {
    for scopes in ["", "openid profile", "orders:write"] {
        let someone = token("c-1", scopes).unwrap();
        assert!(!someone.sees_everyone() && !someone.may_see(&customer("c-1")), "{scopes}");
        assert!(!someone.sets_prices() && usable(&someone).is_empty(), "{scopes}");
    }
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

#[test]
fn a_token_that_mixes_a_customers_and_a_services_scope_is_refused() {
    let customers = [Scope::OrdersRead, Scope::OrdersPlace, Scope::OrdersCancel];
    let is_services = |scope: &Scope| !customers.contains(scope) && *scope != Scope::OrdersAdmin;
    let services: Vec<_> = Scope::ALL.iter().copied().filter(is_services).collect();
    assert_eq!(services.len(), 4);
    for own in customers {
        for service in &services {
            let scopes = format!("{} {}", own.as_str(), service.as_str());
            assert_eq!(token("c-1", &scopes), Err(403), "{scopes}");
            assert!(token("c-1", &format!("{scopes} orders:admin")).unwrap().sets_prices(), "{scopes}");
        }
    }
    let all_of = |scopes: &[Scope]| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    assert!(token("c-1", &all_of(&customers)).is_ok());
    assert!(token("psp", &all_of(&services)).is_ok());
}

/// Returns the scopes that a caller may use.
fn usable(caller: &Caller) -> Vec<Scope> {
    Scope::ALL.iter().copied().filter(|scope| caller.require(&[*scope]).is_ok()).collect()
}

#[test]
fn a_token_may_be_used_for_the_scopes_in_its_own_claims_and_no_others() {
    for (claims, scopes) in [
        (json!({ "scope": "openid orders:read" }), &[Scope::OrdersRead][..]),
        (json!({ "scp": "[payments:write orders:read-all]" }), &[Scope::OrdersReadAll, Scope::PaymentsWrite]),
        (
            json!({ "scope": "orders:place-priced", "scp": "[fulfillment:write]" }),
            &[Scope::OrdersPlacePriced, Scope::FulfillmentWrite],
        ),
        (json!({ "scope": "orders:reader xorders:read orders/read ORDERS:READ orders:* read orders:write" }), &[]),
        (json!({ "scope": "" }), &[]),
        (json!({ "roles": "orders:read", "scopes": "orders:read" }), &[]),
    ] {
        let mut with_subject = claims.clone();
        with_subject["sub"] = json!("c-1");
        assert_eq!(usable(&caller(AuthMode::Jwt, jwt(&with_subject)).unwrap()), scopes, "{claims}");
    }
}

#[test]
fn one_of_a_routes_scopes_is_enough() {
    let (place, get) = (CommandRoute::PlaceOrder.scopes(), QueryRoute::GetOrder.scopes());
    for scope in ["orders:place", "orders:place-priced", "orders:admin"] {
        assert!(token("c-1", scope).unwrap().require(place).is_ok(), "{scope}");
    }
    for scope in ["orders:read", "orders:read-all", "orders:admin"] {
        assert!(token("c-1", scope).unwrap().require(get).is_ok(), "{scope}");
    }
    for scope in ["orders:cancel", "payments:write", "fulfillment:write", ""] {
        assert!(token("c-1", scope).unwrap().require(place).is_err(), "{scope}");
        assert!(token("c-1", scope).unwrap().require(get).is_err(), "{scope}");
    }
}

#[test]
fn the_admins_scope_a_signature_and_no_authentication_stand_for_every_scope() {
    let admin = token("clerk", "orders:admin").unwrap();
    let service = caller(AuthMode::Iam, iam("arn:aws:iam::123456789012:user/shop")).unwrap();
    for caller in [admin, service, caller(AuthMode::None, Value::Null).unwrap()] {
        assert_eq!(usable(&caller), Scope::ALL);
        assert!(caller.sets_prices());
    }
}

#[test]
fn a_subject_that_is_no_customer_id_sees_nothing() {
    let stranger = token("auth0|c-1", "orders:read").unwrap();
    assert!(!stranger.may_see(&customer("c-1")));
}

#[test]
fn another_claim_names_the_customer_where_the_deployment_says_so() {
    let authentication = Authentication {
        customer_claim: "custom:customer".to_owned(),
        customer_claim_prefix: "auth0|".to_owned(),
        ..AuthMode::Jwt.into()
    };
    let with = |claims: Value| caller(authentication.clone(), jwt(&claims));
    let own = json!({ "sub": "4711", "scope": "orders:read", "custom:customer": "auth0|c-1" });
    let caller = with(own).unwrap();
    assert_eq!(caller.actor(), "jwt:4711");
    assert!(caller.may_see(&customer("c-1")) && !caller.may_see(&customer("4711")));
    for amiss in [
        json!({ "sub": "auth0|c-1", "scope": "orders:read" }),
        json!({ "sub": "4711", "scope": "orders:read", "custom:customer": "" }),
        json!({ "sub": "4711", "scope": "orders:read", "custom:customer": "c-1" }),
        json!({ "sub": "4711", "scope": "orders:read", "custom:customer": "google|c-1" }),
        json!({ "sub": "4711", "scope": "orders:read", "custom:customer": " auth0|c-1" }),
    ] {
        assert_eq!(with(amiss.clone()), Err(401), "{amiss}");
    }
    for scopes in ["payments:write", "orders:admin", "openid"] {
        assert_eq!(with(json!({ "sub": "psp", "scope": scopes })).unwrap().actor(), "jwt:psp", "{scopes}");
    }
}

#[test]
fn a_token_of_the_client_credentials_grant_is_named_by_its_client_id() {
    let psp = caller(AuthMode::Jwt, jwt(&json!({ "client_id": "psp", "scope": "payments:write" }))).unwrap();
    assert_eq!(psp.actor(), "jwt:psp");
    assert_eq!(caller(AuthMode::Jwt, jwt(&json!({ "scope": "payments:write" }))), Err(401));
}

#[test]
fn only_scopes_with_the_deployments_prefix_count() {
    let authentication = Authentication { scope_prefix: "order-ledger/".to_owned(), ..AuthMode::Jwt.into() };
    let with = |scopes: &str| caller(authentication.clone(), jwt(&json!({ "sub": "c-1", "scope": scopes }))).unwrap();
    assert_eq!(usable(&with("openid order-ledger/orders:read")), [Scope::OrdersRead]);
    assert_eq!(usable(&with("orders:admin other/orders:admin payments:write")), []);
    let refused = with("orders:read").require(&[Scope::OrdersRead]).unwrap_err().into_response("id");
    let challenge = r#"Bearer error="insufficient_scope", scope="order-ledger/orders:read""#;
    assert_eq!(refused.headers()["www-authenticate"], challenge);
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
fn the_mode_is_one_of_four_words() {
    assert_eq!("iam".parse(), Ok(AuthMode::Iam));
    assert_eq!("jwt".parse(), Ok(AuthMode::Jwt));
    assert_eq!("jwt+iam".parse(), Ok(AuthMode::JwtAndIam));
    assert_eq!("none".parse(), Ok(AuthMode::None));
    for other in ["", "None", "off", " none", "iam+jwt"] {
        assert!(other.parse::<AuthMode>().is_err(), "{other:?}");
    }
}
