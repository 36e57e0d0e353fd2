//! What makes two requests the same request.

use sha2::{Digest, Sha256};

use crate::json::Json;

/// The first 16 bytes of SHA-256 over method, path and canonical body: 128 bits, so an accidental match is out of reach.
///
/// The body counts by value: member order and white space make no difference. The path is the decoded one.
#[must_use]
pub fn request_fingerprint(method: &str, path: &str, body: &Json) -> [u8; 16] {
    let mut canonical = String::new();
    body.write_canonical(&mut canonical);
    // A newline parts the pieces: a method has none, and a path is sent without any.
    let digest = Sha256::new().chain_update(method).chain_update("\n").chain_update(path).chain_update("\n");
    let [first @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        <[u8; 32]>::from(digest.chain_update(canonical).finalize());
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, path: &str, body: &str) -> [u8; 16] {
        request_fingerprint(method, path, &Json::read(body.as_bytes()).unwrap())
    }

    #[test]
    fn member_order_and_white_space_make_no_difference() {
        let one = of("POST", "/orders", r#"{"b":[1,{"y":-2,"x":null}],"a":"é"}"#);
        let other = of("POST", "/orders", "{ \"a\" : \"\\u00e9\",\n \"b\" : [ 1, {\"x\":null, \"y\":-2} ] }");
        assert_eq!(one, other);
    }

    #[test]
    fn method_path_and_every_value_make_a_difference() {
        let base = of("POST", "/orders/a/payments", r#"{"amount":1}"#);
        assert_ne!(base, of("PUT", "/orders/a/payments", r#"{"amount":1}"#));
        assert_ne!(base, of("POST", "/orders/b/payments", r#"{"amount":1}"#));
        assert_ne!(base, of("POST", "/orders/a/payments", r#"{"amount":2}"#));
        assert_ne!(base, of("POST", "/orders/a/payments", r#"{"amount":"1"}"#));
    }

    /// Stored beside every commit: a change of the algorithm would make yesterday's retries look like other requests.
    #[test]
    fn the_algorithm_never_changes() {
        let hex: String = of("POST", "/orders/o-1/payments", r#"{"paymentId":"p-1","amount":2997}"#)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(hex, "8ee92e85b40cdc7234f196aeaab86481");
    }
}
