//! A server's connections: the limits of a head, and the handling of requests when the server stops.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Response, StatusCode};
use loopback_http::{Admission, ListenError, Listener, Refusal, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

async fn start(router: Router) -> Server {
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let refuse = |refusal: Refusal| Response::new(Body::from(refusal.to_string()));
    Server::start(listener, Admission::default(), refuse, router)
}

async fn send(address: SocketAddr, request: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(request.replace("HOST", &address.to_string()).as_bytes()).await.unwrap();
    client
}

async fn reply(mut client: TcpStream) -> String {
    let mut reply = Vec::new();
    // If the server has unread data, the connection ends with a reset.
    let _ended = client.read_to_end(&mut reply).await;
    String::from_utf8(reply).unwrap()
}

#[tokio::test]
async fn a_port_is_opened_on_loopback_only_and_once() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let bound = Listener::bind(address.parse().unwrap()).await;
        assert!(matches!(bound, Err(ListenError::NotLoopback(_))), "{address}");
    }
    let taken = start(Router::new()).await.address();
    assert_eq!(Listener::bind(taken).await.unwrap_err().to_string(), format!("{taken} is already in use"));
}

#[tokio::test]
async fn a_handler_knows_the_client() {
    let echo = |ConnectInfo(client): ConnectInfo<SocketAddr>| async move { client.to_string() };
    let server = start(Router::new().fallback(echo)).await;
    let client = send(server.address(), "GET / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n").await;
    let own = client.local_addr().unwrap();
    assert!(reply(client).await.ends_with(&format!("\r\n\r\n{own}")));
}

#[tokio::test]
async fn a_head_that_is_too_large_is_431() {
    let server = start(Router::new()).await;
    for headers in [format!("X: {}\r\n", "a".repeat(70_000)), "X: a\r\n".repeat(101)] {
        let client = send(server.address(), &format!("GET / HTTP/1.1\r\nHost: HOST\r\n{headers}\r\n")).await;
        assert!(reply(client).await.starts_with("HTTP/1.1 431 "));
    }
}

#[tokio::test]
async fn half_a_request_does_not_hold_up_the_stop() {
    let read = |body: String| async move { body };
    let server = start(Router::new().fallback(read)).await;
    let head = "POST / HTTP/1.1\r\nHost: HOST\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    let mut client = send(server.address(), head).await;
    // The server requests the body once it processes the request.
    let mut asked = [0; 12];
    client.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100");
    server.stop_within(Duration::ZERO).await;
}

#[tokio::test]
async fn a_stop_answers_the_request_under_way_and_accepts_no_other() {
    let (begun, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (begun, finish) = (Arc::clone(&begun), Arc::clone(&finish));
        move || async move {
            begun.notify_one();
            finish.notified().await;
            StatusCode::CREATED
        }
    };
    let server = start(Router::new().fallback(handler)).await;
    let address = server.address();
    let client = send(address, "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    begun.notified().await;
    let stop = tokio::spawn(server.stop_within(Duration::from_secs(60)));
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    finish.notify_one();
    stop.await.unwrap();
    assert!(reply(client).await.starts_with("HTTP/1.1 201 "));
}
