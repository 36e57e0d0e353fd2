//! The headers that mean something here.

use lambda_http::http::HeaderMap;
use lambda_http::http::header::{IF_MATCH, IF_NONE_MATCH};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};

use crate::invalid::{Fault, Invalid, Place, note};
use crate::routes::CommandRoute;

/// The most characters of an `Idempotency-Key`.
pub const MAX_IDEMPOTENCY_KEY: usize = 255;
/// The most characters of an `X-Correlation-Id`: it is kept with every commit, so it has to stay short.
pub const MAX_CORRELATION_ID: usize = 128;

/// A command's headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandHeaders {
    /// `Idempotency-Key`: what makes a retry a retry.
    pub idempotency_key: Option<String>,
    /// `If-Match`: the version that the order must be at. `*` asks only that the order exist, which every command on
    /// one asks anyway, and so reads as none.
    pub if_match: Option<u64>,
    /// `X-Correlation-Id`: the caller's word for a chain of requests.
    pub correlation_id: Option<String>,
}

impl CommandHeaders {
    /// Reads a command's headers and notes every fault.
    pub fn read(route: CommandRoute, headers: &HeaderMap, errors: &mut Vec<Invalid>) -> Self {
        let mut token = |name: &'static str, max| {
            let value =
                single(headers, name).and_then(|value| value.map(|value| visible_ascii(value, max)).transpose());
            note(errors, Place::Header(name), value).flatten()
        };
        let idempotency_key = token("idempotency-key", MAX_IDEMPOTENCY_KEY);
        let correlation_id = token("x-correlation-id", MAX_CORRELATION_ID);
        let if_match = single(headers, IF_MATCH.as_str()).and_then(|value| match value {
            None => Ok(None),
            Some(_) if route == CommandRoute::PlaceOrder => {
                Err(Fault::new("bad_header", "must not be given: a new order has no version to match"))
            }
            Some("*") => Ok(None),
            Some(tag) => strong_version(tag).map(Some),
        });
        let if_match = note(errors, Place::Header("if-match"), if_match).flatten();
        Self { idempotency_key, if_match, correlation_id }
    }
}

/// The one value of a header. The gateway joins repeated headers by commas; `If-Match` lists fail on that comma.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Fault> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Fault::new("bad_header", "must be given once"));
    }
    value.to_str().map(Some).map_err(|_| Fault::new("bad_header", "must be visible ASCII characters"))
}

fn visible_ascii(value: &str, max: usize) -> Result<String, Fault> {
    if (1..=max).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(value.to_owned());
    }
    Err(Fault::new("bad_header", format!("must be 1 to {max} visible ASCII characters")))
}

fn strong_version(tag: &str) -> Result<u64, Fault> {
    let digits = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    digits
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| Fault::new("bad_header", "must be one strong entity tag, the order's version: \"3\""))
}

/// The gateway's own id of a request: new for every request, and what a problem is reported under.
#[must_use]
pub fn gateway_request_id(request: &Request) -> Option<&str> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.request_id.as_deref().filter(|id| !id.is_empty()),
        _ => None,
    }
}

/// `If-None-Match`: what the caller has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfNoneMatch {
    /// `*`: anything.
    Any,
    /// Entity tags, without the `W/` of weak ones: this header compares weakly.
    Tags(Vec<String>),
}

impl IfNoneMatch {
    /// Reads the header, if there is one. What is not an entity tag matches nothing: the caller then gets the order,
    /// which is never wrong, so this header is no reason to refuse a request.
    #[must_use]
    pub fn of(request: &Request) -> Option<Self> {
        let values: Vec<_> =
            request.headers().get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).collect();
        if values.is_empty() {
            return None;
        }
        let tags = values.iter().flat_map(|value| value.split(',')).map(str::trim);
        if tags.clone().any(|tag| tag == "*") {
            return Some(Self::Any);
        }
        Some(Self::Tags(tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag).to_owned()).collect()))
    }

    /// Whether the caller has this version already.
    #[must_use]
    pub fn matches(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.contains(&format!("\"{version}\"")),
        }
    }
}
