//! The real adapter on a table whose only response is chosen by the fuzzer.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use event_store::{DynamoEventStore, EventStore, Loaded, StoreError, UpTo};
use order_aggregate::Orders;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// Answers every request with the stored items.
#[derive(Debug, Clone, Default)]
struct Answer(Arc<Mutex<Vec<u8>>>);

impl HttpConnector for Answer {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let body = SdkBody::from(self.0.lock().unwrap().clone());
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), body)))
    }
}

impl HttpClient for Answer {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A table, the adapter on it, and the runtime that runs its calls.
pub(crate) struct Table {
    answer: Answer,
    store: DynamoEventStore,
    pub(crate) runtime: Runtime,
}

impl Table {
    pub(crate) fn new() -> Self {
        let answer = Answer::default();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(answer.clone())
            .build();
        let store = DynamoEventStore::new(Client::from_conf(config), "OrderEvents");
        Self { answer, store, runtime: Builder::new_current_thread().enable_all().build().unwrap() }
    }

    /// Loads the order from these items, newest first.
    pub(crate) fn load(&self, items: &[Value]) -> Result<Loaded<Orders>, StoreError> {
        *self.answer.0.lock().unwrap() = serde_json::to_vec(&json!({ "Items": items })).unwrap();
        self.runtime.block_on(EventStore::<Orders>::load(&self.store, "order", UpTo::Head))
    }
}
