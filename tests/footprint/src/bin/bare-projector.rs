//! Only the six calls of `projector` for a batch of one payment. For each read model: reads the row, and writes it. For the
//! totals also the sums: reads them, and writes them before the row.

use std::collections::HashMap;

use aws_config::BehaviorVersion;
use aws_lambda_events::event::dynamodb::Event;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::Value;

type Item = HashMap<String, AttributeValue>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commit {
    aggregate_id: String,
    version: u64,
    customer_id: String,
    placed_at: String,
    events: Vec<Value>,
}

struct Tables {
    client: Client,
    summaries: String,
    totals: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let sdk = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
    let (client, [events, summaries, totals]) =
        (Client::new(&sdk), ["EVENTS_TABLE", "SUMMARY_TABLE", "TOTALS_TABLE"].map(std::env::var));
    // The real function connects before its first invocation, and so does this one.
    let prime = client.query().table_name(events?).key_condition_expression("aggregateId = :id");
    prime.expression_attribute_values(":id", string("-")).limit(1).send().await?;
    let tables = Tables { client, summaries: summaries?, totals: totals? };
    lambda_runtime::run(service_fn(|event| tables.project(event))).await
}

impl Tables {
    async fn project(&self, event: LambdaEvent<Event>) -> Result<DynamoDbEventResponse, Error> {
        for record in event.payload.records {
            let commit: Commit = serde_dynamo::from_item(record.change.new_image)?;
            let paid = commit.events.first().and_then(|event| event["data"]["amount"].as_u64()).ok_or("no payment")?;
            tokio::try_join!(self.summarise(&commit, paid), self.total(&commit, paid))?;
        }
        Ok(DynamoDbEventResponse::default())
    }

    async fn summarise(&self, commit: &Commit, paid: u64) -> Result<(), Error> {
        let sort = format!("{}#{}", commit.placed_at, commit.aggregate_id);
        let keys = vec![key(&commit.customer_id, "placedAtOrderId", &sort)];
        let row = self.read(&self.summaries, keys, false).await?.pop().ok_or("no row to go on from")?;
        self.client
            .put_item()
            .table_name(&self.summaries)
            .set_item(Some(changed(row, "amountPaid", paid, commit.version)?))
            .condition_expression("version < :version")
            .expression_attribute_values(":version", AttributeValue::N(commit.version.to_string()))
            .send()
            .await?;
        Ok(())
    }

    async fn total(&self, commit: &Commit, paid: u64) -> Result<(), Error> {
        let entry = |entry: &str| key(&commit.customer_id, "entry", entry);
        let order = entry(&format!("order#{}", commit.aggregate_id));
        let row = self.read(&self.totals, vec![order], true).await?.pop().ok_or("no row to go on from")?;
        let mut sums = self.read(&self.totals, vec![entry("total#2")], true).await?.pop().ok_or("no sums")?;
        let row = changed(row, "amountPaid", paid, commit.version)?;
        let revision = sums.get("revision").cloned().ok_or("no revision")?;
        let gross = sums.get_mut("sums").and_then(|sums| member(member(sums, "EUR")?, "gross")).ok_or("no gross")?;
        *gross = AttributeValue::N((gross.as_n().map_err(|_| "no number")?.parse::<u64>()? + paid).to_string());
        let pending = HashMap::from([(
            format!("order#{}", commit.aggregate_id),
            AttributeValue::M(HashMap::from([
                ("version".to_owned(), AttributeValue::N(commit.version.to_string())),
                ("row".to_owned(), AttributeValue::M(row.clone())),
            ])),
        )]);
        sums.insert("pending".to_owned(), AttributeValue::M(pending));
        let put = self.client.put_item().table_name(&self.totals).set_item(Some(sums));
        let put = put.condition_expression("revision = :revision").expression_attribute_values(":revision", revision);
        put.send().await?;
        let put = self.client.put_item().table_name(&self.totals).set_item(Some(row));
        let put = put.condition_expression("version < :version");
        put.expression_attribute_values(":version", AttributeValue::N(commit.version.to_string())).send().await?;
        Ok(())
    }

    async fn read(&self, table: &str, keys: Vec<Item>, is_consistent: bool) -> Result<Vec<Item>, Error> {
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(is_consistent).build()?;
        let found = self.client.batch_get_item().request_items(table, keys).send().await?;
        Ok(found.responses.unwrap_or_default().into_values().flatten().collect())
    }
}

fn changed(mut row: Item, name: &str, by: u64, version: u64) -> Result<Item, Error> {
    let was = row.get(name).and_then(|amount| amount.as_n().ok()).ok_or("no amount")?.parse::<u64>()?;
    row.insert(name.to_owned(), AttributeValue::N((was + by).to_string()));
    row.insert("version".to_owned(), AttributeValue::N(version.to_string()));
    Ok(row)
}

fn member<'a>(map: &'a mut AttributeValue, name: &str) -> Option<&'a mut AttributeValue> {
    if let AttributeValue::M(members) = map { members.get_mut(name) } else { None }
}

fn key(customer_id: &str, sort_name: &str, sort: &str) -> Item {
    HashMap::from([("customerId".to_owned(), string(customer_id)), (sort_name.to_owned(), string(sort))])
}

fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}
