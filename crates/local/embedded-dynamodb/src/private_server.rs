//! Connections to dynoxide's own server, which no other client can reach.
//!
//! dynoxide has the operations of DynamoDB as functions, but only its HTTP server parses requests and formats errors as AWS
//! does. That server accepts every request, including those of web pages. It takes a listener, not a connection. Each
//! connection here therefore has its own server with its own listener, on a free port. The listener is closed as soon as it
//! has accepted the connection. From then on, the server serves only this connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use dynoxide::Database;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// The dynoxide servers of one database. The number of connections is the number of concurrent requests.
pub(crate) struct PrivateServer {
    database: Database,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// Dropping it stops the connection's server, which then closes its database.
    _stop: oneshot::Sender<()>,
}

impl PrivateServer {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database, idle: Mutex::new(Vec::new()) }
    }

    /// Sends a request and returns the complete response.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> io::Result<Response<Bytes>> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::open(&self.database).await?.0,
        };
        let response = connection.send(request).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(response)
    }
}

impl Connection {
    /// Opens a connection and returns it with the address on which its server listened.
    async fn open(database: &Database) -> io::Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        // This is the first connection to the listener, and therefore the first that the listener accepts.
        let stream = TcpStream::connect(address).await?;
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _dropped = stopped.await;
        };
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database.clone(), shutdown));
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        let mut connection = Self { sender, _stop: stop };
        // A reply shows that the connection is accepted. Its task outlives the task of the server, which owns the listener.
        connection.send(Request::new(Full::default())).await?;
        server.abort();
        let _aborted = server.await;
        Ok((connection, address))
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> io::Result<Response<Bytes>> {
        self.sender.ready().await.map_err(io::Error::other)?;
        let response = self.sender.send_request(request).await.map_err(io::Error::other)?;
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, body.collect().await.map_err(io::Error::other)?.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_else_can_connect_to_the_server_of_a_connection() {
        let database = Database::memory().unwrap();
        let (mut connection, address) = Connection::open(&database).await.unwrap();
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        for _ in 0..2 {
            let response = connection.send(Request::new(Full::default())).await.unwrap();
            assert!(response.body().starts_with(b"healthy"), "{response:?}");
        }
    }
}
