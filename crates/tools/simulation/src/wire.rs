//! DynamoDB's JSON protocol on the embedded database: what its HTTP server does, without the server.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use embedded_dynamodb::{Database, DatabaseError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Status and body of a request's answer. An operation that no function uses is unknown here.
pub(crate) fn answer(database: &Database, operation: &str, body: &[u8]) -> (u16, String) {
    match operation {
        "PutItem" => run(body, |request| database.put_item(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "Scan" => run(body, |request| database.scan(request)),
        "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
        _ => refusal(400, "UnknownOperationException"),
    }
}

/// Whether an operation changes anything.
pub(crate) fn is_write(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems")
}

/// Whether a request names a table.
pub(crate) fn names_table(body: &[u8], table: &str) -> bool {
    let named = format!("\"TableName\":\"{table}\"");
    body.windows(named.len()).any(|window| window == named.as_bytes())
}

/// Status and body of an error with nothing but a name.
pub(crate) fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, json!({ "__type": code, "message": code }).to_string())
}

/// Every item of a table, without a network in between.
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

/// An answer as the SDK takes it.
pub(crate) fn response((status, body): (u16, String)) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

fn run<I, O>(body: &[u8], operation: impl FnOnce(I) -> Result<O, DatabaseError>) -> (u16, String)
where
    I: DeserializeOwned,
    O: Serialize,
{
    let Ok(request) = serde_json::from_slice(body) else { return refusal(400, "SerializationException") };
    match operation(request) {
        Ok(output) => {
            serde_json::to_string(&output).map_or_else(|_| refusal(500, "InternalServerError"), |it| (200, it))
        }
        Err(error) => (error.status_code(), error.to_json()),
    }
}
