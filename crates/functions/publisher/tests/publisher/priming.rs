//! The connections that are opened before the first batch.

use parked_orders::ParkedOrderTable;
use publisher::Publisher;

use crate::bus::{Bus, NAME, NOTES};

#[tokio::test]
async fn priming_reaches_the_bus_and_the_notes_and_changes_neither() {
    let bus = Bus::start().await;
    let (client, meter) = bus.dynamodb.metered_client();
    Publisher::new(bus.named(NAME), ParkedOrderTable::new(client, NOTES)).prime().await;
    assert_eq!(bus.server.counts().calls, 1);
    assert!(bus.server.published().await.is_empty());
    let reading = meter.take();
    assert_eq!((reading.requests_of("Query"), reading.total_requests()), (1, 1));
}

#[tokio::test]
async fn a_function_starts_although_nothing_answers_its_priming() {
    let bus = Bus::start().await;
    let publisher = bus.publisher(NAME);
    bus.server.stop().await;
    publisher.prime().await;
}
