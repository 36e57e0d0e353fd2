//! The outputs of a CloudFormation stack.
//!
//! Makes one call, with the parts that every AWS client of this program is built from. The SDK's own client of
//! CloudFormation has 90 operations, and takes as long to compile as the client of DynamoDB.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use aws_config::SdkConfig;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{self, SigV4AuthScheme};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{AuthSchemeOptionResolverParams, SharedAuthScheme};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_smithy_xml::decode::{Document, ScopedDecoder, XmlDecodeError, try_data};
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use event_store::store::chain;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::running::reason;

/// The environment variable that overrides the endpoint, as for every service.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_CLOUDFORMATION";

/// An error that CloudFormation returned.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
struct Refusal {
    code: String,
    message: String,
}

/// Reads the outputs of a stack, by name.
pub(super) async fn outputs(
    config: &SdkConfig,
    region: &str,
    timeouts: TimeoutConfig,
    stack: &str,
) -> anyhow::Result<BTreeMap<String, String>> {
    let endpoint = std::env::var(ENDPOINT).ok().filter(|url| !url.is_empty());
    let endpoint =
        endpoint.or_else(|| config.endpoint_url().map(str::to_owned)).unwrap_or_else(|| default_endpoint(region));
    let operation = Operation::builder()
        .service_name("CloudFormation")
        .operation_name("DescribeStacks")
        .endpoint_url(&endpoint)
        .timeout_config(timeouts)
        .runtime_plugin(signing(config, region)?)
        .serializer(|stack: String| request(&stack))
        .deserializer(response)
        .build();
    operation.invoke(stack.to_owned()).await.map_err(|error| {
        if error.as_service_error().is_some_and(|refusal| refusal.message.ends_with("does not exist")) {
            anyhow!(
                "there is no stack {stack} in {region}: check the name, the Region and the account of the credentials"
            )
        } else if matches!(error, SdkError::DispatchFailure(_) | SdkError::TimeoutError(_)) {
            let reason = reason(&error);
            anyhow!("cannot reach CloudFormation at {endpoint}: {reason}. Check the Region and the network")
        } else {
            anyhow!("cannot read the outputs of stack {stack}: {}", chain(&error))
        }
    })
}

fn default_endpoint(region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://cloudformation.{region}.amazonaws.com{china}")
}

/// Signs requests with the caller's credentials.
fn signing(config: &SdkConfig, region: &str) -> anyhow::Result<StaticRuntimePlugin> {
    let credentials = config.credentials_provider().context("there is no provider of AWS credentials")?;
    let mut layer = Layer::new("signing");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(aws_config::Region::new(region.to_owned()))),
        name: Some(SigningName::from_static("cloudformation")),
        ..SigV4OperationSigningConfig::default()
    });
    let mut components = RuntimeComponentsBuilder::new("signing");
    components.set_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![sigv4::SCHEME_ID])));
    components.push_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
    components.set_identity_resolver(sigv4::SCHEME_ID, credentials);
    Ok(StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components))
}

fn request(stack: &str) -> Result<HttpRequest, aws_smithy_runtime_api::box_error::BoxError> {
    let stack = utf8_percent_encode(stack, NON_ALPHANUMERIC);
    let mut request =
        HttpRequest::new(SdkBody::from(format!("Action=DescribeStacks&Version=2010-05-15&StackName={stack}")));
    request.set_method("POST")?;
    request.set_uri("/")?;
    request.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
    Ok(request)
}

fn response(response: &HttpResponse) -> Result<BTreeMap<String, String>, OrchestratorError<Refusal>> {
    let body = response.body().bytes().unwrap_or_default();
    let parsed = std::str::from_utf8(body).map_err(OrchestratorError::other)?;
    let all = |tag| texts(parsed, tag).map_err(OrchestratorError::other);
    if response.status().is_success() {
        return Ok(all("OutputKey")?.into_iter().zip(all("OutputValue")?).collect());
    }
    let text = |tag| texts(parsed, tag).ok().and_then(|mut texts| texts.pop());
    let code = text("Code").unwrap_or_else(|| format!("HTTP {}", response.status().as_u16()));
    let message = text("Message").unwrap_or_else(|| "no message".to_owned());
    Err(OrchestratorError::operation(Refusal { code, message }))
}

/// Returns the texts of all elements with a tag.
fn texts(xml: &str, tag: &str) -> Result<Vec<String>, XmlDecodeError> {
    let mut found = Vec::new();
    collect(&mut Document::new(xml).root_element()?, tag, &mut found)?;
    Ok(found)
}

fn collect(element: &mut ScopedDecoder<'_, '_>, tag: &str, found: &mut Vec<String>) -> Result<(), XmlDecodeError> {
    while let Some(mut child) = element.next_tag() {
        if child.start_el().matches(tag) {
            found.push(try_data(&mut child)?.into_owned());
        } else {
            collect(&mut child, tag, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_that_of_the_region() {
        assert_eq!(default_endpoint("eu-west-1"), "https://cloudformation.eu-west-1.amazonaws.com");
        assert_eq!(default_endpoint("cn-north-1"), "https://cloudformation.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn texts_are_found_at_any_depth_and_a_missing_tag_has_none() {
        let xml =
            "<Response><Stacks><member><Name>a</Name></member><member><Name>b</Name></member></Stacks></Response>";
        assert_eq!(texts(xml, "Name").unwrap(), ["a", "b"]);
        assert_eq!(texts(xml, "OutputKey").unwrap(), [""; 0]);
    }
}
