//! An open port on loopback.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// An open port, which a [`Server`](crate::Server) can serve.
#[derive(Debug)]
pub struct Listener {
    pub(crate) tcp: TcpListener,
    pub(crate) address: SocketAddr,
}

/// The reason why a port cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is not on loopback. A server does not authenticate callers, so it serves this machine only.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The port is already in use.
    #[error("{0} is already in use")]
    InUse(SocketAddr),
    /// The system rejects the address for another reason.
    #[error("cannot listen on {0}: {1}")]
    Failed(SocketAddr, io::Error),
}

impl Listener {
    /// Opens a port; port 0 selects a free port.
    ///
    /// # Errors
    /// When the address is not on loopback, is already in use, or cannot be listened on.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        if !address.ip().is_loopback() {
            return Err(ListenError::NotLoopback(address));
        }
        let failed = |error: io::Error| {
            let is_in_use = error.kind() == io::ErrorKind::AddrInUse;
            if is_in_use { ListenError::InUse(address) } else { ListenError::Failed(address, error) }
        };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        Ok(Self { address: tcp.local_addr().map_err(failed)?, tcp })
    }
}
