//! Routes of an HTTP API, followed through their integration to a function.

use serde::Deserialize;

use crate::error::TemplateError;
use crate::function::Function;
use crate::resolve::logical_id;
use crate::template::Template;

pub(crate) const TYPE: &str = "AWS::ApiGatewayV2::Route";

/// A method and path of an HTTP API, and the function that answers them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The logical id of the API.
    pub api: String,
    /// The HTTP method: `POST`.
    pub method: String,
    /// The path with its parameters in braces: `/orders/{orderId}/payments`.
    pub path: String,
    /// The local name of the function.
    pub function: String,
    /// The authentication of the caller by the gateway: `AWS_IAM`, `JWT` or `NONE`.
    pub authorization: String,
    /// The authorizer that reads the caller's token.
    pub authorizer: Option<String>,
    /// The scopes of which the caller's token must have one.
    pub scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RouteProperties {
    api_id: String,
    route_key: String,
    target: String,
    authorization_type: String,
    authorizer_id: Option<String>,
    #[serde(default)]
    authorization_scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IntegrationProperties {
    integration_uri: String,
}

impl Route {
    pub(crate) fn read(template: &Template, id: &str) -> Result<Self, TemplateError> {
        let properties: RouteProperties = template.properties(id)?;
        let is_supported = |(method, path): &(&str, &str)| *method != "ANY" && !path.contains('+');
        let Some((method, path)) = properties.route_key.split_once(' ').filter(is_supported) else {
            let expected = "a method, a space and a path without a greedy variable";
            return Err(value(id, "RouteKey", &properties.route_key, expected));
        };
        let Some(integration) = properties.target.strip_prefix("integrations/") else {
            return Err(value(id, "Target", &properties.target, "`integrations/` and the id of an integration"));
        };
        let integration: IntegrationProperties = template.properties(integration)?;
        Ok(Self {
            api: properties.api_id,
            method: method.to_owned(),
            path: path.to_owned(),
            function: Function::name_of(template, logical_id(&integration.integration_uri))?,
            authorization: properties.authorization_type,
            authorizer: properties.authorizer_id,
            scopes: properties.authorization_scopes,
        })
    }
}

fn value(id: &str, property: &'static str, value: &str, expected: &'static str) -> TemplateError {
    TemplateError::Value { resource: id.to_owned(), property, value: value.to_owned(), expected }
}
