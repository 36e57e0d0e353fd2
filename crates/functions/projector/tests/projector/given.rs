//! The commands, batches and projector of the tests.

use embedded_dynamodb::EmbeddedDynamoDb;
use function_setup::{Config, ProjectorConfig};
use lambda_runtime::{Context, LambdaEvent};
use order_domain::Command;
use order_domain::command::{ItemQuantity, OrderItem, PlaceOrder, RecordPayment, ShipItems};
use order_domain::values::{Amount, Currency, CustomerId, Metadata, PaymentId, Quantity, ShipmentId, Sku};
use parked_orders::Consumer;
use projector::{Payload, Projector};
use serde_json::{Value, json};
use stream_consumer::StreamEvent;

pub(crate) const SUMMARY_CONSUMER: Consumer = Consumer::new("OrderSummaryByCustomer");
pub(crate) const TOTALS_CONSUMER: Consumer = Consumer::new("CustomerTotals");
pub(crate) const SUMMARY_TABLE: &str = "OrderSummaryByCustomer";

/// Returns an order with a total of 1,000.
pub(crate) fn place(customer: &str) -> Command {
    Command::PlaceOrder(PlaceOrder {
        customer_id: CustomerId::parse(customer).unwrap(),
        currency: Currency::parse("EUR").unwrap(),
        items: vec![OrderItem {
            sku: Sku::parse("sku-1").unwrap(),
            name: None,
            quantity: Quantity::new(1).unwrap(),
            unit_price: Amount::new(1000).unwrap(),
        }],
        shipping: Amount::ZERO,
        tax: Amount::ZERO,
        discount: Amount::ZERO,
        reference: None,
        metadata: Metadata::default(),
        quote: None,
    })
}

pub(crate) fn pay(id: &str, amount: u64) -> Command {
    let payment_id = PaymentId::parse(id).unwrap();
    Command::RecordPayment(RecordPayment { payment_id, amount: Amount::new(amount).unwrap(), method: None })
}

/// Returns the shipment of an order's only unit.
pub(crate) fn ship() -> Command {
    Command::ShipItems(ShipItems {
        shipment_id: ShipmentId::parse("s-1").unwrap(),
        items: vec![ItemQuantity { sku: Sku::parse("sku-1").unwrap(), quantity: Quantity::new(1).unwrap() }],
        tracking_number: None,
        carrier: None,
    })
}

/// Returns the configuration for the template's tables, which have their logical names here.
pub(crate) fn config() -> ProjectorConfig {
    let tables = |name: &str| match name {
        "EVENTS_TABLE" => Some("OrderEvents"),
        "SUMMARY_TABLE" => Some(SUMMARY_TABLE),
        "CUSTOMER_TOTALS" => Some("true"),
        "TOTALS_TABLE" => Some("CustomerTotals"),
        "PARKED_TABLE" => Some("ParkedOrders"),
        "LOG_LEVEL" => Some("info"),
        // The switches of all other read models.
        _ => Some("false"),
    };
    ProjectorConfig::from_variables(|name| tables(name).map(str::to_owned)).unwrap()
}

/// Returns the configuration with a table that does not exist for one read model.
pub(crate) fn config_without_table_of(read_model: &'static str) -> ProjectorConfig {
    let mut config = config();
    config.tables.insert(read_model, "NoSuchTable".to_owned());
    config
}

pub(crate) fn projector(server: &EmbeddedDynamoDb) -> Projector {
    Projector::on_dynamo(server.client(), &config())
}

pub(crate) fn event(records: &[Value]) -> LambdaEvent<Payload> {
    LambdaEvent::new(Payload::Stream(batch(records)), Context::default())
}

pub(crate) fn batch(records: &[Value]) -> StreamEvent {
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// Returns the reply that lists these records for a retry.
pub(crate) fn retried<'a>(records: impl IntoIterator<Item = &'a Value>) -> Value {
    let failures = records.into_iter().map(|record| json!({ "itemIdentifier": record["dynamodb"]["SequenceNumber"] }));
    json!({ "batchItemFailures": failures.collect::<Vec<_>>() })
}
