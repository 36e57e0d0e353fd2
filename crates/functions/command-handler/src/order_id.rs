//! The derivation of the id of a new order.

use order_domain::values::{CustomerId, QuoteId};
use uuid::Uuid;

/// The namespace of derived order ids. Never change it: a retry must find its order for as long as the order exists.
const ORDER_IDS: Uuid = Uuid::from_u128(0x0d5c_1f3e_7a86_4e0b_8b1d_3f60_92ce_5a14);

/// Returns the id of the order that a request places: UUIDv5 of the caller and the `Idempotency-Key`. A retry therefore
/// addresses the same order, years later and on any instance, without an index and without a read.
#[must_use]
pub fn new_order_id(actor: &str, idempotency_key: &str) -> String {
    // An idempotency key is visible ASCII, so it cannot contain the newline. Two different pairs never give the same text.
    Uuid::new_v5(&ORDER_IDS, format!("{}\n{idempotency_key}", stable_caller(actor)).as_bytes()).to_string()
}

/// The namespace of the ids of orders from quotes. Never change it: a quote must find its order for as long as the order
/// exists.
const QUOTED_ORDER_IDS: Uuid = Uuid::from_u128(0x3c8e_51b7_96d0_4f2a_a4c3_70e9_1bd8_62f5);

/// Returns the id of the order that a quote makes: UUIDv5 of the customer and the quote, for every caller and every
/// `Idempotency-Key`. One quote therefore makes one order, without an index and without a read.
#[must_use]
pub fn quoted_order_id(customer_id: &CustomerId, quote_id: &QuoteId) -> String {
    // Neither id can contain a newline. Two different pairs never give the same text.
    Uuid::new_v5(&QUOTED_ORDER_IDS, format!("{customer_id}\n{quote_id}").as_bytes()).to_string()
}

/// Returns the part of the caller's identity that a retry has in common with the first attempt. The session of an assumed
/// role is removed: it differs between instances of the same service, and a retry by another instance must not place a
/// second order.
fn stable_caller(actor: &str) -> &str {
    // `iam:arn:<partition>:sts::<account>:assumed-role/<role>/<session>`
    match actor.rsplit_once('/') {
        Some((role, _session)) if role.starts_with("iam:") && role.contains(":assumed-role/") => role,
        Some(_) | None => actor,
    }
}

#[cfg(test)]
mod tests {
    use order_domain::values::{CustomerId, OrderId, QuoteId};

    use super::{new_order_id, quoted_order_id};

    #[test]
    fn a_retry_addresses_the_order_of_the_first_attempt() {
        assert_eq!(new_order_id("alice", "key-1"), new_order_id("alice", "key-1"));
    }

    #[test]
    fn another_key_or_another_caller_is_another_order() {
        let first = new_order_id("alice", "key-1");
        assert_ne!(first, new_order_id("alice", "key-2"));
        assert_ne!(first, new_order_id("bob", "key-1"));
    }

    #[test]
    fn another_session_of_the_same_role_retries_the_same_order() {
        let of = |actor: &str| new_order_id(actor, "key-1");
        let role = "iam:arn:aws:sts::123456789012:assumed-role/order-desk";
        assert_eq!(of(&format!("{role}/i-0001")), of(&format!("{role}/i-0002")));
        assert_ne!(of(&format!("{role}/i-0001")), of(&format!("{role}-2/i-0001")));
        let user = "iam:arn:aws:iam::123456789012:user/desk";
        assert_ne!(of(&format!("{user}/one")), of(&format!("{user}/two")));
        assert_ne!(of("jwt::assumed-role/a/b"), of("jwt::assumed-role/a/c"));
    }

    fn quoted(customer_id: &str, quote_id: &str) -> String {
        quoted_order_id(&CustomerId::parse(customer_id).unwrap(), &QuoteId::parse(quote_id).unwrap())
    }

    #[test]
    fn another_quote_or_another_customer_is_another_order() {
        assert_ne!(quoted("alice", "quote-1"), quoted("alice", "quote-2"));
        assert_ne!(quoted("alice", "quote-1"), quoted("bob", "quote-1"));
        assert_ne!(quoted("alice", "quote-1"), new_order_id("alice", "quote-1"));
    }

    #[test]
    fn every_id_is_an_order_id() {
        assert!(OrderId::parse(&new_order_id("alice", "key-1")).is_ok());
        assert!(OrderId::parse(&quoted("alice", "quote-1")).is_ok());
    }

    /// Retries find their orders by these ids. If the derivation changed, a retry of an earlier request would place a
    /// second order.
    #[test]
    fn the_derivation_never_changes() {
        assert_eq!(quoted("alice", "quote-1"), "fefb2d8f-96c9-578c-8997-87a16e4b04b3");
        assert_eq!(new_order_id("alice", "key-1"), "8680e8d4-ce15-5ffd-b30f-895c56add853");
    }
}
