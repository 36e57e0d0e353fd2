//! Why a stack does not start: with its sources, each is one line for the person who started it.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use sam_template::TemplateError;

use crate::pump::StreamError;

/// Why a stack does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be created or written.
    #[error("cannot use the data folder {}", path.display())]
    DataFolder {
        /// The folder that was asked for.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another stack holds the data folder.
    #[error("another instance is using the data folder {}", path.display())]
    DataFolderInUse {
        /// The folder that was asked for.
        path: PathBuf,
    },
    /// The data folder belongs to another user, who could read and change what is in it.
    #[error("the data folder {} belongs to another user", path.display())]
    ForeignDataFolder {
        /// The folder that was asked for.
        path: PathBuf,
    },
    /// Other users can read the folder, and it holds other files, so it may be shared on purpose.
    #[error(
        "other users can read the folder {0}, and it holds other files: choose another data folder, or run `chmod 700 {0}`",
        path.display()
    )]
    SharedFolder {
        /// The folder that was asked for.
        path: PathBuf,
    },
    /// Somebody else listens where the HTTP API was to listen.
    #[error("cannot serve the HTTP API: {0} is already in use")]
    HttpAddressInUse(SocketAddr),
    /// Somebody else listens where DynamoDB was to listen.
    #[error("cannot serve DynamoDB: {0} is already in use")]
    DynamoDbAddressInUse(SocketAddr),
    /// Somebody else listens where EventBridge was to listen.
    #[error("cannot serve EventBridge: {0} is already in use")]
    EventBridgeAddressInUse(SocketAddr),
    /// The HTTP API cannot listen for another reason.
    #[error("cannot serve the HTTP API on {address}")]
    Http {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The embedded DynamoDB does not start, or refuses the template's tables.
    #[error("cannot start the embedded DynamoDB")]
    Database(#[source] embedded_dynamodb::EmbeddedError),
    /// The embedded EventBridge does not start.
    #[error("cannot start the embedded EventBridge")]
    EventBus(#[source] embedded_eventbridge::EmbeddedError),
    /// A route authenticates its callers in a way that this stack does not.
    #[error("cannot serve {route}: its authorization is {authorization}, which this stack does not check")]
    Authorization {
        /// The route's key.
        route: String,
        /// Its `AuthorizationType`.
        authorization: String,
    },
    /// The SAM template cannot be read.
    #[error("cannot read the SAM template")]
    Template(#[from] TemplateError),
    /// A function cannot be set up.
    #[error("cannot set up the functions")]
    Functions(#[source] Box<dyn Error + Send + Sync>),
    /// The template leads to a function that this stack was not given.
    #[error("the template names the function {0}, which this stack does not have")]
    MissingFunction(String),
    /// The stream of a table cannot be read.
    #[error(transparent)]
    Stream(#[from] StreamError),
}
