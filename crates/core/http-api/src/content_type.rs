//! The media type of a request's body.

use lambda_http::http::HeaderMap;
use lambda_http::http::header::CONTENT_TYPE;

/// Returns true if exactly one header value says that the body is JSON: `application/json` or any type that ends in
/// `+json`, with any parameters. (A `charset` has no effect, because JSON is always UTF-8.)
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return false };
    let Ok(value) = line.to_str() else { return false };
    let (media_type, parameters) = value.split_once(';').unwrap_or((value, ""));
    let Some((kind, subtype)) = media_type.trim().split_once('/') else { return false };
    let (kind, subtype) = (kind.to_ascii_lowercase(), subtype.to_ascii_lowercase());
    let is_json = (kind.as_str(), subtype.as_str()) == ("application", "json")
        || subtype.strip_suffix("+json").is_some_and(|prefix| !prefix.is_empty());
    is_json && is_token(&kind) && is_token(&subtype) && !has_a_second_value(parameters)
}

/// Returns true for a token of RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Returns true if a comma outside of quotes follows. The gateway joins repeated headers with commas.
fn has_a_second_value(parameters: &str) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for byte in parameters.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => return true,
            _ => {}
        }
    }
    // An unclosed quotation may contain one.
    is_quoted
}
