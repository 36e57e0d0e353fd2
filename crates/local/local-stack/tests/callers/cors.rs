//! Pages of other origins.

use reqwest::Method;
use sam_template::CorsConfiguration;
use serde_json::Value;

use crate::{SHOP, Scene};

fn cors() -> CorsConfiguration {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    CorsConfiguration {
        allow_origins: list(&[SHOP, "https://desk.example"]),
        allow_methods: list(&["GET", "POST"]),
        allow_headers: list(&["authorization", "content-type"]),
        expose_headers: list(&["etag", "location"]),
        max_age: Some(7200),
    }
}

fn preflight(origin: &str) -> [(&str, &str); 3] {
    [("origin", origin), ("access-control-request-method", "POST"), ("access-control-request-headers", "authorization")]
}

#[tokio::test]
async fn a_preflight_request_is_answered_without_a_token_and_a_function() {
    let scene = Scene::start_with_cors(Some(cors())).await;
    let reply = scene.send(Method::OPTIONS, "/orders/o-1", &preflight(SHOP)).await;
    assert_eq!((reply.status, &reply.body), (204, &Value::Null));
    for (name, value) in [
        ("access-control-allow-origin", SHOP),
        ("access-control-allow-methods", "GET,POST"),
        ("access-control-allow-headers", "authorization,content-type"),
        ("access-control-max-age", "7200"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    assert_eq!(reply.cors().len(), 4, "{reply:?}");
}

#[tokio::test]
async fn every_request_of_an_unnamed_origin_is_403_without_cors_headers() {
    let scene = Scene::start_with_cors(Some(cors())).await;
    for origin in ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"] {
        let reply = scene.send(Method::OPTIONS, "/orders/o-1", &preflight(origin)).await;
        assert_eq!((reply.status, reply.cors()), (403, vec![]), "{origin}");
        let reply = scene.send(Method::GET, "/open", &[("origin", origin)]).await;
        assert_eq!((reply.status, reply.cors()), (403, vec![]), "{origin}");
    }
}

#[tokio::test]
async fn a_request_for_options_that_is_no_preflight_is_404() {
    let scene = Scene::start_with_cors(Some(cors())).await;
    for headers in [&[][..], &[("origin", SHOP)], &[("access-control-request-method", "POST")]] {
        assert_eq!(scene.send(Method::OPTIONS, "/orders/o-1", headers).await.status, 404, "{headers:?}");
    }
}

#[tokio::test]
async fn a_page_of_a_named_origin_may_read_the_reply_of_a_function() {
    let scene = Scene::start_with_cors(Some(cors())).await;
    let reply = scene.send(Method::GET, "/open", &[("origin", SHOP)]).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some(SHOP));
    assert_eq!(reply.header("access-control-expose-headers"), Some("etag,location"));
    // The function's own headers are removed.
    assert_eq!(reply.cors(), ["access-control-allow-origin", "access-control-expose-headers"]);
    let reply = scene.send(Method::GET, "/open", &[]).await;
    assert_eq!((reply.status, reply.cors()), (200, vec![]));
}

#[tokio::test]
async fn a_reply_of_the_gateway_itself_has_no_cors_header() {
    let scene = Scene::start_with_cors(Some(cors())).await;
    for (method, path, status) in [(Method::GET, "/nowhere", 404), (Method::POST, "/orders/o-1", 401)] {
        let reply = scene.send(method, path, &[("origin", SHOP)]).await;
        assert_eq!((reply.status, reply.cors()), (status, vec![]), "{path}");
    }
}

#[tokio::test]
async fn an_api_without_cors_answers_no_preflight_and_touches_no_header() {
    let scene = Scene::start().await;
    let own = scene.own_origin();
    let reply = scene.send(Method::OPTIONS, "/orders/o-1", &preflight(&own)).await;
    assert_eq!((reply.status, reply.cors()), (404, vec![]));
    let reply = scene.send(Method::GET, "/open", &[("origin", &own)]).await;
    assert_eq!(reply.cors(), ["access-control-allow-origin", "access-control-max-age"], "the function's own");
}

#[tokio::test]
async fn wildcards_allow_every_origin_or_every_one_of_a_scheme() {
    for (allowed, origin, named) in [
        ("*", "http://a.example", Some("*")),
        ("https://*", "https://a.example", Some("https://a.example")),
        ("https://*", "http://a.example", None),
    ] {
        let cors = CorsConfiguration { allow_origins: vec![allowed.to_owned()], ..cors() };
        let scene = Scene::start_with_cors(Some(cors)).await;
        let reply = scene.send(Method::GET, "/open", &[("origin", origin)]).await;
        assert_eq!(reply.header("access-control-allow-origin"), named, "{allowed} {origin}");
        assert_eq!(reply.status, if named.is_some() { 200 } else { 403 }, "{allowed} {origin}");
    }
}
