//! The errors of starting an embedded EventBridge.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The reason why an embedded EventBridge does not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The address is not on loopback. The server does not authenticate callers, so it serves this machine only.
    #[error("{address} is not a loopback address")]
    NotLoopback {
        /// The requested address.
        address: SocketAddr,
    },
    /// The port is already in use.
    #[error("{address} is already in use")]
    AddressInUse {
        /// The requested address.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The requested address.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
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
    #[error("cannot make a temporary file")]
    Temporary {
        /// The error of the system.
        source: io::Error,
    },
}
