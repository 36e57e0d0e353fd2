//! The rejections of a JWT authorizer, and their replies.
//!
//! From «Troubleshooting issues with HTTP API JWT authorizers»
//! (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html): status and body of a 401, the
//! form of its `WWW-Authenticate`, and the description of a wrong audience. From published captures of the real gateway:
//! the bare `Bearer` for a request without a token, and the description of a token with a wrong number of segments. AWS
//! publishes neither the other descriptions nor the header of a 403. The other descriptions are this project's own. The
//! header of a 403 has the same form, with the error code of RFC 6750 and the route's scopes. A client must rely only on
//! status and body.

use axum::body::Body;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};

use super::response::gateway_error;

/// The reason why a JWT authorizer rejects a request. Its text is the `error_description`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the request has no token")]
    NoToken,
    #[error("token contains an invalid number of segments")]
    Segments,
    #[error("the token cannot be decoded")]
    Undecodable,
    #[error("the token does not name its key")]
    NoKeyId,
    #[error("the token's key is not one of the issuer's")]
    UnknownKey,
    #[error("the token's algorithm is not the key's")]
    Algorithm,
    #[error("the token's signature is invalid")]
    Signature,
    #[error("the token does not have a valid issuer")]
    Issuer,
    #[error("the token does not have a valid audience")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token was issued in the future")]
    IssuedLater,
    #[error("the token has none of the required scopes")]
    Scope,
}

impl Refusal {
    /// Builds the reply to a request for a route with these scopes.
    pub(super) fn response(self, scopes: &[String]) -> Response<Body> {
        let (status, message, challenge) = match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, "Unauthorized", "Bearer".to_owned()),
            Self::Segments
            | Self::Undecodable
            | Self::NoKeyId
            | Self::UnknownKey
            | Self::Algorithm
            | Self::Signature
            | Self::Issuer
            | Self::Audience
            | Self::Expired
            | Self::NotYetValid
            | Self::IssuedLater => (StatusCode::UNAUTHORIZED, "Unauthorized", self.challenge("", "invalid_token")),
            Self::Scope => {
                (StatusCode::FORBIDDEN, "Forbidden", self.challenge(&scopes.join(" "), "insufficient_scope"))
            }
        };
        let mut response = gateway_error(status, message);
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    fn challenge(self, scope: &str, error: &str) -> String {
        format!(r#"Bearer scope="{scope}" error="{error}" error_description="{self}""#)
    }
}
