//! HTTP APIs, and the pages that may call them.

use serde::Deserialize;

use crate::error::TemplateError;
use crate::template::Template;

pub(crate) const TYPE: &str = "AWS::ApiGatewayV2::Api";

/// An HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpApi {
    /// Its name within the template, which its routes refer to.
    pub logical_id: String,
    /// Its CORS configuration; `None` if no page of another origin may call it.
    pub cors: Option<CorsConfiguration>,
}

/// `CorsConfiguration`: the pages of other origins that may call an API, and what they may send and read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CorsConfiguration {
    /// The origins: `https://shop.example`, `https://*`, or `*`.
    #[serde(default)]
    pub allow_origins: Vec<String>,
    /// The methods that a page may use.
    #[serde(default)]
    pub allow_methods: Vec<String>,
    /// The headers that a page may send.
    #[serde(default)]
    pub allow_headers: Vec<String>,
    /// The headers of replies that a page may read.
    #[serde(default)]
    pub expose_headers: Vec<String>,
    /// The number of seconds for which a browser may remember the reply to a preflight request.
    pub max_age: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    cors_configuration: Option<CorsConfiguration>,
}

impl HttpApi {
    pub(crate) fn read(template: &Template, id: &str) -> Result<Self, TemplateError> {
        let properties: Properties = template.properties(id)?;
        Ok(Self { logical_id: id.to_owned(), cors: properties.cors_configuration })
    }
}
