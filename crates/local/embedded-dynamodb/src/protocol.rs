//! DynamoDB's JSON protocol without an HTTP server: the operations that functions use.

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::scan_limit::limited;

/// Returns the status and body of the reply to a request. Operations that no function uses are unknown here.
#[must_use]
pub fn answer(database: &Database, operation: &str, body: &[u8]) -> (u16, String) {
    match operation {
        "PutItem" => run(body, |request| database.put_item(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "Scan" => run(&limited(Bytes::copy_from_slice(body)), |request| database.scan(request)),
        _ => refusal(400, "UnknownOperationException"),
    }
}

/// Returns the status and body of an error that has only a name.
#[must_use]
pub fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, serde_json::json!({ "__type": code, "message": code }).to_string())
}

fn run<I: DeserializeOwned, O: Serialize>(
    body: &[u8],
    operation: impl FnOnce(I) -> Result<O, DynoxideError>,
) -> (u16, String) {
    let Ok(request) = serde_json::from_slice(body) else { return refusal(400, "SerializationException") };
    match operation(request) {
        Ok(output) => {
            serde_json::to_string(&output).map_or_else(|_| refusal(500, "InternalServerError"), |it| (200, it))
        }
        Err(error) => (error.status_code(), error.to_json()),
    }
}
