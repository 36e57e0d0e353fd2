//! The end of `orders local` by signals.

use std::process::Stdio;

use rustix::process::Signal;
use test_support::running::Running;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{local, start};

#[test]
fn ctrl_c_and_sigterm_end_the_stack_with_exit_code_0() {
    for signal in [Signal::INT, Signal::TERM] {
        let folder = tempfile::tempdir().unwrap();
        let mut stack = start(folder.path());
        stack.signal(signal);
        assert_eq!(stack.process.wait().unwrap().code(), Some(0), "{signal:?}");
    }
}

/// Connects to DynamoDB and sends the head of a request without its body.
async fn half_a_request(stack: &Running) -> TcpStream {
    let address = stack.served("DynamoDB");
    let address = address.strip_prefix("http://").unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: {address}\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    // The server requests the body once it has started to process the request.
    let mut reply = [0; 12];
    client.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"HTTP/1.1 100");
    client
}

#[tokio::test]
async fn ctrl_c_ends_the_stack_despite_an_unfinished_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut stack = start(folder.path());
    let _client = half_a_request(&stack).await;
    stack.signal(Signal::INT);
    assert_eq!(stack.process.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_the_stack_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = local(folder.path(), &[]);
    command.stderr(Stdio::piped());
    let mut stack = Running::start(command);
    let _client = half_a_request(&stack).await;
    stack.signal(Signal::INT);
    stack.signal(Signal::TERM);
    let said = std::io::read_to_string(stack.process.stderr.take().unwrap()).unwrap();
    assert_eq!(said, "error: stopped at once: the requests in progress may be incomplete\n");
    assert_eq!(stack.process.wait().unwrap().code(), Some(130));
}
