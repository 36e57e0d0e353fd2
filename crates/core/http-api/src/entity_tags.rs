//! Entity tags according to RFC 9110 (sections 8.8.3, 13.1.1 and 13.1.2): lists, `*`, and weak tags.

use lambda_http::Request;
use lambda_http::http::header::IF_NONE_MATCH;
use lambda_http::http::{HeaderMap, HeaderValue};

use crate::invalid::Fault;

/// One entity tag.
#[derive(Debug, Clone, PartialEq, Eq)]
struct EntityTag {
    is_weak: bool,
    opaque: Vec<u8>,
}

/// The content of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TagList {
    Any,
    Tags(Vec<EntityTag>),
}

impl TagList {
    /// Reads all lines of a header: `None` if it was not sent, and `Some(None)` if it is ill-formed. A list without a tag
    /// is ill-formed: the sender intended a condition, so the request must not count as unconditional.
    fn read(headers: &HeaderMap, name: &str) -> Option<Option<Self>> {
        let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        if lines.is_empty() {
            return None;
        }
        let text = lines.join(&b',');
        if text.trim_ascii() == b"*" {
            return Some(Some(Self::Any));
        }
        Some(read_tags(&text).filter(|tags| !tags.is_empty()).map(Self::Tags))
    }
}

/// Returns the tags of a list. Empty elements are ignored, as section 5.6.1.2 requires.
fn read_tags(text: &[u8]) -> Option<Vec<EntityTag>> {
    let mut tags = Vec::new();
    let mut rest = text.trim_ascii();
    while let Some(first) = rest.first() {
        if *first == b',' {
            rest = rest.get(1..)?.trim_ascii_start();
            continue;
        }
        let unprefixed = rest.strip_prefix(b"W/");
        let quoted = unprefixed.unwrap_or(rest).strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| *byte == b'"')?;
        let (opaque, after) = quoted.split_at_checked(end)?;
        if !opaque.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)) {
            return None;
        }
        tags.push(EntityTag { is_weak: unprefixed.is_some(), opaque: opaque.to_vec() });
        rest = after.get(1..)?.trim_ascii_start();
        if rest.first().is_some_and(|next| *next != b',') {
            return None;
        }
    }
    Some(tags)
}

/// Returns the versions that `If-Match` names. The order must be at one of them. Returns `None` if the header is absent
/// or is `*`, which only requires that the order exists: every command on an order requires that.
///
/// The comparison is strong. A weak tag matches no order. Neither does a tag that is not a version in the format of
/// [`etag`](crate::responses::etag). If every tag is of these kinds, the list is empty.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<Vec<u64>>, Fault> {
    match TagList::read(headers, "if-match") {
        None | Some(Some(TagList::Any)) => Ok(None),
        Some(Some(TagList::Tags(tags))) => {
            let strong = tags.iter().filter(|tag| !tag.is_weak);
            Ok(Some(strong.filter_map(|tag| version(&tag.opaque)).collect()))
        }
        Some(None) => {
            let rule = "must be * or a list of entity tags, such as the order's version in quotes: \"3\"";
            Err(Fault::new("bad_header", rule))
        }
    }
}

/// Returns the version of a tag, which is digits without a leading zero. `"002"` is a different tag and not version 2.
fn version(opaque: &[u8]) -> Option<u64> {
    let is_canonical = opaque.iter().all(u8::is_ascii_digit) && opaque.first() != Some(&b'0');
    std::str::from_utf8(opaque).ok().filter(|_| is_canonical)?.parse().ok()
}

/// The versions in `If-None-Match`, which the caller has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfNoneMatch {
    /// Any version: `*`.
    Any,
    /// The named versions, from strong or weak tags: this header compares weakly.
    Versions(Vec<u64>),
}

impl IfNoneMatch {
    /// Reads the header, if it was sent. An ill-formed header counts as absent, and the caller gets the order. That is
    /// always correct, so this header never makes a request fail.
    #[must_use]
    pub fn of(request: &Request) -> Option<Self> {
        match TagList::read(request.headers(), IF_NONE_MATCH.as_str())?? {
            TagList::Any => Some(Self::Any),
            TagList::Tags(tags) => Some(Self::Versions(tags.iter().filter_map(|tag| version(&tag.opaque)).collect())),
        }
    }

    /// Returns true if the caller has this version already.
    #[must_use]
    pub fn matches(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}
