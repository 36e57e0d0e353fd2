//! A request in the form that the function receives: API Gateway's payload format 2.0 («Create AWS Lambda proxy
//! integrations for HTTP APIs in API Gateway»).
//!
//! That document does not mention these rules, which are known from captures of the real gateway: `rawPath` and `http.path`
//! are percent-decoded, `rawQueryString` is unchanged, and the `cookie` header appears only in `cookies`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, HeaderMap, USER_AGENT};
use http::request::Parts;
use jiff::Timestamp;
use serde::Serialize;

use super::jwt_authorizer::JwtIdentity;
use super::routes::{Matched, decoded};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProxyRequest<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: &'a BTreeMap<String, String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'static str,
    api_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Authorizer<'a>>,
    domain_name: &'a str,
    domain_prefix: &'static str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
struct Authorizer<'a> {
    jwt: &'a JwtIdentity,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: String,
    source_ip: String,
    user_agent: String,
}

/// The gateway's data about a request, in addition to the request itself.
pub(crate) struct Arrival<'a> {
    pub(crate) client: SocketAddr,
    pub(crate) request_id: &'a str,
    pub(crate) time: Timestamp,
    /// The caller, if the route requires a token.
    pub(crate) identity: Option<JwtIdentity>,
}

/// Builds the payload for a request with a route.
pub(crate) fn payload(
    parts: &Parts,
    body: &Bytes,
    matched: &Matched<'_>,
    arrival: &Arrival<'_>,
) -> Result<Bytes, serde_json::Error> {
    let path = decoded(parts.uri.path());
    let (body, is_base64_encoded) = encode(body, &parts.headers);
    let mut headers = joined(&parts.headers);
    headers.remove(COOKIE.as_str());
    headers.insert("x-forwarded-for".to_owned(), arrival.client.ip().to_string());
    headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    let host = headers.get(HOST.as_str()).cloned().unwrap_or_default();
    let request = ProxyRequest {
        version: "2.0",
        route_key: &matched.route.key,
        raw_path: &path,
        raw_query_string: parts.uri.query().unwrap_or_default(),
        cookies: cookies(&parts.headers),
        query_string_parameters: query_parameters(parts.uri.query().unwrap_or_default()),
        request_context: RequestContext {
            account_id: "000000000000",
            api_id: "local",
            authorizer: arrival.identity.as_ref().map(|jwt| Authorizer { jwt }),
            domain_name: &host,
            domain_prefix: "local",
            http: Http {
                method: parts.method.as_str(),
                path: &path,
                protocol: format!("{:?}", parts.version),
                source_ip: arrival.client.ip().to_string(),
                user_agent: headers.get(USER_AGENT.as_str()).cloned().unwrap_or_default(),
            },
            request_id: arrival.request_id,
            route_key: &matched.route.key,
            stage: "$default",
            time: arrival.time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            time_epoch: arrival.time.as_millisecond(),
        },
        headers,
        body,
        path_parameters: &matched.path_parameters,
        is_base64_encoded,
    };
    Ok(serde_json::to_vec(&request)?.into())
}

/// Returns the headers under their lower-case names; repeated ones are joined by commas.
fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |name| {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.collect::<Vec<_>>().join(",")
    };
    headers.keys().map(|name| (name.as_str().to_owned(), text(name))).collect()
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .map(|cookie| cookie.trim().to_owned())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Returns the decoded parameters; repeated ones are joined by commas.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        parameters
            .entry(name.into_owned())
            .and_modify(|values: &mut String| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    parameters
}

/// Encodes the body as text, or as base64 if its type is not a text type. A form is encoded as base64 too.
fn encode(body: &Bytes, headers: &HeaderMap) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let content_type =
        headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
    match std::str::from_utf8(body) {
        Ok(text) if content_type.as_deref().is_none_or(is_text) => (Some(text.to_owned()), false),
        Ok(_) | Err(_) => (Some(STANDARD.encode(body)), true),
    }
}

fn is_text(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || matches!(media_type, "application/json" | "application/javascript" | "application/xml")
}

#[cfg(test)]
mod tests {
    use http::Request;
    use serde_json::{Value, json};

    use super::*;
    use crate::gateway::routes::{Authorization, Route, Routes};

    fn payload_of(request: http::request::Builder, body: &'static [u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let key = "POST /orders/{orderId}".to_owned();
        let route = Route { key, function: "f".to_owned(), authorization: Authorization::None };
        let routes = Routes::new(vec![route]);
        let matched = routes.find(parts.method.as_str(), parts.uri.path()).unwrap();
        let time = "2020-03-12T19:03:58.390Z".parse().unwrap();
        let arrival = Arrival { client: ([127, 0, 0, 1], 9).into(), request_id: "id", time, identity: None };
        serde_json::from_slice(&payload(&parts, &Bytes::from_static(body), &matched, &arrival).unwrap()).unwrap()
    }

    #[test]
    fn a_request_has_the_documented_shape() {
        let request = Request::post("/orders/a%20b?p=1&p=2&q=x%26y&empty=")
            .header("Host", "localhost:3000")
            .header("User-Agent", "agent")
            .header("Content-Type", "application/json")
            .header("Accept", "a/a")
            .header("Accept", "b/b")
            .header("Cookie", "one=1; two=2");
        assert_eq!(
            payload_of(request, b"{\"message\":1}"),
            json!({
                "version": "2.0",
                "routeKey": "POST /orders/{orderId}",
                "rawPath": "/orders/a b",
                "rawQueryString": "p=1&p=2&q=x%26y&empty=",
                "cookies": ["one=1", "two=2"],
                "headers": {
                    "accept": "a/a,b/b", "content-type": "application/json", "host": "localhost:3000", "user-agent": "agent",
                    "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http"
                },
                "queryStringParameters": { "p": "1,2", "q": "x&y", "empty": "" },
                "requestContext": {
                    "accountId": "000000000000", "apiId": "local", "domainName": "localhost:3000", "domainPrefix": "local",
                    "http": {
                        "method": "POST", "path": "/orders/a b", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "agent"
                    },
                    "requestId": "id", "routeKey": "POST /orders/{orderId}", "stage": "$default",
                    "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1_584_039_838_390_i64
                },
                "body": "{\"message\":1}",
                "pathParameters": { "orderId": "a b" },
                "isBase64Encoded": false
            })
        );
    }

    #[test]
    fn absent_members_are_not_in_the_payload() {
        let payload = payload_of(Request::post("/orders/1"), b"");
        for member in ["body", "cookies", "queryStringParameters"] {
            assert_eq!(payload.get(member), None, "{member}");
        }
        assert_eq!(payload["rawQueryString"], "");
    }

    #[test]
    fn only_types_that_promise_text_travel_as_text() {
        for (content_type, base64) in [
            (None, false),
            (Some("text/plain; charset=utf-8"), false),
            (Some("Application/JSON"), false),
            (Some("application/problem+json"), false),
            (Some("application/x-www-form-urlencoded"), true),
            (Some("application/octet-stream"), true),
        ] {
            let request = content_type
                .map_or(Request::post("/orders/1"), |value| Request::post("/orders/1").header("content-type", value));
            let payload = payload_of(request, b"hi");
            let body = if base64 { "aGk=" } else { "hi" };
            assert_eq!(
                (&payload["isBase64Encoded"], &payload["body"]),
                (&json!(base64), &json!(body)),
                "{content_type:?}"
            );
        }
        let not_utf8 = payload_of(Request::post("/orders/1").header("content-type", "application/json"), b"\xff");
        assert_eq!(not_utf8["isBase64Encoded"], true);
    }
}
