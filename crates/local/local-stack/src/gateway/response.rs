//! A function's reply in the form that the client receives: the response of payload format 2.0, or the response that the
//! gateway infers from other JSON.

use std::collections::BTreeMap;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE};
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyResponse {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// Converts a function's reply into a response; `None` if the reply is not valid, for which the client receives a 500.
pub(crate) fn response(answer: &[u8]) -> Option<Response<Body>> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    if answer.get("statusCode").is_none() {
        // «API Gateway can infer the response format»: any JSON without a status code is the body of a 200.
        let body = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        return Response::builder().header(CONTENT_TYPE, "application/json").body(body.into()).ok();
    }
    let proxy: ProxyResponse = serde_json::from_value(answer).ok()?;
    let mut response = Response::new(body(&proxy)?);
    *response.status_mut() = StatusCode::from_u16(proxy.status_code).ok()?;
    let headers = response.headers_mut();
    if proxy.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=utf-8"));
    }
    for (name, value) in proxy.headers.unwrap_or_default() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        headers.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    for (name, values) in proxy.multi_value_headers.unwrap_or_default() {
        let value = HeaderValue::try_from(values.join(",")).ok()?;
        headers.insert(HeaderName::try_from(name).ok()?, value);
    }
    for cookie in proxy.cookies.unwrap_or_default() {
        headers.append(SET_COOKIE, HeaderValue::try_from(cookie).ok()?);
    }
    Some(response)
}

fn body(proxy: &ProxyResponse) -> Option<Body> {
    match &proxy.body {
        None => Some(Body::empty()),
        Some(body) if proxy.is_base64_encoded == Some(true) => Some(STANDARD.decode(body).ok()?.into()),
        Some(body) => Some(body.clone().into()),
    }
}

/// Builds a reply of the gateway itself, with the gateway's text.
pub(crate) fn gateway_error(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(response: Response<Body>) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.into()).unwrap()
    }

    #[tokio::test]
    async fn a_proxy_response_keeps_status_headers_cookies_and_body() {
        let answer = json!({
            "statusCode": 201, "headers": { "Content-Type": "application/json", "x-count": 3 },
            "multiValueHeaders": { "vary": ["a", "b"] }, "cookies": ["one=1", "two=2"], "body": "e30=", "isBase64Encoded": true
        });
        let response = response(answer.to_string().as_bytes()).unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(
            (&response.headers()["x-count"], &response.headers()["vary"]),
            (&"3".parse().unwrap(), &"a,b".parse().unwrap())
        );
        assert_eq!(response.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["one=1", "two=2"]);
        assert_eq!(text(response).await, "{}");
    }

    #[tokio::test]
    async fn json_without_a_status_code_is_a_body() {
        let response = response(b"{\"message\":\"hi\"}").unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
        assert_eq!(text(response).await, "{\"message\":\"hi\"}");
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_none() {
        for answer in [
            "",
            "{\"statusCode\":99}",
            "{\"statusCode\":\"x\"}",
            "{\"statusCode\":200,\"body\":\"?\",\"isBase64Encoded\":true}",
        ] {
            assert!(response(answer.as_bytes()).is_none(), "{answer}");
        }
    }
}
