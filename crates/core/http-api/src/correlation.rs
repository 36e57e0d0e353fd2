//! `X-Correlation-Id`: the caller's id for a chain of requests, on the request and on every reply.

use lambda_http::http::{HeaderName, HeaderValue};
use lambda_http::{Body, Request, Response};

/// The header's name.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// The largest number of characters in a correlation id. Every commit stores it, so it must be short.
pub const MAX_CORRELATION_ID: usize = 128;

/// The correlation id of a request. An unusable id is ignored and never makes a request fail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Correlation {
    /// The caller's id: the first part of the header that is 1 to 128 visible ASCII characters. The gateway joins
    /// repeated headers with commas.
    pub id: Option<String>,
    /// True if the header was sent and no part of it is usable.
    pub is_unusable: bool,
}

impl Correlation {
    /// Reads the header.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let lines = request.headers().get_all(CORRELATION_ID);
        let id = lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).find_map(usable);
        Self { is_unusable: id.is_none() && request.headers().contains_key(CORRELATION_ID), id }
    }

    /// Sets the header on a reply to the caller's id, or otherwise to `request_id`, the gateway's id of the request.
    pub fn mark(&self, response: &mut Response<Body>, request_id: &str) {
        if let Ok(value) = HeaderValue::from_str(self.id.as_deref().unwrap_or(request_id)) {
            response.headers_mut().insert(CORRELATION_ID, value);
        }
    }
}

fn usable(part: &[u8]) -> Option<String> {
    let part = part.trim_ascii();
    let is_usable = (1..=MAX_CORRELATION_ID).contains(&part.len()) && part.iter().all(u8::is_ascii_graphic);
    is_usable.then(|| String::from_utf8_lossy(part).into_owned())
}
