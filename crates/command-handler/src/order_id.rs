//! How a new order gets its id.

use uuid::Uuid;

/// The namespace of derived order ids. A retry must find its order for as long as the order exists: never change it.
const ORDER_IDS: Uuid = Uuid::from_u128(0x0d5c_1f3e_7a86_4e0b_8b1d_3f60_92ce_5a14);

/// The id of the order that a request places.
///
/// With an `Idempotency-Key` it is UUIDv5 over caller and key, so that a retry addresses the same order, years later
/// and on any instance, with no index and no read. Without one it is a UUIDv7: new, and ordered by time.
#[must_use]
pub fn new_order_id(actor: &str, idempotency_key: Option<&str>) -> String {
    let id = match idempotency_key {
        // A key is visible ASCII, so the newline cannot be part of it: no two pairs read alike.
        Some(key) => Uuid::new_v5(&ORDER_IDS, format!("{actor}\n{key}").as_bytes()),
        None => Uuid::now_v7(),
    };
    id.to_string()
}

#[cfg(test)]
mod tests {
    use order_domain::values::OrderId;

    use super::new_order_id;

    #[test]
    fn a_retry_addresses_the_order_of_the_first_attempt() {
        assert_eq!(new_order_id("alice", Some("key-1")), new_order_id("alice", Some("key-1")));
    }

    #[test]
    fn another_key_or_another_caller_is_another_order() {
        let first = new_order_id("alice", Some("key-1"));
        assert_ne!(first, new_order_id("alice", Some("key-2")));
        assert_ne!(first, new_order_id("bob", Some("key-1")));
    }

    #[test]
    fn without_a_key_every_order_is_new() {
        assert_ne!(new_order_id("alice", None), new_order_id("alice", None));
    }

    #[test]
    fn every_id_is_an_order_id() {
        for id in [new_order_id("alice", Some("key-1")), new_order_id("alice", None)] {
            assert!(OrderId::parse(&id).is_ok(), "{id}");
        }
    }

    /// Orders are found again by these ids: a change of the derivation would place yesterday's retries anew.
    #[test]
    fn the_derivation_never_changes() {
        assert_eq!(new_order_id("alice", Some("key-1")), "8680e8d4-ce15-5ffd-b30f-895c56add853");
    }
}
