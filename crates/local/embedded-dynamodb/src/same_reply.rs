//! A client in this process that always receives the same reply, for errors that dynoxide does not produce.

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

/// Returns a client that receives this reply to every request. It does not retry.
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

/// Returns a client whose requests DynamoDB throttles, for a reason and on a table or an index, such as `table/Orders`.
#[must_use]
pub fn throttled(error: &str, reason: &str, resource: &str) -> Client {
    let resource = format!("arn:aws:dynamodb:local:000000000000:{resource}");
    let reasons = serde_json::json!([{ "reason": reason, "resource": resource }]);
    let reply = serde_json::json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{error}"),
        "message": "Throughput exceeds the limit",
        // The field's name in `ThrottlingException`, and its name in the other two errors.
        "throttlingReasons": reasons,
        "ThrottlingReasons": reasons,
    });
    client(400, reply.to_string())
}
