//! The gateway and its callers, over HTTP: the accepted tokens, the function's data about the caller, and the replies to a
//! browser. The function returns the request that it received.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod cors;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use lambda_runtime::{LambdaEvent, service_fn};
use local_stack::function::event_function;
use local_stack::gateway::{Authorization, Gateway, JwtAuthorizer, Route};
use local_stack::{Admission, Invoker, Listener, LocalIssuer};
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Client, Method};
use sam_template::CorsConfiguration;
use serde_json::{Value, json};
use tempfile::TempDir;

const SHOP: &str = "https://shop.example";

/// The reply that a client received.
#[derive(Debug, PartialEq)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Returns the names of the CORS headers, in order.
    fn cors(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.keys().map(HeaderName::as_str).collect();
        names.retain(|name| name.starts_with("access-control-"));
        names.sort_unstable();
        names
    }
}

/// A gateway with one open route, one that requires a token with a scope, and one that requires any token.
struct Scene {
    gateway: Gateway,
    issuer: LocalIssuer,
    /// The issuer's private key, in PEM.
    private: Vec<u8>,
    _data: TempDir,
}

impl Scene {
    async fn start() -> Self {
        Self::start_with_cors(None).await
    }

    async fn start_with_cors(cors: Option<CorsConfiguration>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let issuer = LocalIssuer::open_or_new(data.path()).unwrap();
        issuer.keep(data.path()).unwrap();
        let private = std::fs::read(LocalIssuer::keys_folder(data.path()).join("issuer.pem")).unwrap();
        let audience = vec![LocalIssuer::AUDIENCE.to_owned(), "desk".to_owned()];
        let authorizer = JwtAuthorizer::new(LocalIssuer::URL.to_owned(), audience, issuer.keys());
        let token = |scopes: &[&str]| Authorization::Jwt {
            authorizer: authorizer.clone(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        let route =
            |key: &str, authorization| Route { key: key.to_owned(), function: "echo".to_owned(), authorization };
        let routes = vec![
            route("GET /open", Authorization::None),
            route("GET /any-token", token(&[])),
            route("POST /orders/{id}", token(&["orders:place", "orders:admin"])),
        ];
        let echo = event_function(service_fn(|event: LambdaEvent<Value>| async move {
            let headers = json!({ "access-control-allow-origin": "*", "access-control-max-age": "1" });
            Ok::<_, lambda_runtime::Error>(
                json!({ "statusCode": 200, "headers": headers, "body": event.payload.to_string() }),
            )
        }));
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
        let invoker = Invoker::new([("echo".to_owned(), echo)].into(), BTreeMap::new());
        let gateway = Gateway::serve(listener, Admission::default(), routes, cors, invoker, Vec::new());
        Self { gateway, issuer, private, _data: data }
    }

    /// Returns the origin of a page that this server itself would serve.
    fn own_origin(&self) -> String {
        format!("http://{}", self.gateway.address())
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Client::new().request(method, format!("{}{path}", self.own_origin()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default();
        Reply { status, headers, body }
    }

    /// Calls the route that requires a scope.
    async fn call(&self, authorization: &str) -> Reply {
        self.send(Method::POST, "/orders/o-1", &[("authorization", authorization)]).await
    }

    fn header(&self) -> Header {
        Header { kid: self.issuer.keys().keys[0].common.key_id.clone(), ..Header::new(Algorithm::RS256) }
    }

    /// Returns a token with these claims, signed with the issuer's key.
    fn token(&self, claims: &Value) -> String {
        encode(&self.header(), claims, &EncodingKey::from_rsa_pem(&self.private).unwrap()).unwrap()
    }
}

/// Returns valid claims with these changes; null removes a claim.
fn claims(changes: &Value) -> Value {
    let now = get_current_timestamp();
    let mut claims = json!({
        "iss": LocalIssuer::URL, "aud": LocalIssuer::AUDIENCE, "sub": "anna", "scope": "openid orders:place",
        "iat": now, "exp": now + 60,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

/// Asserts the reply that API Gateway documents for a rejected token.
#[track_caller]
fn assert_unauthorized(reply: &Reply, description: &str) {
    let challenge = format!(r#"Bearer scope="" error="invalid_token" error_description="{description}""#);
    assert_eq!((reply.status, &reply.body), (401, &json!({ "message": "Unauthorized" })), "{description}");
    assert_eq!(reply.header("www-authenticate"), Some(challenge.as_str()));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(reply.header("apigw-requestid").is_some());
}

#[tokio::test]
async fn a_function_learns_the_tokens_claims_as_strings_and_its_scopes() {
    let scene = Scene::start().await;
    let claims = claims(&json!({ "aud": ["other", "desk"], "groups": ["one", "two"], "admin": false }));
    let token = scene.token(&claims);
    let reply = scene.call(&format!("Bearer {token}")).await;
    let text = |name: &str| claims[name].to_string();
    assert_eq!(
        (reply.status, &reply.body["requestContext"]["authorizer"]),
        (
            200,
            &json!({ "jwt": {
                "claims": {
                    "iss": LocalIssuer::URL, "aud": "[other desk]", "sub": "anna", "scope": "openid orders:place",
                    "iat": text("iat"), "exp": text("exp"), "groups": "[one two]", "admin": "false",
                },
                "scopes": ["orders:place"],
            } })
        )
    );
    assert_eq!(scene.call(&token).await.status, 200, "without the prefix");
}

#[tokio::test]
async fn a_route_without_scopes_takes_any_token_and_passes_no_scopes() {
    let scene = Scene::start().await;
    let token = scene.token(&claims(&json!({ "scope": null })));
    let reply = scene.send(Method::GET, "/any-token", &[("authorization", &token)]).await;
    assert_eq!((reply.status, &reply.body["requestContext"]["authorizer"]["jwt"]["scopes"]), (200, &Value::Null));
    assert_eq!(scene.send(Method::GET, "/any-token", &[]).await.status, 401);
}

#[tokio::test]
async fn a_route_without_an_authorizer_looks_at_no_token() {
    let scene = Scene::start().await;
    let reply = scene.send(Method::GET, "/open", &[("authorization", "Bearer nonsense")]).await;
    assert_eq!((reply.status, reply.body["requestContext"].get("authorizer")), (200, None));
}

#[tokio::test]
async fn a_request_without_a_token_is_401_with_the_bare_scheme() {
    let scene = Scene::start().await;
    for headers in [&[][..], &[("authorization", "")], &[("authorization", "Bearer")]] {
        let reply = scene.send(Method::POST, "/orders/o-1", headers).await;
        assert_eq!((reply.status, &reply.body), (401, &json!({ "message": "Unauthorized" })), "{headers:?}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{headers:?}");
    }
}

#[tokio::test]
async fn something_that_is_no_token_is_401() {
    let scene = Scene::start().await;
    let token = scene.token(&claims(&json!({})));
    let segments = "token contains an invalid number of segments";
    for malformed in ["x", "a.b", "a.b.c.d", "Basic YTpi", &format!("{token},{token}")] {
        assert_unauthorized(&scene.call(malformed).await, segments);
    }
    for undecodable in ["a.b.c", "..", &format!("bearer {token}")] {
        assert_unauthorized(&scene.call(undecodable).await, "the token cannot be decoded");
    }
}

#[tokio::test]
async fn a_token_of_another_key_is_401() {
    let scene = Scene::start().await;
    let other = Scene::start().await;
    let foreign = other.token(&claims(&json!({})));
    assert_unauthorized(&scene.call(&foreign).await, "the token's key is not one of the issuer's");
    let key = EncodingKey::from_rsa_pem(&other.private).unwrap();
    let forged = encode(&scene.header(), &claims(&json!({})), &key).unwrap();
    assert_unauthorized(&scene.call(&forged).await, "the token's signature is invalid");
}

#[tokio::test]
async fn a_token_whose_claims_were_changed_is_401() {
    let scene = Scene::start().await;
    let token = scene.token(&claims(&json!({ "scope": "orders:read" })));
    let wanted = scene.token(&claims(&json!({ "scope": "orders:admin" })));
    let ([header, _, signature], [_, claims, _]) = (segments(&token), segments(&wanted));
    assert_unauthorized(
        &scene.call(&format!("{header}.{claims}.{signature}")).await,
        "the token's signature is invalid",
    );
}

fn segments(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

#[tokio::test]
async fn a_token_without_a_signature_is_401() {
    let scene = Scene::start().await;
    let token = scene.token(&claims(&json!({})));
    let [header, claims, _] = segments(&token);
    assert_unauthorized(&scene.call(&format!("{header}.{claims}.")).await, "the token's signature is invalid");
    let none = base64_of(&json!({ "alg": "none", "typ": "JWT", "kid": scene.header().kid }));
    assert_unauthorized(&scene.call(&format!("{none}.{claims}.")).await, "the token cannot be decoded");
}

fn base64_of(value: &Value) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn a_public_key_that_is_used_as_a_secret_is_401() {
    let scene = Scene::start().await;
    let JwkSet { keys } = scene.issuer.keys();
    let AlgorithmParameters::RSA(public) = &keys[0].algorithm else { panic!("{keys:?}") };
    let header = Header { alg: Algorithm::HS256, ..scene.header() };
    for secret in [public.n.clone(), serde_json::to_string(&keys[0]).unwrap()] {
        let key = EncodingKey::from_secret(secret.as_bytes()).unwrap();
        let token = encode(&header, &claims(&json!({})), &key).unwrap();
        assert_unauthorized(&scene.call(&token).await, "the token's algorithm is not the key's");
    }
}

#[tokio::test]
async fn a_token_that_does_not_name_its_key_is_401() {
    let scene = Scene::start().await;
    let key = EncodingKey::from_rsa_pem(&scene.private).unwrap();
    let token = encode(&Header::new(Algorithm::RS256), &claims(&json!({})), &key).unwrap();
    assert_unauthorized(&scene.call(&token).await, "the token does not name its key");
}

#[tokio::test]
async fn a_token_with_a_wrong_claim_is_401() {
    let scene = Scene::start().await;
    let now = get_current_timestamp();
    for (changes, description) in [
        (json!({ "iss": "https://elsewhere.example" }), "the token does not have a valid issuer"),
        (json!({ "iss": null }), "the token does not have a valid issuer"),
        (json!({ "aud": "another-api" }), "the token does not have a valid audience"),
        (json!({ "aud": null }), "the token does not have a valid audience"),
        (json!({ "exp": now - 1 }), "the token has expired"),
        (json!({ "exp": null }), "the token has expired"),
        (json!({ "nbf": now + 60 }), "the token is not valid yet"),
        (json!({ "iat": now + 60 }), "the token was issued in the future"),
    ] {
        assert_unauthorized(&scene.call(&scene.token(&claims(&changes))).await, description);
    }
    let access_token = json!({ "aud": null, "client_id": "desk" });
    assert_eq!(scene.call(&scene.token(&claims(&access_token))).await.status, 200);
}

#[tokio::test]
async fn a_token_without_a_scope_of_the_route_is_403() {
    let scene = Scene::start().await;
    for scope in [json!("orders:read"), json!("orders:placed"), json!(null)] {
        let reply = scene.call(&scene.token(&claims(&json!({ "scope": scope })))).await;
        assert_eq!((reply.status, &reply.body), (403, &json!({ "message": "Forbidden" })), "{scope}");
        assert_eq!(
            reply.header("www-authenticate"),
            Some(
                r#"Bearer scope="orders:place orders:admin" error="insufficient_scope" error_description="the token has none of the required scopes""#
            )
        );
    }
    for granted in [json!({ "scope": "orders:admin" }), json!({ "scope": null, "scp": ["orders:place"] })] {
        assert_eq!(scene.call(&scene.token(&claims(&granted))).await.status, 200);
    }
}

#[tokio::test]
async fn an_unknown_route_is_404_before_any_token_is_looked_at() {
    let scene = Scene::start().await;
    assert_eq!(scene.send(Method::GET, "/nowhere", &[]).await.status, 404);
}
