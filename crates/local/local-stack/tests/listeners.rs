//! The three ports of a local stack, used by web pages, slow clients and clients that send invalid HTTP.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use local_stack::{Admission, Authentication, DataLocation, LocalStack, Options};
use sam_template::Template;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The time after which a test stops waiting for a server.
const GIVEN_UP: Duration = Duration::from_secs(60);
/// A time limit that a client which stops sending exceeds at once.
const SHORT: Duration = Duration::from_millis(50);

async fn start(admission: Admission) -> LocalStack {
    let any_port: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let options = Options {
        data: DataLocation::InMemory,
        http: any_port,
        dynamodb: any_port,
        eventbridge: any_port,
        admission,
        authentication: Authentication::None,
        cors_origins: vec!["https://shop.example".to_owned()],
        quote_keys: String::new(),
        template: Template::of_this_project().unwrap(),
    };
    LocalStack::start_in_process(options).await.unwrap()
}

/// One of the three servers.
struct Port {
    name: &'static str,
    address: String,
    /// A path that GET answers with 200.
    path: &'static str,
    /// The member of an error's body that contains its code.
    code: Option<&'static str>,
}

fn ports(stack: &LocalStack) -> [Port; 3] {
    let address = |url: &str| url.strip_prefix("http://").unwrap().to_owned();
    let code = Some("__type");
    [
        Port { name: "API", address: address(&stack.api_url()), path: "/openapi.json", code: None },
        Port { name: "DynamoDB", address: address(&stack.dynamodb_endpoint()), path: "/", code },
        Port { name: "EventBridge", address: address(&stack.event_bus().endpoint()), path: "/events", code },
    ]
}

/// Returns everything that a server sent before it closed the connection.
async fn to_the_end(mut client: TcpStream) -> String {
    let mut reply = Vec::new();
    // A server that closes while it has unread data resets the connection. The data that it sent before is valid.
    let _closed_or_reset = timeout(GIVEN_UP, client.read_to_end(&mut reply)).await.unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}

fn status(reply: &str) -> Option<u16> {
    reply.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()
}

impl Port {
    async fn send(&self, request: &[u8]) -> TcpStream {
        let mut client = TcpStream::connect(&self.address).await.unwrap();
        client.write_all(request).await.unwrap();
        client
    }

    /// Returns the reply to bytes that end the request and the connection.
    async fn raw(&self, request: &[u8]) -> String {
        let mut client = self.send(request).await;
        let _closed_already = client.shutdown().await;
        to_the_end(client).await
    }

    /// Returns the reply to a request for this server with additional headers.
    async fn request(&self, method: &str, headers: &[&str]) -> String {
        self.request_for(&self.address, method, headers).await
    }

    async fn request_for(&self, host: &str, method: &str, headers: &[&str]) -> String {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let path = self.path;
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n");
        to_the_end(self.send(head.as_bytes()).await).await
    }

    /// Asserts a rejection in the form of this server's own errors, which no page can read.
    #[track_caller]
    fn assert_refused(&self, reply: &str, expected: u16) {
        let name = self.name;
        assert_eq!(status(reply), Some(expected), "{name}: {reply}");
        assert!(!reply.to_ascii_lowercase().contains("access-control-"), "{name}: {reply}");
        let body: Value = serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert!(body["message"].is_string(), "{name}: {body}");
        assert_eq!(body.as_object().unwrap().len(), if self.code.is_some() { 2 } else { 1 }, "{name}: {body}");
        assert!(self.code.is_none_or(|code| body[code].is_string()), "{name}: {body}");
    }

    async fn assert_well(&self) {
        let reply = self.request("GET", &[]).await;
        assert_eq!(status(&reply), Some(200), "{}: {reply}", self.name);
    }
}

#[tokio::test]
async fn a_foreign_host_is_403_on_every_port() {
    let stack = start(Admission::default()).await;
    for port in ports(&stack) {
        port.assert_well().await;
        let number = port.address.rsplit(':').next().unwrap();
        for host in [format!("localhost:{number}"), format!("LOCALHOST:{number}"), format!("[::1]:{number}")] {
            assert_eq!(status(&port.request_for(&host, "GET", &[]).await), Some(200), "{host}");
        }
        for host in ["evil.example", &format!("evil.example:{number}"), "127.0.0.1:1", "localhost"] {
            port.assert_refused(&port.request_for(host, "GET", &[]).await, 403);
            port.assert_refused(&port.request_for(host, "POST", &[]).await, 403);
        }
    }
}

#[tokio::test]
async fn an_added_host_is_accepted_on_every_port() {
    let hosts = vec!["box.example".to_owned()];
    let stack = start(Admission { hosts, ..Admission::default() }).await;
    for port in ports(&stack) {
        port.assert_well().await;
        for host in ["box.example", "box.example:8443"] {
            let from_its_page = [format!("Origin: https://{host}")];
            let reply = port.request_for(host, "GET", &from_its_page.each_ref().map(String::as_str)).await;
            assert_eq!(status(&reply), Some(200), "{host}: {reply}");
        }
        port.assert_refused(&port.request_for("a.box.example", "GET", &[]).await, 403);
    }
}

#[tokio::test]
async fn a_missing_repeated_or_malformed_host_is_400_on_every_port() {
    let stack = start(Admission::default()).await;
    for port in ports(&stack) {
        let address = &port.address;
        port.assert_refused(&port.request_for("x:99999", "GET", &[]).await, 400);
        port.assert_refused(&port.request("GET", &[&format!("Host: {address}")]).await, 400);
        port.assert_refused(&port.raw(b"GET / HTTP/1.1\r\n\r\n").await, 400);
        port.assert_well().await;
    }
}

#[tokio::test]
async fn a_foreign_origin_is_403_on_every_port() {
    let stack = start(Admission::default()).await;
    for port in ports(&stack) {
        for origin in ["https://evil.example", "null", "http://localhost:1"] {
            let origin = format!("Origin: {origin}");
            for method in ["GET", "POST"] {
                let simple = [origin.as_str(), "Content-Type: text/plain"];
                port.assert_refused(&port.request(method, &simple).await, 403);
            }
        }
        let own = port.request("GET", &[&format!("Origin: http://{}", port.address)]).await;
        assert_eq!(status(&own), Some(200), "{own}");
        assert!(!own.contains("access-control-allow-origin"), "{own}");
    }
}

#[tokio::test]
async fn a_preflight_of_a_foreign_origin_is_403_on_every_port() {
    let stack = start(Admission::default()).await;
    for port in ports(&stack) {
        let asks = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-amz-target,content-type"];
        for origin in ["Origin: https://evil.example", "Origin: null"] {
            port.assert_refused(&port.request("OPTIONS", &[origin, asks[0], asks[1]]).await, 403);
        }
    }
}

#[tokio::test]
async fn a_named_origin_may_call_the_api_and_no_other_port() {
    let stack = start(Admission::default()).await;
    let [api, dynamodb, eventbridge] = ports(&stack);
    let origin = "Origin: https://shop.example";
    let reply = api.request("GET", &[origin]).await;
    assert_eq!(status(&reply), Some(200), "{reply}");
    assert!(reply.contains("access-control-allow-origin: https://shop.example"), "{reply}");
    for port in [dynamodb, eventbridge] {
        port.assert_refused(&port.request("GET", &[origin]).await, 403);
    }
}

#[tokio::test]
async fn a_body_of_the_wrong_type_is_415_from_the_api() {
    let stack = start(Admission::default()).await;
    let order = r#"{"customerId":"c","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPrice":1}]}"#;
    for (content_type, expected) in [("text/plain", 415), ("application/json", 201)] {
        let post = reqwest::Client::new().post(format!("{}/orders", stack.api_url()));
        let reply = post.header("idempotency-key", "k").header("content-type", content_type).body(order).send().await;
        assert_eq!(reply.unwrap().status().as_u16(), expected, "{content_type}");
    }
}

#[tokio::test]
async fn sdk_clients_reach_the_ports_by_either_name() {
    let stack = start(Admission::default()).await;
    let [_, dynamodb, eventbridge] = ports(&stack);
    let by_name = |port: &Port| format!("http://{}", port.address.replace("127.0.0.1", "localhost"));
    let client = stack.database().config().endpoint_url(by_name(&dynamodb)).build();
    let tables = aws_sdk_dynamodb::Client::from_conf(client).list_tables().send().await.unwrap();
    assert!(tables.table_names().contains(&"OrderEvents".to_owned()), "{tables:?}");
    let client = stack.event_bus().config().endpoint_url(by_name(&eventbridge)).build();
    let bus = aws_sdk_eventbridge::Client::from_conf(client).describe_event_bus().name("OrderBus").send().await;
    assert_eq!(bus.unwrap().name(), Some("OrderBus"));
}

#[tokio::test]
async fn a_client_that_stops_in_a_head_is_cut_off_on_every_port() {
    let stack = start(Admission { head_time: SHORT, ..Admission::default() }).await;
    for port in ports(&stack) {
        for begun in ["", "GET / HT", &format!("GET / HTTP/1.1\r\nHost: {}\r\nX-Slow", port.address)] {
            let client = port.send(begun.as_bytes()).await;
            assert_eq!(to_the_end(client).await, "", "{} {begun}", port.name);
        }
    }
}

#[tokio::test]
async fn a_client_that_stops_in_a_body_gets_408_on_every_port() {
    let stack = start(Admission { body_time: SHORT, ..Admission::default() }).await;
    for port in ports(&stack) {
        let path = if port.code.is_some() { "/" } else { "/orders" };
        for body in ["Content-Length: 9\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
            let begun = format!(
                "POST {path} HTTP/1.1\r\nHost: {}\r\nX-Amz-Target: AWSEvents.PutEvents\r\nContent-Type: application/json\r\n{body}",
                port.address
            );
            port.assert_refused(&to_the_end(port.send(begun.as_bytes()).await).await, 408);
        }
    }
}

/// Texts that are not a host with or without a port.
const MALFORMED_HOSTS: [&str; 25] = [
    "",
    " ",
    ":",
    ":80",
    "x:99999",
    "[",
    "[]",
    "[::1",
    "[::1]:99999",
    "[x]:1",
    "a b",
    "a/b",
    "a?b",
    "a#b",
    "a,b",
    "*",
    "%",
    "http://localhost",
    "u:p@localhost",
    "\u{e4}",
    "..",
    "x:-1",
    "x:+1",
    "x:1:1",
    "999.999.999.999",
];

/// Each input is answered with 4xx or not at all, and each server continues.
#[tokio::test]
async fn a_malformed_request_is_4xx_or_closed_on_every_port() {
    let stack = start(Admission::default()).await;
    for port in ports(&stack) {
        let (address, path) = (&port.address, port.path);
        let number = address.rsplit(':').next().unwrap();
        let with_host =
            |host: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes();
        let line = |line: &str| format!("{line}\r\nHost: {address}\r\nConnection: close\r\n\r\n").into_bytes();
        let header = |header: &str| format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{header}\r\n\r\n").into_bytes();
        let mut hostile = vec![
            b"\r\n\r\n".to_vec(),
            b"\0\0\0\0".to_vec(),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            b"SSH-2.0-client\r\n".to_vec(),
            b"GET / HTTP/1.0\r\n\r\n".to_vec(),
            line("GET"),
            line("GET  HTTP/1.1"),
            line("GET /"),
            line("GET / HTTP/9.9"),
            line("GET nonsense HTTP/1.1"),
            line("GET /\u{0} HTTP/1.1"),
            line("GET //evil.example:99999/x HTTP/1.1"),
            line("GET /%ff%00%2e%2e/[::1]:99999 HTTP/1.1"),
            line("GET /orders/%zz?%=%ff&[]=@ HTTP/1.1"),
            line("GET http://x:99999/ HTTP/1.1"),
            line("GET http://evil.example/ HTTP/1.1"),
            line(&format!("GET http://u@{address}/ HTTP/1.1")),
            line("GET http:// HTTP/1.1"),
            line("GET * HTTP/1.1"),
            line("CONNECT x:99999 HTTP/1.1"),
            line(&format!("CONNECT {address} HTTP/1.1")),
            line(&format!("{} / HTTP/1.1", "A".repeat(100))),
            line(&format!("GET /{} HTTP/1.1", "a".repeat(70_000))),
            header("Content-Length: -1"),
            header("Content-Length: 1\r\nContent-Length: 2"),
            header("Content-Length: 99999999999999999999999"),
            header("Transfer-Encoding: nonsense"),
            header("No colon"),
            header(": no name"),
            header("Na me: x"),
            header("X: \u{1}"),
            header(&format!("X: {}", "a".repeat(70_000))),
            header(&"X: a\r\n".repeat(101)),
            header("Origin: \u{fe}"),
            header("Origin: null\r\nOrigin: null"),
            header(&format!("Origin: http://{address}@evil.example")),
        ];
        for host in MALFORMED_HOSTS {
            hostile.push(with_host(host));
            hostile.push(with_host(&format!("{host}:{number}")));
        }
        for request in hostile {
            let reply = port.raw(&request).await;
            let shown = String::from_utf8_lossy(&request[..request.len().min(200)]).into_owned();
            assert!(
                reply.is_empty() || status(&reply).is_some_and(|status| status / 100 == 4),
                "{}: {shown:?}: {reply}",
                port.name
            );
            port.assert_well().await;
        }
    }
}
