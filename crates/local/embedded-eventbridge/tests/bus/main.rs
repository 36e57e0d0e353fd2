//! The embedded EventBridge, used by the real SDK and an HTTP client.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod followers;
mod log;
mod rules;

use std::net::{Ipv4Addr, SocketAddr};

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::retry::RetryConfig;
use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_eventbridge::types::builders::PutEventsRequestEntryBuilder;
use embedded_eventbridge::{EmbeddedEventBridge, LogLocation};
use serde_json::{Value, json};

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn start() -> EmbeddedEventBridge {
    start_on(LogLocation::Temporary).await
}

async fn start_on(log: LogLocation) -> EmbeddedEventBridge {
    EmbeddedEventBridge::start(ANY_PORT, ["Bus".to_owned()], log).await.unwrap()
}

/// Returns a client that does not retry.
fn client_without_retries(bus: &EmbeddedEventBridge) -> Client {
    Client::from_conf(bus.config().retry_config(RetryConfig::disabled()).build())
}

/// Returns a valid entry, which each test makes invalid in one way.
fn sound() -> PutEventsRequestEntryBuilder {
    PutEventsRequestEntry::builder()
        .time(DateTime::from_millis(1_700_000_000_123))
        .source("shop")
        .detail_type("Sold")
        .detail(r#"{"n":1}"#)
        .event_bus_name("Bus")
}

fn numbered(n: usize) -> PutEventsRequestEntry {
    sound().detail(json!({ "n": n }).to_string()).build()
}

fn numbers(details: &[Value]) -> Vec<u64> {
    details.iter().map(|detail| detail["n"].as_u64().unwrap()).collect()
}

/// Returns the error code of each entry, which is `None` for an accepted one; or the error code of a rejected call.
async fn put(client: &Client, entries: Vec<PutEventsRequestEntry>) -> Result<Vec<Option<String>>, String> {
    match client.put_events().set_entries(Some(entries)).send().await {
        Ok(output) => {
            let failed = output.entries().iter().filter(|entry| entry.error_code().is_some()).count();
            assert_eq!(output.failed_entry_count(), i32::try_from(failed).unwrap());
            for entry in output.entries() {
                assert_ne!(entry.event_id().is_some(), entry.error_code().is_some());
                assert_eq!(entry.error_message().is_some(), entry.error_code().is_some());
            }
            Ok(output.entries().iter().map(|entry| entry.error_code().map(str::to_owned)).collect())
        }
        Err(SdkError::ServiceError(error)) => Err(error.err().code().unwrap_or("no code").to_owned()),
        Err(_no_answer) => Err("no answer".to_owned()),
    }
}
