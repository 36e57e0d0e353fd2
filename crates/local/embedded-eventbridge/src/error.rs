//! The errors of starting an embedded EventBridge.

use std::io;
use std::path::PathBuf;

use loopback_http::ListenError;

/// The reason why an embedded EventBridge does not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The port cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The log's file cannot be opened, read or truncated.
    #[error("cannot open the event log {}", file.display())]
    Log {
        /// The file.
        file: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The file exists and is not an event log.
    #[error("{} is not an event log: line {line} is not a JSON object", file.display())]
    NotALog {
        /// The file.
        file: PathBuf,
        /// The number of the first line that is not a JSON object, counted from 1.
        line: usize,
    },
    /// The temporary file cannot be created.
    #[error("cannot create a temporary file")]
    Temporary {
        /// The error of the system.
        source: io::Error,
    },
}
