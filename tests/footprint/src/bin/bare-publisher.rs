//! Only the two calls of `publisher` for a batch of one commit: reads the parked orders, and publishes the event.

use std::time::SystemTime;

use aws_config::BehaviorVersion;
use aws_lambda_events::event::dynamodb::Event;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Commit {
    events: Vec<Value>,
}

struct Clients {
    dynamodb: aws_sdk_dynamodb::Client,
    parked: String,
    eventbridge: aws_sdk_eventbridge::Client,
    bus: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let sdk = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
    let clients = Clients {
        dynamodb: aws_sdk_dynamodb::Client::new(&sdk),
        parked: std::env::var("PARKED_TABLE")?,
        eventbridge: aws_sdk_eventbridge::Client::new(&sdk),
        bus: std::env::var("EVENT_BUS")?,
    };
    // The real function connects before its first invocation, and so does this one. EventBridge rejects a call without
    // entries, which publishes nothing.
    let no_entries = clients.eventbridge.put_events().set_entries(Some(Vec::new())).send();
    let (parked, _refused) = tokio::join!(clients.is_anything_parked(), no_entries);
    parked?;
    lambda_runtime::run(service_fn(|event| clients.publish(event))).await
}

impl Clients {
    async fn publish(&self, event: LambdaEvent<Event>) -> Result<DynamoDbEventResponse, Error> {
        if self.is_anything_parked().await? {
            return Err("an order is parked".into());
        }
        let entries = event.payload.records.into_iter().map(|record| {
            let commit: Commit = serde_dynamo::from_item(record.change.new_image)?;
            let event = commit.events.first().ok_or("no event")?;
            let event_type = event["eventType"].as_str().ok_or("no type")?;
            let entry = PutEventsRequestEntry::builder().event_bus_name(&self.bus).source("order-ledger");
            Ok(entry.time(SystemTime::now().into()).detail_type(event_type).detail(event.to_string()).build())
        });
        let entries = entries.collect::<Result<Vec<_>, Error>>()?;
        let output = self.eventbridge.put_events().set_entries(Some(entries)).send().await?;
        if output.failed_entry_count > 0 {
            Err("an entry was refused".into())
        } else {
            Ok(DynamoDbEventResponse::default())
        }
    }

    async fn is_anything_parked(&self) -> Result<bool, Error> {
        let query = self.dynamodb.query().table_name(&self.parked).key_condition_expression("consumer = :consumer");
        let query = query.expression_attribute_values(":consumer", AttributeValue::S("publisher".to_owned()));
        Ok(query.consistent_read(true).limit(100).send().await?.count > 0)
    }
}
