//! An embedded EventBridge, and events to publish to it.

use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::retry::RetryConfig;
use embedded_eventbridge::{EmbeddedEventBridge, LogLocation};
use publication::{CloudEvent, EventBus, Pauses};
use serde_json::json;

pub(crate) const NAME: &str = "OrderBus";

pub(crate) async fn start() -> EmbeddedEventBridge {
    EmbeddedEventBridge::start("127.0.0.1:0".parse().unwrap(), [NAME.to_owned()], LogLocation::Temporary).await.unwrap()
}

/// Returns the bus with that name, without pauses.
pub(crate) fn bus(server: &EmbeddedEventBridge, name: &str) -> EventBus {
    let retries = RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(1));
    let client = Client::from_conf(server.config().retry_config(retries).build());
    EventBus::new(client, name).with_pauses(Pauses { first: Duration::ZERO, longest: Duration::ZERO })
}

/// Returns events of that many orders.
pub(crate) fn events(count: usize) -> Vec<CloudEvent> {
    let event = |number: usize| {
        json!({
            "specversion": "1.0", "id": format!("0a32eac1-e77e-511d-9f82-39fa61d6{number:04}"),
            "source": format!("order-ledger/orders/o-{number}"), "type": "OrderPlaced", "subject": format!("o-{number}"),
            "time": "2026-11-21T09:30:00.123Z", "dataschema": "urn:order-ledger:event:OrderPlaced:2",
            "sequence": "0000000001", "customerid": "anna", "data": {},
        })
    };
    (0..count).map(|number| serde_json::from_value(event(number)).unwrap()).collect()
}
