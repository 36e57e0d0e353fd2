//! Only the two calls of `command-handler`: reads an order's newest commits, and appends a payment.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    payment_id: String,
    amount: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let sdk = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
    let (client, table) = (Client::new(&sdk), std::env::var("EVENTS_TABLE")?);
    // The real function connects before its first invocation, and so does this one.
    newest(&client, &table, "-").await?;
    lambda_http::run(service_fn(|request| record_payment(&client, &table, request))).await
}

async fn record_payment(client: &Client, table: &str, request: Request) -> Result<Response<Body>, Error> {
    let order_id = request.path_parameters().first("orderId").ok_or("no order id")?.to_owned();
    let payment: Payment = serde_json::from_slice(request.body())?;
    let found = newest(client, table, &order_id).await?;
    let version = found.items().first().and_then(|commit| commit.get("version")?.as_n().ok()).ok_or("no such order")?;
    let version = version.parse::<u64>()? + 1;
    client
        .put_item()
        .table_name(table)
        .item("aggregateId", AttributeValue::S(order_id.clone()))
        .item("version", AttributeValue::N(version.to_string()))
        .item("paymentId", AttributeValue::S(payment.payment_id))
        .item("amount", AttributeValue::N(payment.amount.to_string()))
        .condition_expression("attribute_not_exists(aggregateId)")
        .send()
        .await?;
    let reply = json!({ "orderId": order_id, "version": version }).to_string();
    Ok(Response::builder().status(201).header("content-type", "application/json").body(reply.into())?)
}

async fn newest(client: &Client, table: &str, order_id: &str) -> Result<QueryOutput, aws_sdk_dynamodb::Error> {
    let query = client.query().table_name(table).key_condition_expression("aggregateId = :id");
    let query = query.expression_attribute_values(":id", AttributeValue::S(order_id.to_owned()));
    Ok(query.scan_index_forward(false).limit(4).send().await?)
}
