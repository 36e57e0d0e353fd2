//! JWT authorizers of the HTTP API.

use serde::Deserialize;

use crate::error::TemplateError;
use crate::template::Template;

/// The only supported location of the token in a request.
const IDENTITY_SOURCE: &str = "$request.header.Authorization";

/// A JWT authorizer: the trusted issuer, and the audiences of which a token must name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtAuthorizer {
    /// The `iss` of every token.
    pub issuer: String,
    /// The audiences. One of them must be in `aud`, or be the `client_id`.
    pub audience: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    authorizer_type: String,
    identity_source: Vec<String>,
    jwt_configuration: JwtConfiguration,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JwtConfiguration {
    issuer: String,
    audience: Vec<String>,
}

impl JwtAuthorizer {
    pub(crate) fn read(template: &Template, id: &str) -> Result<Self, TemplateError> {
        let properties: Properties = template.properties(id)?;
        let wrong = |property, value, expected| {
            Err(TemplateError::Value { resource: id.to_owned(), property, value, expected })
        };
        if properties.authorizer_type != "JWT" {
            return wrong("AuthorizerType", properties.authorizer_type, "JWT");
        }
        if properties.identity_source != [IDENTITY_SOURCE] {
            return wrong("IdentitySource", properties.identity_source.join(", "), IDENTITY_SOURCE);
        }
        let JwtConfiguration { issuer, audience } = properties.jwt_configuration;
        Ok(Self { issuer, audience })
    }
}
