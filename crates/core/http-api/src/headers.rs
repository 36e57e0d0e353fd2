//! The headers of a command, and the gateway's request id.

use lambda_http::http::HeaderMap;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};

use crate::entity_tags::if_match;
use crate::invalid::{Fault, Invalid, Place, note};
use crate::routes::CommandRoute;

/// The largest number of characters in an `Idempotency-Key`.
pub const MAX_IDEMPOTENCY_KEY: usize = 255;

/// A command's headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandHeaders {
    /// The `Idempotency-Key`, without quotes. It identifies a retry.
    pub idempotency_key: Option<String>,
    /// The versions in `If-Match`. The order must be at one of them. `None` if no version is required; empty if the
    /// header names no version that an order can have.
    pub if_match: Option<Vec<u64>>,
}

impl CommandHeaders {
    /// Reads a command's headers and records every fault.
    pub fn read(route: CommandRoute, headers: &HeaderMap, errors: &mut Vec<Invalid>) -> Self {
        let idempotency_key = note(errors, Place::Header("idempotency-key"), idempotency_key(headers)).flatten();
        let if_match = if route == CommandRoute::PlaceOrder {
            refuse_if_match(headers, errors);
            None
        } else {
            note(errors, Place::Header("if-match"), if_match(headers)).flatten()
        };
        Self { idempotency_key, if_match }
    }
}

/// Records a fault if a new order has an `If-Match`.
pub(crate) fn refuse_if_match(headers: &HeaderMap, errors: &mut Vec<Invalid>) {
    if headers.contains_key("if-match") {
        let fault = Fault::new("bad_header", "must not be given: a new order has no version to match");
        errors.push(fault.at(Place::Header("if-match")));
    }
}

/// Returns the key, if one was sent. The IETF draft sends it as a quoted string: `"k"` and `k` are the same key.
///
/// - A key must not contain a comma, because the gateway joins repeated headers with commas. Otherwise a request could
///   have two keys, or a key that its retry does not have.
/// - A key must not contain a quote or a backslash, so that there is only one way to quote it.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let mut lines = headers.get_all("idempotency-key").iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(Fault::new("bad_header", "must be given once"));
    }
    let sent = line.as_bytes();
    let key = sent.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(sent);
    if key.contains(&b',') {
        return Err(Fault::new("bad_header", "must be given once and contain no comma"));
    }
    let is_key_character = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    if !(1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) || !key.iter().all(is_key_character) {
        let rule = "visible ASCII characters other than comma, quote and backslash, quoted or not";
        return Err(Fault::new("bad_header", format!("must be 1 to {MAX_IDEMPOTENCY_KEY} {rule}")));
    }
    Ok(Some(String::from_utf8_lossy(key).into_owned()))
}

/// Returns the gateway's own id of a request. It is new for every request, and problems are reported with it.
#[must_use]
pub fn gateway_request_id(request: &Request) -> Option<&str> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.request_id.as_deref().filter(|id| !id.is_empty()),
        _ => None,
    }
}
