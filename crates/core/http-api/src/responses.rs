//! Replies as HTTP: status, `ETag`, `Location`, `Last-Modified`, caching.

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION};
use lambda_http::http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde::Serialize;

use crate::entity_tags::IfNoneMatch;
use crate::problem::Problem;
use crate::replies::{CommandReply, SummaryView};

/// The header that marks a reply as the one to the first request with this `Idempotency-Key`.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The result of an accepted command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A new order: 201 and its `Location`.
    Placed,
    /// An event was recorded: 201.
    Recorded,
    /// Nothing changed: 200.
    Unchanged,
}

/// Returns the reply to an accepted command. `replayed` is true if the request was answered before.
///
/// # Errors
/// Returns `internal_error` if the reply cannot be written.
pub fn command_accepted(reply: &CommandReply, outcome: Outcome, replayed: bool) -> Result<Response<Body>, Problem> {
    let status = match outcome {
        Outcome::Placed | Outcome::Recorded => StatusCode::CREATED,
        Outcome::Unchanged => StatusCode::OK,
    };
    let mut response = json(status, "no-store", reply)?;
    set(&mut response, ETAG, &etag(reply.version));
    if outcome == Outcome::Placed {
        set(&mut response, LOCATION, &format!("/orders/{}", reply.order_id));
    }
    if replayed {
        set(&mut response, IDEMPOTENT_REPLAYED, "true");
    }
    Ok(response)
}

/// Returns one order, or 304 if the caller has it already. A cache may keep it, but must revalidate it each time.
///
/// A stale order is always sent in full, with `no-store`, and has neither `ETag` nor `Last-Modified`, for these
/// reasons:
///
/// - The version does not distinguish it from the same version before it became stale.
/// - A command must not be conditional on it.
/// - The order did change later.
///
/// # Errors
/// Returns `internal_error` if the reply cannot be written.
pub fn order(summary: &SummaryView, known: Option<&IfNoneMatch>) -> Result<Response<Body>, Problem> {
    if summary.stale.is_some() {
        return uncached(summary);
    }
    let caching = "private, no-cache";
    let mut response = if known.is_some_and(|known| known.matches(summary.version)) {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        // Without a content type, the gateway adds text/plain, and a cache then applies that to the JSON that it has.
        set(&mut response, CONTENT_TYPE, "application/json");
        set(&mut response, CACHE_CONTROL, caching);
        response
    } else {
        json(StatusCode::OK, caching, summary)?
    };
    set(&mut response, ETAG, &etag(summary.version));
    set(&mut response, LAST_MODIFIED, &summary.last_updated.http_date());
    Ok(response)
}

/// Returns a page of orders or events, or totals. No cache may keep it.
///
/// # Errors
/// Returns `internal_error` if the reply cannot be written.
pub fn uncached(reply: &impl Serialize) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, "no-store", reply)
}

/// Returns the description of this API.
#[must_use]
pub fn openapi() -> Response<Body> {
    let mut response = Response::new(Body::from(crate::OPENAPI));
    set(&mut response, CONTENT_TYPE, "application/json");
    set(&mut response, CACHE_CONTROL, "public, max-age=300");
    response
}

/// Returns the entity tag of an order's version.
#[must_use]
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

fn json(status: StatusCode, caching: &'static str, reply: &impl Serialize) -> Result<Response<Body>, Problem> {
    let body = serde_json::to_string(reply).map_err(|_| Problem::internal())?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, "application/json");
    set(&mut response, CACHE_CONTROL, caching);
    Ok(response)
}

/// Sets a header. Ids, versions and dates have only characters that are valid in a header.
fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
