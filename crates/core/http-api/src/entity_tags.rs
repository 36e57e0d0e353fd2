//! Entity tags as RFC 9110 has them (sections 8.8.3, 13.1.1 and 13.1.2): lists, `*`, and weak tags.

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

/// A header that is no list of entity tags.
struct IllFormed;

impl TagList {
    /// Reads all lines of a header; `None` where it was not sent. A list without a single tag is ill-formed: the sender
    /// meant a condition, so the request must not pass as one without.
    fn read(headers: &HeaderMap, name: &str) -> Option<Result<Self, IllFormed>> {
        let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        if lines.is_empty() {
            return None;
        }
        let text = lines.join(&b',');
        if text.trim_ascii() == b"*" {
            return Some(Ok(Self::Any));
        }
        let tags = read_tags(&text);
        Some(tags.filter(|tags| !tags.is_empty()).map(Self::Tags).ok_or(IllFormed))
    }
}

/// The tags of a list. Empty elements are passed over, as section 5.6.1.2 asks.
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

/// The versions that `If-Match` names, one of which the order must be at. `None` where there is no such header, or it is
/// `*`, which asks only that the order exist: every command on an order asks that.
///
/// The comparison is strong: a weak tag, and a tag that is no version as [`etag`](crate::responses::etag) writes it,
/// matches no order. The list is empty where every tag is such a tag.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<Vec<u64>>, Fault> {
    let ill_formed = |IllFormed| {
        Fault::new("bad_header", "must be * or a list of entity tags, such as the order's version in quotes: \"3\"")
    };
    match TagList::read(headers, "if-match").transpose().map_err(ill_formed)? {
        None | Some(TagList::Any) => Ok(None),
        Some(TagList::Tags(tags)) => {
            let strong = tags.iter().filter(|tag| !tag.is_weak);
            Ok(Some(strong.filter_map(|tag| version(&tag.opaque)).collect()))
        }
    }
}

/// The version that a tag stands for: digits without a leading zero. `"002"` is a tag of its own, not version 2.
fn version(opaque: &[u8]) -> Option<u64> {
    let is_canonical = opaque.iter().all(u8::is_ascii_digit) && opaque.first() != Some(&b'0');
    std::str::from_utf8(opaque).ok().filter(|_| is_canonical)?.parse().ok()
}

/// `If-None-Match`: the versions that the caller has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfNoneMatch {
    /// `*`: any version.
    Any,
    /// The versions named, by strong or weak tags: this header compares weakly.
    Versions(Vec<u64>),
}

impl IfNoneMatch {
    /// Reads the header, if there is one. An ill-formed one counts as absent: the caller then gets the order, which is
    /// never wrong, so this header is no reason to refuse a request.
    #[must_use]
    pub fn of(request: &Request) -> Option<Self> {
        match TagList::read(request.headers(), IF_NONE_MATCH.as_str())?.ok()? {
            TagList::Any => Some(Self::Any),
            TagList::Tags(tags) => Some(Self::Versions(tags.iter().filter_map(|tag| version(&tag.opaque)).collect())),
        }
    }

    /// True if the caller has this version already.
    #[must_use]
    pub fn matches(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}
