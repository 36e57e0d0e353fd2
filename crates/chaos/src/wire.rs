//! DynamoDB's JSON protocol on the embedded database: what its HTTP server does, without the server.

use embedded_dynamodb::{Database, DatabaseError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// Status and body of a request's answer. An operation that no function uses is unknown here.
pub(crate) fn answer(database: &Database, target: &str, body: &[u8]) -> (u16, String) {
    match target.split_once('.').map(|(_version, operation)| operation) {
        Some("PutItem") => run(body, |request| database.put_item(request)),
        Some("GetItem") => run(body, |request| database.get_item(request)),
        Some("BatchGetItem") => run(body, |request| database.batch_get_item(request)),
        Some("Query") => run(body, |request| database.query(request)),
        Some("Scan") => run(body, |request| database.scan(request)),
        Some("DeleteItem") => run(body, |request| database.delete_item(request)),
        Some(_) | None => refusal(400, "UnknownOperationException"),
    }
}

/// Status and body of an error with nothing but a name.
pub(crate) fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": code }).to_string())
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
