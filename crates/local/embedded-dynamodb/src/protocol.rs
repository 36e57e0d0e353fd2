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

#[cfg(test)]
mod tests {
    use http::Request;
    use http_body_util::Full;
    use serde_json::{Value, from_slice, from_str, from_value, json};

    use super::*;
    use crate::private_server::PrivateServer;

    fn database() -> Database {
        let database = Database::memory().unwrap();
        let table = json!({
            "TableName": "things",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        database.create_table(from_value(table).unwrap()).unwrap();
        database
    }

    async fn over_http(server: &PrivateServer, operation: &str, body: &Value) -> (u16, Value) {
        let request = Request::post("/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=0")
            .body(Full::from(body.to_string()));
        let response = server.send(request.unwrap()).await.unwrap();
        (response.status().as_u16(), from_slice(response.body()).unwrap())
    }

    #[tokio::test]
    async fn replies_without_a_server_equal_those_of_the_server() {
        let (item, key) = (json!({ "id": { "S": "a" }, "n": { "N": "1" } }), json!({ "id": { "S": "a" } }));
        let put = json!({ "TableName": "things", "Item": item, "ReturnConsumedCapacity": "TOTAL" });
        let with = |request: &Value, name: &str, value: Value| {
            let mut request = request.clone();
            request[name] = value;
            request
        };
        let conditional = json!({
            "TableName": "things", "Item": item, "ConditionExpression": "attribute_not_exists(id)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        });
        let get = json!({ "TableName": "things", "Key": key });
        let query = json!({
            "TableName": "things", "KeyConditionExpression": "id = :id",
            "ExpressionAttributeValues": { ":id": { "S": "a" } },
        });
        let update = json!({
            "TableName": "things", "Key": key, "UpdateExpression": "SET n = n + :n",
            "ExpressionAttributeValues": { ":n": { "N": "1" } }, "ReturnValues": "ALL_NEW",
        });
        let large = json!({ "id": { "S": "large" }, "text": { "S": "x".repeat(400 * 1024) } });
        let requests = [
            ("PutItem", conditional.clone(), 200),
            ("PutItem", conditional.clone(), 400),
            ("PutItem", put.clone(), 200),
            ("GetItem", get.clone(), 200),
            ("Query", query.clone(), 200),
            ("UpdateItem", update.clone(), 200),
            ("BatchGetItem", json!({ "RequestItems": { "things": { "Keys": [key] } } }), 200),
            ("Scan", json!({ "TableName": "things" }), 200),
            ("DeleteItem", get.clone(), 200),
            ("PutItem", with(&put, "TableName", json!("others")), 400),
            ("PutItem", with(&put, "Item", large), 400),
            ("PutItem", with(&put, "Item", json!({ "id": { "N": "1" } })), 400),
            ("PutItem", with(&put, "Item", json!({ "id": { "S": "a" }, "set": { "SS": [] } })), 400),
            ("PutItem", with(&conditional, "ConditionExpression", json!("size(")), 400),
            ("GetItem", with(&get, "Key", json!({})), 400),
            ("Query", with(&query, "KeyConditionExpression", json!("n = :id")), 400),
            ("UpdateItem", update, 400),
        ];
        let (here, there) = (database(), PrivateServer::new(database()));
        for (operation, body, expected) in requests {
            let (status, reply) = answer(&here, operation, body.to_string().as_bytes());
            let reply: Value = from_str(&reply).unwrap();
            assert_eq!(status, expected, "{operation}: {reply}");
            assert_eq!((status, reply), over_http(&there, operation, &body).await, "{operation}");
        }
    }
}
