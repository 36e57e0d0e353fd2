//! Why an embedded EventBridge does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why an embedded EventBridge does not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// It authenticates nobody, so it is for this machine alone.
    #[error("{address} is not a loopback address")]
    NotLoopback {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The port is taken.
    #[error("{address} is already in use")]
    AddressInUse {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The log's file cannot be opened, read or shortened.
    #[error("cannot open the event log {}", file.display())]
    Log {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is there and is something else.
    #[error("{} is not an event log: line {line} is not a JSON object", file.display())]
    NotALog {
        /// The file.
        file: PathBuf,
        /// The first line that says so, from 1.
        line: usize,
    },
    /// There is nowhere for temporary files.
    #[error("cannot make a temporary file")]
    Temporary {
        /// What the system said.
        source: io::Error,
    },
}
