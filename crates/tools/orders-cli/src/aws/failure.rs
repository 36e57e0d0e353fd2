//! The reason why a service cannot be used, with its location and the remedy.

use std::error::Error;
use std::fmt;

use anyhow::anyhow;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use event_store::store::chain;

use crate::running::{Address, Service, reason};

/// The location of the services.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Local { dynamodb: Address, eventbridge: Address },
    Account { region: String },
}

impl Place {
    /// Returns the error for a name that does not exist.
    pub(super) fn not_found(&self, kind: &str, name: &str) -> anyhow::Error {
        let check = match self {
            Self::Local { .. } => "",
            Self::Account { .. } => ": check the name, the Region and the account of the credentials",
        };
        anyhow!("there is no {kind} {name} in {self}{check}")
    }

    /// Returns the error for a failed call. `what` names the operation that failed.
    pub(super) fn failed<E, R>(&self, service: Service, what: &str, error: &SdkError<E, R>) -> anyhow::Error
    where
        E: Error + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        let out_of_reach = matches!(error, SdkError::DispatchFailure(_) | SdkError::TimeoutError(_));
        match self {
            _ if !out_of_reach => anyhow!("{what}: {}", chain(error)),
            Self::Local { dynamodb, .. } if service == Service::DynamoDb => anyhow!(dynamodb.unreachable(error)),
            Self::Local { eventbridge, .. } => anyhow!(eventbridge.unreachable(error)),
            Self::Account { region } => {
                anyhow!("cannot reach {service} in {region}: {}. Check the Region and the network", reason(error))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local { .. } => f.write_str("the local stack"),
            Self::Account { region } => f.write_str(region),
        }
    }
}

/// The code of the service's error, if the service answered.
pub(super) fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// Error codes that a missing permission causes.
const DENIED: [&str; 2] = ["AccessDenied", "AccessDeniedException"];
/// Error codes that new credentials resolve.
const UNKNOWN_CALLER: [&str; 5] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
];

/// Returns the remedy for an error of an account, from any part of a command. The SDK writes an error code as a separate
/// word, before or after a colon or in brackets. A name that contains such a word is not a code.
pub(crate) fn remedy(message: &str) -> Option<&'static str> {
    let parts = || message.split(": ").flat_map(|part| part.split(['(', ')'])).map(str::trim);
    let has = |codes: &[&str]| parts().any(|part| codes.contains(&part));
    if has(&DENIED) {
        Some("Grant the caller this permission: docs/RUNBOOK.md lists what each command needs.")
    } else if has(&UNKNOWN_CALLER) {
        Some(
            "AWS does not accept the credentials: sign in, and run `eval \"$(aws configure export-credentials --format env)\"`.",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_a_caller_can_end_has_a_remedy() {
        for (message, expected) in [
            ("AccessDeniedException: User: u is not authorized to perform: dynamodb:Scan", "Grant the caller"),
            ("ExpiredTokenException: The security token included in the request is expired", "sign in"),
            ("UnrecognizedClientException: The security token included in the request is invalid.", "sign in"),
        ] {
            assert!(remedy(message).is_some_and(|remedy| remedy.contains(expected)), "{message}");
        }
        assert_eq!(remedy("ProvisionedThroughputExceededException"), None);
        assert_eq!(remedy("there is no table NoAccessDenied in eu-west-1: check the name"), None, "a name is no code");
    }
}
