//! Keys that DynamoDB leaves unprocessed. The embedded DynamoDB never does this, so the test fabricates its responses.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use read_models::{DynamoRows, ExistingRow, RowKey, RowStore};
use serde_json::{Value, json};

use crate::story::{Numbered, SUMMARY_TABLE};

/// Responds to every BatchGetItem with `found` of the requested keys, and leaves the others unprocessed.
#[derive(Debug, Clone)]
struct Busy {
    found: usize,
    asked: Arc<Mutex<Vec<usize>>>,
}

impl HttpConnector for Busy {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let keys = request["RequestItems"][SUMMARY_TABLE]["Keys"].as_array().unwrap();
        assert_eq!(request["RequestItems"][SUMMARY_TABLE]["ConsistentRead"], true);
        self.asked.lock().unwrap().push(keys.len());
        let (found, left) = keys.split_at(self.found.min(keys.len()));
        let mut answer = json!({ "Responses": { SUMMARY_TABLE: found }, "UnprocessedKeys": {} });
        if !left.is_empty() {
            answer["UnprocessedKeys"][SUMMARY_TABLE] = json!({ "Keys": left, "ConsistentRead": true });
        }
        let body = SdkBody::from(serde_json::to_vec(&answer).unwrap());
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), body)))
    }
}

impl HttpClient for Busy {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Reads 20 rows. Returns the sizes of the requests, and the number of keys found and left.
async fn read_20(found_at_once: usize) -> (Vec<usize>, usize, usize) {
    let busy = Busy { found: found_at_once, asked: Arc::default() };
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(busy.clone())
        .build();
    let rows = DynamoRows::new(Client::from_conf(config), SUMMARY_TABLE);
    let keys: Vec<_> = (0..20).map(|n| RowKey { partition: "c-1".to_owned(), sort: n.to_string() }).collect();
    let read = RowStore::<Numbered<1>>::read(&rows, &keys).await.unwrap();
    assert!(read.rows.values().all(|standing| *standing == ExistingRow::Outdated));
    let asked = busy.asked.lock().unwrap().clone();
    (asked, read.rows.len(), read.unread.len())
}

#[tokio::test]
async fn unprocessed_keys_are_asked_for_again() {
    assert_eq!(read_20(8).await, (vec![20, 12, 4], 20, 0));
}

#[tokio::test]
async fn keys_that_stay_unprocessed_are_told_after_a_bounded_number_of_requests() {
    assert_eq!(read_20(0).await, (vec![20; 6], 0, 20));
}
