//! The port of the embedded DynamoDB. It rejects requests of web pages and forwards all others.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use dynoxide::Database;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING,
};
use http::{Response, StatusCode, Version};
use http_body_util::Full;
use loopback_http::{Admission, Listener, Refusal, Server};
use serde_json::json;

use crate::private_server::PrivateServer;
use crate::scan_limit::limited;

/// The largest request that DynamoDB accepts.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
/// Headers that concern the client's connection, and `Origin`. They are not forwarded. dynoxide would answer `Origin` with
/// `access-control-allow-origin: *`.
const NOT_FORWARDED: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING, ORIGIN];

pub(crate) fn serve(listener: Listener, database: Database, admission: Admission) -> Server {
    let router = Router::new().fallback(forward).with_state(Arc::new(PrivateServer::new(database)));
    Server::start(listener, admission, refuse, router)
}

async fn forward(State(server): State<Arc<PrivateServer>>, request: Request) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            "the request's body is too large or incomplete",
        );
    };
    let target = parts.headers.get("x-amz-target").map(HeaderValue::as_bytes);
    let body = if target.is_some_and(|target| target.ends_with(b".Scan")) { limited(body) } else { body };
    for name in NOT_FORWARDED {
        parts.headers.remove(name);
    }
    parts.version = Version::HTTP_11;
    match server.send(Request::from_parts(parts, Full::new(body))).await {
        Ok(response) => response.map(Body::from).into_response(),
        Err(failure) => error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &failure.to_string()),
    }
}

fn refuse(refusal: Refusal) -> Response<Body> {
    error(refusal.status(), refusal.aws_code(), &refusal.to_string())
}

/// Builds an error in the form that the SDK reads.
fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let body = json!({ "__type": format!("com.amazon.coral.service#{code}"), "message": message });
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body.to_string()).into_response()
}
