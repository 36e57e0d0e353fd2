//! The sample batches in `events/`, as `cargo lambda invoke publisher` sends them.

use std::path::PathBuf;

use serde_json::Value;

use crate::bus::{Bus, go_on_from};
use crate::stream;

fn sample(file: &str) -> Vec<Value> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "..", "events", file].iter().collect();
    let mut batch: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    serde_json::from_value(batch["Records"].take()).unwrap()
}

#[tokio::test]
async fn the_sample_batches_are_published_in_their_order() {
    for (file, events) in
        [("stream-one-commit.json", 1), ("stream-many-orders.json", 10), ("stream-repeated-and-out-of-order.json", 11)]
    {
        let (bus, records) = (Bus::start().await, sample(file));
        assert_eq!(bus.answer(&records).await, go_on_from(None), "{file}");
        let published = bus.published_ids().await;
        assert_eq!(published.len(), events, "{file}");
        assert_eq!(published, stream::ids(&records), "{file}");
    }
}

#[tokio::test]
async fn a_samples_event_is_a_cloud_event() {
    let bus = Bus::start().await;
    bus.answer(&sample("stream-one-commit.json")).await;
    let expected = serde_json::json!({
        "specversion": "1.0",
        "id": "f7bc38ac-dc7e-5303-aa30-5229bb9f6deb",
        "source": "order-ledger/orders/019aa5d6-2c40-7b31-8f0e-5d1c9a7e2001",
        "type": "OrderPlaced",
        "subject": "019aa5d6-2c40-7b31-8f0e-5d1c9a7e2001",
        "time": "2026-11-21T10:00:00.120Z",
        "dataschema": "urn:order-ledger:event:OrderPlaced:2",
        "sequence": "0000000001",
        "correlationid": "checkout-2001",
        "customerid": "customer-2001",
        "data": {
            "customerId": "customer-2001",
            "currency": "EUR",
            "items": [{ "sku": "TEAPOT-GREEN", "name": "Teapot, green", "quantity": 2, "unitPrice": 3400 }],
            "shipping": 495,
            "total": 7295,
        },
    });
    assert_eq!(bus.server.published().await, [expected]);
}
