//! The fingerprint that identifies two requests as the same request.

use sha2::{Digest, Sha256};

use crate::json::Json;

/// Returns the first 16 bytes of SHA-256 over method, path and canonical body. With 128 bits, an accidental match is
/// practically impossible.
///
/// The body is compared by value: member order and white space make no difference. The path is the decoded path.
#[must_use]
pub fn request_fingerprint(method: &str, path: &str, body: &Json) -> [u8; 16] {
    // A newline separates the parts: a method contains none, and clients send paths without any.
    let digest = Sha256::new().chain_update(method).chain_update("\n").chain_update(path).chain_update("\n");
    let [first @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        <[u8; 32]>::from(digest.chain_update(body.canonical()).finalize());
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

    /// Every commit stores a fingerprint. A change of the algorithm would make a retry of an earlier request look like
    /// another request.
    #[test]
    fn the_algorithm_never_changes() {
        let hex: String = of("POST", "/orders/o-1/payments", r#"{"paymentId":"p-1","amount":2997}"#)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(hex, "8ee92e85b40cdc7234f196aeaab86481");
    }
}
