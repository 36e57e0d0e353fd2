//! Real tokens, from the issuer to the audit trail. The gateway checks them, and the functions decide by the claims that it
//! passes on.

use std::collections::BTreeSet;

use reqwest::Method;
use sam_template::Template;
use serde_json::json;
use system_tests::api::three_items;
use system_tests::{Api, Reply, System};

/// Returns the gateway's routes: the method, a matching path, and the scopes.
fn routes() -> Vec<(Method, String, Vec<String>)> {
    let tokens = [("AuthMode", "jwt"), ("JwtIssuer", "https://id.example"), ("JwtAudience", "any")];
    let template = Template::of_this_project().unwrap().with_parameters(&tokens).unwrap();
    let api = template.http_apis().unwrap().remove(0).logical_id;
    let routes = template.routes().unwrap().into_iter().filter(|route| route.api == api);
    let path = |path: &str| path.replace("{orderId}", "o-1").replace("{customerId}", "anna").replace(['{', '}'], "");
    routes.map(|route| (route.method.parse().unwrap(), path(&route.path), route.scopes)).collect()
}

async fn call(api: &Api, method: &Method, path: &str) -> Reply {
    let body = (*method == Method::POST).then(|| b"{}".to_vec());
    api.send(method.clone(), path, &[("idempotency-key", "k")], body).await
}

/// Asserts that the gateway answered without a function. Every reply of a function has a correlation id.
#[track_caller]
fn assert_gateway(reply: &Reply, status: u16, message: &str) {
    assert_eq!((reply.status, &reply.body), (status, &json!({ "message": message })));
    assert_eq!(reply.header("x-correlation-id"), None);
}

#[tokio::test]
async fn every_route_needs_a_token_with_one_of_its_scopes() {
    let (system, issuer) = System::start_with_local_issuer().await;
    let routes = routes();
    let all: BTreeSet<&String> = routes.iter().flat_map(|(.., scopes)| scopes).collect();
    for (method, path, scopes) in &routes {
        assert_gateway(&call(&system.api, method, path).await, 401, "Unauthorized");
        let others: Vec<&str> = all.iter().filter(|it| !scopes.contains(it)).map(|it| it.as_str()).collect();
        let other = system.caller(&issuer, "anna", &others.join(" "));
        let reply = call(&other, method, path).await;
        assert_gateway(&reply, 403, "Forbidden");
        assert!(reply.header("www-authenticate").unwrap().contains(&scopes.join(" ")), "{method} {path}");
        let admin = system.caller(&issuer, "desk", "orders:admin");
        let reply = call(&admin, method, path).await;
        assert!(reply.header("x-correlation-id").is_some(), "{method} {path}: {}", reply.text);
    }
    assert_eq!(system.commits(), 0);
}

#[tokio::test]
async fn a_customer_reads_what_is_theirs_by_a_real_token() {
    let (system, issuer) = System::start_with_local_issuer().await;
    let admin = system.caller(&issuer, "desk", "openid orders:admin");
    let [anna, bert] = ["anna", "bert"].map(|customer| system.caller(&issuer, customer, "openid orders:read"));
    let order = admin.place("anna").await;
    anna.get(&format!("/orders/{order}")).await.expect(200);
    bert.get(&format!("/orders/{order}")).await.expect_problem(404, "order_not_found");
    bert.get("/customers/anna/orders").await.expect_problem(403, "forbidden");
    let history = admin.get(&format!("/orders/{order}/events")).await.expect(200);
    assert_eq!(history.body["items"][0]["actor"], "jwt:desk");
}

#[tokio::test]
async fn a_token_of_another_stacks_issuer_is_401() {
    let (system, _) = System::start_with_local_issuer().await;
    let (_, other) = System::start_with_local_issuer().await;
    let reply = system.caller(&other, "desk", "orders:admin").post("/orders", three_items("anna")).await;
    assert_gateway(&reply, 401, "Unauthorized");
    assert_eq!(system.commits(), 0);
}
