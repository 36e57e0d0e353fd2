//! A client in this process to which DynamoDB always gives the same reply: for errors that dynoxide does not make.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

#[derive(Debug, Clone)]
struct SameReply {
    status: u16,
    body: String,
}

impl HttpConnector for SameReply {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let Self { status, body } = self.clone();
        HttpConnectorFuture::ready(
            status
                .try_into()
                .map(|status| HttpResponse::new(status, SdkBody::from(body)))
                .map_err(|error| ConnectorError::other(Box::new(error), None)),
        )
    }
}

impl HttpClient for SameReply {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A client whose requests all get this reply. It does not retry.
#[must_use]
pub fn client(status: u16, body: impl Into<String>) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("local"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .retry_config(RetryConfig::disabled())
        .http_client(SameReply { status, body: body.into() });
    Client::from_conf(config.build())
}

/// A client whose requests DynamoDB throttles for a reason, on a table or an index: `table/Orders`.
#[must_use]
pub fn throttled(error: &str, reason: &str, resource: &str) -> Client {
    let resource = format!("arn:aws:dynamodb:local:000000000000:{resource}");
    let reasons = serde_json::json!([{ "reason": reason, "resource": resource }]);
    let reply = serde_json::json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{error}"),
        "message": "Throughput exceeds the limit",
        // The name in `ThrottlingException`, and in the other two errors.
        "throttlingReasons": reasons,
        "ThrottlingReasons": reasons,
    });
    client(400, reply.to_string())
}
