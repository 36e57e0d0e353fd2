//! Errors of the harness.

use embedded_dynamodb::EmbeddedError;
use http_api::quotes::BadQuoteKeys;
use sam_template::TemplateError;
use signed_quotes::SignerError;

use crate::faults::fault::Fault;
use crate::workload::past::Unfilled;
use crate::workload::plan::Plan;

/// A history could not be told. None of it is the fault of what is under test.
#[derive(Debug, thiserror::Error)]
#[error("the history of '{plan}' could not be told")]
pub struct Untold {
    /// Its plan.
    pub plan: Box<Plan>,
    /// Why not.
    #[source]
    pub cause: Cause,
}

/// Why a history could not be told.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The embedded database does not start.
    #[error(transparent)]
    Database(#[from] EmbeddedError),
    /// A quote cannot be signed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// No quote can be verified.
    #[error(transparent)]
    QuoteKeys(#[from] BadQuoteKeys),
    /// The template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The fault comes about by itself, so that it cannot be left out.
    #[error("{0} cannot be left out by itself: {1}")]
    NotByItself(Fault, &'static str),
    /// There is no runtime to be had.
    #[error(transparent)]
    Runtime(#[from] std::io::Error),
    /// The first order could not be filled up.
    #[error(transparent)]
    Unfilled(#[from] Unfilled),
    /// A part of the harness has panicked.
    #[error("the harness has panicked: {0}")]
    Panicked(String),
}
