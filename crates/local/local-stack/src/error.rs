//! The errors of starting a stack. Each error with its sources is one line for the user.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use loopback_http::ListenError;
use sam_template::TemplateError;

use crate::pump::StreamError;

/// The reason why a stack does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be created or written.
    #[error("cannot use the data folder {}", path.display())]
    DataFolder {
        /// The requested folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Another stack has locked the data folder.
    #[error("another instance is using the data folder {}", path.display())]
    DataFolderInUse {
        /// The requested folder.
        path: PathBuf,
    },
    /// The data folder belongs to another user, who could read and change its content.
    #[error("the data folder {} belongs to another user", path.display())]
    ForeignDataFolder {
        /// The requested folder.
        path: PathBuf,
    },
    /// Other users can read the folder, and it has other files, so it may be shared on purpose.
    #[error(
        "other users can read the folder {0}, and it contains other files: choose another data folder, or run `chmod 700 {0}`",
        path.display()
    )]
    SharedFolder {
        /// The requested folder.
        path: PathBuf,
    },
    /// The port of a server cannot be opened.
    #[error("cannot serve {server}: {error}")]
    Listen {
        /// The server.
        server: &'static str,
        /// The reason.
        error: ListenError,
    },
    /// The embedded DynamoDB does not start, or rejects the template's tables.
    #[error("cannot start the embedded DynamoDB")]
    Database(#[from] embedded_dynamodb::EmbeddedError),
    /// The embedded EventBridge does not start.
    #[error("cannot start the embedded EventBridge")]
    EventBus(#[from] embedded_eventbridge::EmbeddedError),
    /// A route authenticates its callers in a way that this stack does not support.
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
    /// The template refers to a function that this stack does not have.
    #[error("the template names the function {0}, which this stack does not have")]
    MissingFunction(String),
    /// The stream of a table cannot be read.
    #[error(transparent)]
    Stream(#[from] StreamError),
}
