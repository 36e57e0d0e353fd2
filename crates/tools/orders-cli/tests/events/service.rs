//! AWS services on loopback whose answers a test decides.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// A request to a service.
#[derive(Default)]
pub(crate) struct Call {
    /// The operation of a service with a JSON protocol: `AWSEvents.PutEvents`.
    pub(crate) target: String,
    /// The authorization header, which names the Region and the service.
    pub(crate) authorization: String,
    pub(crate) body: String,
}

/// Starts a service, and returns its URL. A call for which `answer` returns `None` gets no answer.
pub(crate) fn service(answer: impl Fn(&Call) -> Option<(u16, String)> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let (connection, answer) = (connection.unwrap(), Arc::clone(&answer));
            std::thread::spawn(move || serve(connection, &*answer));
        }
    });
    url
}

/// Returns the error response of a service: the code and its message.
pub(crate) fn refusal(code: &str, message: &str) -> (u16, String) {
    (400, format!(r#"{{"__type":"com.amazonaws.service#{code}","message":"{message}"}}"#))
}

/// Forwards a call to the service at a URL, and returns the answer.
pub(crate) fn forwarded(call: &Call, url: &str) -> (u16, String) {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut connection = TcpStream::connect(host).unwrap();
    let Call { target, authorization, body } = call;
    let length = body.len();
    write!(
        connection,
        "POST / HTTP/1.1\r\nhost: {host}\r\nx-amz-target: {target}\r\nauthorization: {authorization}\r\ncontent-type: \
         application/x-amz-json-1.0\r\nx-amz-date: 20261121T090000Z\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Answers the calls of a connection until it ends.
fn serve(mut connection: TcpStream, answer: &dyn Fn(&Call) -> Option<(u16, String)>) -> Option<()> {
    let mut requests = BufReader::new(connection.try_clone().ok()?);
    loop {
        let (mut line, mut length, mut call) = (String::new(), 0, Call::default());
        while requests.read_line(&mut line).ok()? > 2 {
            let header = std::mem::take(&mut line);
            let Some((name, value)) = header.split_once(':') else { continue };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "x-amz-target" => value.trim().clone_into(&mut call.target),
                "authorization" => value.trim().clone_into(&mut call.authorization),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        requests.read_exact(&mut body).ok()?;
        call.body = String::from_utf8(body).ok()?;
        if let Some((status, body)) = answer(&call) {
            write!(connection, "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len()).ok()?;
        }
    }
}
