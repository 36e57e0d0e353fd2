//! Only the three calls of `query-handler` for one order: reads its key from the index, its row, and its parked-order note.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};
use serde_json::{Value, json};

struct Tables {
    client: Client,
    summaries: String,
    parked: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let sdk = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
    let (client, [events, summaries, parked]) =
        (Client::new(&sdk), ["EVENTS_TABLE", "SUMMARY_TABLE", "PARKED_TABLE"].map(std::env::var));
    // The real function connects before its first invocation, and so does this one.
    let prime = client.query().table_name(events?).key_condition_expression("aggregateId = :id");
    prime.expression_attribute_values(":id", AttributeValue::S("-".to_owned())).limit(1).send().await?;
    let tables = Tables { client, summaries: summaries?, parked: parked? };
    lambda_http::run(service_fn(|request| get_order(&tables, request))).await
}

async fn get_order(tables: &Tables, request: Request) -> Result<Response<Body>, Error> {
    let order_id = request.path_parameters().first("orderId").ok_or("no order id")?.to_owned();
    let note = tables
        .client
        .get_item()
        .table_name(&tables.parked)
        .key("consumer", AttributeValue::S("OrderSummaryByCustomer".to_owned()))
        .key("aggregateId", AttributeValue::S(order_id.clone()))
        .consistent_read(true)
        .send();
    let row = async {
        let found = tables
            .client
            .query()
            .table_name(&tables.summaries)
            .index_name("ByOrder")
            .key_condition_expression("orderId = :id")
            .expression_attribute_values(":id", AttributeValue::S(order_id.clone()))
            .limit(1)
            .send()
            .await?;
        let mut key = found.items.unwrap_or_default().pop().ok_or("no such order")?;
        key.retain(|name, _| name == "customerId" || name == "placedAtOrderId");
        let row = tables.client.get_item().table_name(&tables.summaries).set_key(Some(key)).consistent_read(true);
        Ok::<_, Error>(row.send().await?.item.ok_or("no such order")?)
    };
    let (row, note) = tokio::join!(row, note);
    let row: Value = serde_dynamo::from_item(row?)?;
    let reply = json!({ "order": row, "stale": note?.item.is_some() }).to_string();
    Ok(Response::builder().status(200).header("content-type", "application/json").body(reply.into())?)
}
