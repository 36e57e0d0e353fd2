//! EventBridge in this process: PutEvents and DescribeEventBus over HTTP on loopback, for the real AWS SDK, and a log of
//! published events. It needs no account, no Docker and no JVM.
//!
//! It is for the local stack and the tests only; no function depends on it. It must never know of orders. It rejects the
//! requests that AWS rejects, and also some for which AWS assumes a default: see `put_events.rs`. It has no rules and no
//! targets; a consumer reads the log.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | starting, stopping, inspecting |
//! | `put_events.rs` | the entries that PutEvents accepts and rejects |
//! | `describe_event_bus.rs` | the existing buses, by name or ARN |
//! | `faults.rs` | injected faults |
//! | `log.rs` | the details of accepted entries, and followers of the log |
//! | `server.rs` | the HTTP side |
//!
//! In addition to the AWS API, `GET /events?after=N&follow=true` returns the log after its `N`th line (from the start
//! without `after`) as NDJSON. With `follow=true`, the reply continues as events arrive.

mod describe_event_bus;
mod error;
mod faults;
mod log;
mod put_events;
mod server;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::{BehaviorVersion, Builder, Config, Credentials, Region};
use loopback_http::{Admission, Listener, Server};
use serde_json::Value;
use tokio::sync::watch;

pub use error::EmbeddedError;
pub use faults::{Faults, Fired};
pub use log::LogLocation;
pub use put_events::{MAX_BYTES, MAX_ENTRIES};
pub use server::Counts;

use faults::Dice;
use log::EventLog;
use server::Bus;

/// A running embedded EventBridge. Dropping it stops the server.
pub struct EmbeddedEventBridge {
    bus: Arc<Bus>,
    /// Dropping it ends every follower.
    running: watch::Sender<()>,
    server: Server,
}

impl EmbeddedEventBridge {
    /// Starts a server with these event buses, which share one log.
    ///
    /// # Errors
    /// When the address is not on loopback or cannot be listened on, or the log cannot be opened.
    pub async fn start(
        address: SocketAddr,
        buses: impl IntoIterator<Item = String>,
        log: LogLocation,
    ) -> Result<Self, EmbeddedError> {
        Self::start_on(Listener::bind(address).await?, buses, log, Admission::default())
    }

    /// Starts a server like [`EmbeddedEventBridge::start`], for the requests of `admission`.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub fn start_on(
        listener: Listener,
        buses: impl IntoIterator<Item = String>,
        log: LogLocation,
        admission: Admission,
    ) -> Result<Self, EmbeddedError> {
        let (running, ended) = watch::channel(());
        let bus = Arc::new(Bus::new(buses.into_iter().collect(), EventLog::open(log)?, ended));
        let server = Server::start(listener, admission, server::refuse, server::router(Arc::clone(&bus)));
        Ok(Self { bus, running, server })
    }

    /// Returns the URL of the server, for example `http://127.0.0.1:8001`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Returns a client of the real SDK for this server.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::from_conf(self.config().build())
    }

    /// Returns the SDK configuration for this server, so that a test can build a client with additions.
    #[must_use]
    pub fn config(&self) -> Builder {
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.endpoint())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "embedded-eventbridge"))
    }

    /// Returns the counts of calls and entries since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.bus.state().counts
    }

    /// Replaces the injected faults.
    pub fn set_faults(&self, faults: Faults) {
        self.bus.state().dice = Dice::new(faults);
    }

    /// Returns the number of faults since they were set.
    #[must_use]
    pub fn fired(&self) -> Fired {
        self.bus.state().dice.fired()
    }

    /// Returns the details accepted so far, oldest first, including those of earlier runs. If the log can no longer be
    /// read, returns a single text with the error: no test can mistake it for an empty log or for an event.
    pub async fn published(&self) -> Vec<Value> {
        let log = Arc::clone(&self.bus.log);
        let details = tokio::task::spawn_blocking(move || log.details()).await;
        let details = details.map_err(io::Error::other).flatten();
        details.unwrap_or_else(|error| vec![Value::String(format!("the event log is not readable: {error}"))])
    }

    /// Stops listening, answers the running calls, and ends the followers at the end of the log.
    pub async fn stop(self) {
        let Self { running, server, .. } = self;
        drop(running);
        server.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_log_that_cannot_be_read_is_not_taken_for_an_empty_one() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let log = LogLocation::File(file.path().to_owned());
        let bus = EmbeddedEventBridge::start(([127, 0, 0, 1], 0).into(), [], log).await.unwrap();
        bus.bus.log.append(&["{}".to_owned()]).unwrap();
        file.as_file().set_len(0).unwrap();
        assert_eq!(bus.published().await, ["the event log is not readable: failed to fill whole buffer"]);
    }

    #[tokio::test]
    async fn a_follower_that_goes_away_is_forgotten() {
        let bus = EmbeddedEventBridge::start(([127, 0, 0, 1], 0).into(), [], LogLocation::Temporary).await.unwrap();
        let url = format!("{}/events?follow=true", bus.endpoint());
        let followers = [reqwest::get(&url).await.unwrap(), reqwest::get(&url).await.unwrap()];
        assert_eq!(Arc::strong_count(&bus.bus.log), 3);
        drop(followers);
        bus.bus.log.unfollowed().await;
    }
}
