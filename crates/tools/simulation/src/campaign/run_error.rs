//! Errors of the harness.

use embedded_dynamodb::EmbeddedError;
use http_api::quotes::BadQuoteKeys;
use sam_template::TemplateError;
use signed_quotes::SignerError;
use tokio::task::JoinError;

use crate::faults::fault::Fault;
use crate::workload::past::Unfilled;
use crate::workload::plan::Plan;
use crate::world::unexpected_errors::panic_message;

/// A history that could not be run. The cause is in the harness, and not in the code under test.
#[derive(Debug, thiserror::Error)]
#[error("the history of '{plan}' could not be run")]
pub struct RunError {
    /// Its plan.
    pub plan: Box<Plan>,
    /// The cause.
    #[source]
    pub cause: Cause,
}

/// The cause of a [`RunError`].
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The embedded database does not start.
    #[error(transparent)]
    Database(#[from] EmbeddedError),
    /// A quote cannot be signed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The verifier of quotes rejects the keys.
    #[error(transparent)]
    QuoteKeys(#[from] BadQuoteKeys),
    /// The template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The fault follows from another one, so it cannot be left out alone.
    #[error("{0} cannot be left out alone: {1}")]
    NotByItself(Fault, &'static str),
    /// The runtime cannot be built.
    #[error(transparent)]
    Runtime(#[from] std::io::Error),
    /// The first order could not be filled up.
    #[error(transparent)]
    Unfilled(#[from] Unfilled),
    /// A part of the harness has panicked.
    #[error("the harness has panicked: {0}")]
    Panicked(String),
}

/// A task of the harness that panicked: panics of the code under test are caught before.
impl From<JoinError> for Cause {
    fn from(error: JoinError) -> Self {
        Self::Panicked(error.try_into_panic().map_or_else(|error| error.to_string(), |panic| panic_message(&*panic)))
    }
}
