//! DynamoDB's JSON protocol: requests without a network, and replies in the SDK's form.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use embedded_dynamodb::Database;
use embedded_dynamodb::protocol::answer;
use serde::Deserialize;
use serde_json::{Value, json};

/// A commit, as its order id and its version.
pub(crate) type Position = (String, u64);

/// Returns true for an operation that writes.
pub(crate) fn is_write(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem")
}

/// The table that a request names. A request for several tables names none.
pub(crate) fn table(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        table_name: String,
    }
    serde_json::from_slice(body).ok().map(|Request { table_name }| table_name)
}

/// Every item of a table, read without a network.
pub(crate) fn items(database: &Database, table: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut start = Value::Null;
    loop {
        let mut request = json!({ "TableName": table });
        if !start.is_null() {
            request["ExclusiveStartKey"] = start;
        }
        let (_, page) = answer(database, "Scan", request.to_string().as_bytes());
        let mut page: Value = serde_json::from_str(&page).unwrap_or_default();
        if let Value::Array(found) = page["Items"].take() {
            items.extend(found);
        }
        start = page["LastEvaluatedKey"].take();
        if start.is_null() {
            return items;
        }
    }
}

/// Puts an item into a table without a network; returns true if the database accepted it.
pub(crate) fn put(database: &Database, table: &str, item: &Value) -> bool {
    let put = json!({ "TableName": table, "Item": item });
    answer(database, "PutItem", put.to_string().as_bytes()).0 == 200
}

/// The commit that an item or a stream image shows.
pub(crate) fn position(item: &Value) -> Option<Position> {
    Some((item["aggregateId"]["S"].as_str()?.to_owned(), item["version"]["N"].as_str()?.parse().ok()?))
}

/// A reply in the SDK's form.
pub(crate) fn response((status, body): (u16, String)) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
