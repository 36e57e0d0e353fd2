//! A limit for each Scan, which dynoxide 3.2.0 lacks. It reads the rest of the table, or of the segment, for each page of 1 MB.
//! So the time of a whole scan grows with the square of the table's size.

use bytes::Bytes;
use serde_json::Value;

/// The largest number of items of a page. A page of 1 MB has fewer items if they have 420 bytes or more on average.
const MAX_ITEMS: u64 = 2_500;

/// Returns the body of a Scan with a limit. A body that has one, or that dynoxide rejects, is returned unchanged.
pub(crate) fn limited(body: Bytes) -> Bytes {
    let Ok(Value::Object(mut request)) = serde_json::from_slice(&body) else { return body };
    if request.contains_key("Limit") {
        return body;
    }
    request.insert("Limit".to_owned(), MAX_ITEMS.into());
    Bytes::from(Value::Object(request).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(body: &'static str) -> Option<u64> {
        serde_json::from_slice::<Value>(&limited(Bytes::from_static(body.as_bytes()))).ok()?["Limit"].as_u64()
    }

    #[test]
    fn a_scan_has_a_limit_and_keeps_one_that_it_has() {
        assert_eq!(limit(r#"{"TableName":"t"}"#), Some(MAX_ITEMS));
        assert_eq!(limit(r#"{"TableName":"t","Limit":3}"#), Some(3));
        assert_eq!(limit(r#"{"TableName":"t","Limit":1000000}"#), Some(1_000_000));
    }

    #[test]
    fn a_body_that_is_no_object_is_unchanged() {
        for body in ["", "[]", "{\"TableName\""] {
            assert_eq!(limited(Bytes::from_static(body.as_bytes())), body);
        }
    }
}
