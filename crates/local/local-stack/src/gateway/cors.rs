//! Requests from pages of other origins, with the replies of an HTTP API with `CorsConfiguration`.
//!
//! These rules are from «Configure CORS for HTTP APIs in API Gateway»
//! (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html):
//! - The gateway answers preflight requests even if no route accepts `OPTIONS`.
//! - A preflight request has `Origin` and `Access-Control-Request-Method`.
//! - The gateway adds the configured headers to the response *from an integration*, and ignores the function's own headers.
//!   The gateway's own 401, 403 and 404 therefore do not have them, and a page cannot read these replies.
//!
//! That page does not mention the status 204 and that the preflight reply precedes any authorizer; both are known from
//! practice. On AWS, an origin that is not allowed receives the same reply without the headers. Here its requests are
//! rejected earlier.

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName,
    HeaderValue, ORIGIN,
};
use http::{Method, Response, StatusCode};
use loopback_http::allows_origin;
use sam_template::CorsConfiguration;

/// Recognizes a preflight request.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Returns the reply to a preflight request with these headers.
pub(super) fn preflight(cors: &CorsConfiguration, request: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if allow_origin(cors, request, headers) {
        insert(headers, ACCESS_CONTROL_ALLOW_METHODS, &cors.allow_methods.join(","));
        insert(headers, ACCESS_CONTROL_ALLOW_HEADERS, &cors.allow_headers.join(","));
        if let Some(seconds) = cors.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, seconds.into());
        }
    }
    response
}

/// Replaces the function's own headers by the configured ones.
pub(super) fn add_headers(cors: &CorsConfiguration, request: &HeaderMap, response: &mut HeaderMap) {
    let written: Vec<_> =
        response.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in written {
        response.remove(name);
    }
    if allow_origin(cors, request, response) {
        insert(response, ACCESS_CONTROL_EXPOSE_HEADERS, &cors.expose_headers.join(","));
    }
}

/// Adds the request's origin to the reply, if the origin is allowed.
fn allow_origin(cors: &CorsConfiguration, request: &HeaderMap, response: &mut HeaderMap) -> bool {
    let Some(origin) = request.get(ORIGIN) else { return false };
    let is_any = cors.allow_origins.iter().any(|allowed| allowed == "*");
    if !is_any && !cors.allow_origins.iter().any(|allowed| allows_origin(allowed, origin.as_bytes())) {
        return false;
    }
    response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, if is_any { HeaderValue::from_static("*") } else { origin.clone() });
    true
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let (false, Ok(value)) = (value.is_empty(), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}
