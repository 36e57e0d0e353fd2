//! Replies as HTTP: status, `ETag`, `Location`, `Last-Modified`, caching.

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION};
use lambda_http::http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde::Serialize;

use crate::entity_tags::IfNoneMatch;
use crate::problem::Problem;
use crate::replies::{CommandReply, CustomerTotalsView, EventsPage, SummaryPage, SummaryView};
use crate::timestamps::http_date;

/// Says that a reply is the one that the first request of this `Idempotency-Key` got.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What an accepted command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A new order: 201 and its `Location`.
    Placed,
    /// An event was recorded: 201.
    Recorded,
    /// Nothing need change: 200.
    Unchanged,
}

/// The reply to an accepted command; `replayed` when the request was answered before.
///
/// # Errors
/// `internal_error` when the reply cannot be written.
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

/// One order, or 304 when the caller has it already. A cache may keep it, and asks again each time.
///
/// A stale order is sent whatever the caller has, is not to be kept, and has neither `ETag` nor `Last-Modified`: its
/// version does not tell it from the same version before it went stale, it is no version that a command could be
/// conditional on, and the order did change later.
///
/// # Errors
/// `internal_error` when the reply cannot be written.
pub fn order(summary: &SummaryView, known: Option<&IfNoneMatch>) -> Result<Response<Body>, Problem> {
    if summary.stale.is_some() {
        return json(StatusCode::OK, "no-store", summary);
    }
    let caching = "private, no-cache";
    let mut response = if known.is_some_and(|known| known.matches(summary.version)) {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        // Given none, the gateway adds text/plain, which a cache then keeps for the JSON that it has.
        set(&mut response, CONTENT_TYPE, "application/json");
        set(&mut response, CACHE_CONTROL, caching);
        response
    } else {
        json(StatusCode::OK, caching, summary)?
    };
    set(&mut response, ETAG, &etag(summary.version));
    set(&mut response, LAST_MODIFIED, &http_date(summary.last_updated_ms));
    Ok(response)
}

/// A page of a customer's orders.
///
/// # Errors
/// `internal_error` when the reply cannot be written.
pub fn summary_page(page: &SummaryPage) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, "no-store", page)
}

/// What a customer's orders come to.
///
/// # Errors
/// `internal_error` when the reply cannot be written.
pub fn customer_totals(totals: &CustomerTotalsView) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, "no-store", totals)
}

/// A page of an order's audit trail.
///
/// # Errors
/// `internal_error` when the reply cannot be written.
pub fn events_page(page: &EventsPage) -> Result<Response<Body>, Problem> {
    json(StatusCode::OK, "no-store", page)
}

/// The description of this API.
#[must_use]
pub fn openapi() -> Response<Body> {
    let mut response = Response::new(Body::from(crate::OPENAPI));
    set(&mut response, CONTENT_TYPE, "application/json");
    set(&mut response, CACHE_CONTROL, "public, max-age=300");
    response
}

/// The entity tag of an order's version.
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

/// Sets a header. Ids, versions and dates hold no character that a header may not.
fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
