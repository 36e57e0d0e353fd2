//! Starting, serving and stopping.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout_at};

use crate::admission::Admission;
use crate::listener::Listener;
use crate::refusal::Refusal;

/// The time limit for running requests when a server stops.
const GRACE: Duration = Duration::from_secs(3);
/// The maximum size of a request's line and headers. An issuer's token with many claims has a few thousand bytes. Hyper
/// itself accepts at most 100 headers.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The pause after a connection could not be accepted. The usual cause is too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running server. Dropping it stops it.
pub struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// The state that all connections share.
struct Door {
    address: SocketAddr,
    admission: Admission,
    refuse: fn(Refusal) -> Response<Body>,
    router: TowerToHyperService<Router>,
}

impl Server {
    /// Serves `router` on a listener. A handler can extract [`ConnectInfo<SocketAddr>`](ConnectInfo). `refuse` builds the
    /// reply to a rejected request, in the form that clients of this server read. The rejection determines the status of
    /// the reply.
    #[must_use]
    pub fn start(
        listener: Listener,
        admission: Admission,
        refuse: fn(Refusal) -> Response<Body>,
        router: Router,
    ) -> Self {
        let Listener { tcp, address } = listener;
        let door = Arc::new(Door { address, admission, refuse, router: TowerToHyperService::new(router) });
        let (stop, stopped) = oneshot::channel();
        Self { address, stop, task: tokio::spawn(serve(tcp, door, stopped)) }
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening and answers the running requests. The wait is bounded: a client that does not finish sending its
    /// request in time is disconnected.
    pub async fn stop(self) {
        self.stop_within(GRACE).await;
    }

    /// Stops like [`Server::stop`], with another time limit for the running requests.
    pub async fn stop_within(mut self, grace: Duration) {
        let _stopped_already = self.stop.send(());
        if tokio::time::timeout(grace, &mut self.task).await.is_err() {
            self.task.abort();
            let _aborted = self.task.await;
        }
    }
}

/// Accepts connections until `stopped`, then ends them.
async fn serve(listener: TcpListener, door: Arc<Door>, mut stopped: oneshot::Receiver<()>) {
    let (running, ended) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _dropped_or_told = &mut stopped => break,
            Some(_ended) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, client)) => {
                    connections.spawn(connection(stream, client, Arc::clone(&door), ended.clone()));
                }
                Err(_error) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop((listener, running));
    while connections.join_next().await.is_some() {}
}

/// Serves a connection to its end. After the end of `running`, serves it only until the running request ends.
async fn connection(stream: TcpStream, client: SocketAddr, door: Arc<Door>, mut running: watch::Receiver<()>) {
    let service = service_fn(|request| {
        let door = Arc::clone(&door);
        async move { Ok::<_, Infallible>(door.answer(client, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(door.admission.head_time)
        .max_header_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // An error of the connection is caused by the client: it did not send HTTP, was too slow, or disconnected.
    tokio::select! {
        _ended = connection.as_mut() => {}
        _stopped = running.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ended = connection.await;
        }
    }
}

impl Door {
    async fn answer(&self, client: SocketAddr, request: Request<Incoming>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        if let Err(refusal) = self.admission.check(&parts, self.address) {
            return self.refusal(refusal);
        }
        let is_late = Arc::new(AtomicBool::new(false));
        let body = within(body, Instant::now() + self.admission.body_time, Arc::clone(&is_late));
        parts.extensions.insert(ConnectInfo(client));
        let Ok(response) = self.router.call(Request::from_parts(parts, body)).await;
        // The handler received an incomplete body and cannot know the reason.
        if is_late.load(Ordering::Relaxed) { self.refusal(Refusal::SlowBody) } else { response }
    }

    /// Builds the reply to a rejected request. The connection ends after it.
    fn refusal(&self, refusal: Refusal) -> Response<Body> {
        let mut response = (self.refuse)(refusal);
        *response.status_mut() = refusal.status();
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// Returns a body that ends with an error at the deadline.
fn within(body: Incoming, deadline: Instant, is_late: Arc<AtomicBool>) -> Body {
    let data = stream::unfold(Some(body), move |body| {
        let is_late = Arc::clone(&is_late);
        async move {
            let mut body = body?;
            loop {
                let frame = match timeout_at(deadline, body.frame()).await {
                    Ok(frame) => frame?.map_err(io::Error::other),
                    Err(_elapsed) => {
                        is_late.store(true, Ordering::Relaxed);
                        Err(io::ErrorKind::TimedOut.into())
                    }
                };
                match frame.map(hyper::body::Frame::into_data) {
                    Ok(Ok(data)) => return Some((Ok(data), Some(body))),
                    Ok(Err(_trailers)) => {}
                    Err(error) => return Some((Err::<Bytes, _>(error), None)),
                }
            }
        }
    });
    Body::from_stream(data)
}
