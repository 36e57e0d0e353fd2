//! The reasons for a rejection.

use http::StatusCode;

/// The reason why a request is rejected before the server's router receives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request has no `Host`, several, or one that is not a valid host.
    #[error("the request must have one Host header, with a host and its port")]
    MalformedHost,
    /// The request's `Host` is not a name of this server.
    #[error(
        "this server accepts requests for localhost and 127.0.0.1 with its own port; --allow-host adds another name"
    )]
    ForeignHost,
    /// A web page of another origin sent the request.
    #[error("this server does not accept requests of web pages of another origin")]
    ForeignOrigin,
    /// The request's body did not arrive in time.
    #[error("the request's body did not arrive in time")]
    SlowBody,
}

impl Refusal {
    /// Returns the status of the reply.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedHost => StatusCode::BAD_REQUEST,
            Self::ForeignHost | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// Returns the error code with which AWS rejects a request for a similar reason.
    #[must_use]
    pub const fn aws_code(self) -> &'static str {
        match self {
            Self::MalformedHost => "ValidationException",
            Self::ForeignHost | Self::ForeignOrigin => "AccessDeniedException",
            Self::SlowBody => "RequestTimeoutException",
        }
    }
}
