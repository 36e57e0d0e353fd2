//! Orders in the event store: the only crate that knows both the order domain and the store.
//!
//! [`Orders`] tells the store how to fold orders, their names on disk and the tags of their commits. Nothing here
//! decides anything or does any I/O.

use event_store::{Aggregate, CodecError, Commit, EncodedEvent, EventPosition, Tags, Timestamp};
use order_domain::{Event, EventRef, Order, stored};

/// The tag that contains the customer's id.
pub const CUSTOMER_ID: &str = "customerId";
/// The tag that contains the time of an order's first commit.
pub const PLACED_AT: &str = "placedAt";

/// A commit of an order.
pub type OrderCommit = Commit<Event>;

/// The connection of orders to the event store.
#[derive(Debug, Clone, Copy)]
pub struct Orders;

impl Aggregate for Orders {
    type State = Order;
    type Event = Event;
    const STATE_SCHEMA: u32 = Order::SCHEMA;
    const TAGS: &'static [&'static str] = &[CUSTOMER_ID, PLACED_AT];

    fn evolve(order: Order, event: &Event, at: EventPosition) -> Order {
        order_domain::evolve(order, event, EventRef { event_id: at.event_id, version: at.version })
    }

    fn tags(first: &Order, recorded_at: Timestamp) -> Tags {
        let customer = first.customer_id().map(|id| (CUSTOMER_ID.to_owned(), id.to_string()));
        customer.into_iter().chain([(PLACED_AT.to_owned(), recorded_at.to_string())]).collect()
    }

    fn encode(event: &Event) -> Result<EncodedEvent, CodecError> {
        let stored = stored::encode(event)?;
        Ok(EncodedEvent {
            event_type: stored.event_type.to_owned(),
            schema_version: stored.schema_version,
            data: stored.data,
        })
    }

    fn decode(event: EncodedEvent) -> Result<Event, CodecError> {
        Ok(stored::decode(&event.event_type, event.schema_version, event.data)?)
    }
}

/// Returns the customer of a commit's order.
#[must_use]
pub fn customer_id(commit: &OrderCommit) -> Option<&str> {
    commit.tags.get(CUSTOMER_ID).map(String::as_str)
}

/// Returns the time when a commit's order was placed.
#[must_use]
pub fn placed_at(commit: &OrderCommit) -> Option<Timestamp> {
    commit.tags.get(PLACED_AT)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use event_store::{Fingerprint, Loaded, Request};
    use order_domain::event::PaymentReceived;
    use order_domain::values::{Amount, PaymentId};

    use super::*;

    fn at(epoch_ms: i64) -> Timestamp {
        Timestamp::from_epoch_ms(epoch_ms).unwrap()
    }

    fn request() -> Request {
        let (request_id, actor) = ("r".to_owned(), "anna".to_owned());
        Request { request_id, fingerprint: Fingerprint::of(b""), actor, correlation_id: None, causation_id: None }
    }

    #[test]
    fn a_placed_orders_commit_names_its_customer_and_its_time() {
        let data = placed_by_anna();
        let placed = stored::decode("OrderPlaced", 1, data).unwrap();
        let commit = Loaded::<Orders>::absent("o").next(&request(), vec![placed], at(1_700_000_000_123)).commit;
        assert_eq!(customer_id(&commit), Some("anna"));
        assert_eq!(placed_at(&commit), Some(at(1_700_000_000_123)));
    }

    #[test]
    fn neither_tag_stands_in_for_the_other_where_one_is_missing() {
        let placed = stored::decode("OrderPlaced", 1, placed_by_anna()).unwrap();
        let tagged = Loaded::<Orders>::absent("o").next(&request(), vec![placed], at(1_700_000_000_123)).commit;
        let mut commit = tagged.clone();
        commit.tags.remove(CUSTOMER_ID);
        assert_eq!((customer_id(&commit), placed_at(&commit)), (None, placed_at(&tagged)));
        let mut commit = tagged.clone();
        commit.tags.insert(PLACED_AT.to_owned(), "no time".to_owned());
        commit.tags.insert("aTime".to_owned(), at(1).to_string());
        commit.tags.insert("zTime".to_owned(), at(1).to_string());
        assert_eq!((customer_id(&commit), placed_at(&commit)), (Some("anna"), None));
    }

    #[test]
    fn an_event_is_kept_under_its_stored_name_and_read_back() {
        let payment = PaymentReceived {
            payment_id: PaymentId::parse("p").unwrap(),
            amount: Amount::new(1).unwrap(),
            method: None,
        };
        let event = Event::PaymentReceived(payment);
        let encoded = Orders::encode(&event).unwrap();
        assert_eq!((encoded.event_type.as_str(), encoded.schema_version), ("PaymentReceived", 1));
        assert_eq!(Orders::decode(encoded).unwrap(), event);
    }

    fn placed_by_anna() -> serde_json::Value {
        serde_json::json!({
            "customerId": "anna", "currency": "EUR", "items": [{ "sku": "a", "quantity": 1, "unitPrice": 5 }],
        })
    }
}
