//! EventBridge in this process: PutEvents and DescribeEventBus over HTTP on loopback, so that the real AWS SDK works against
//! it, and a log of what was published. No account, no Docker, no JVM.
//!
//! For the local stack and the tests only; no function depends on it. It must never know what an order is. It refuses what
//! AWS refuses, and more where AWS guesses: see `put_events.rs`. It has no rules and no targets; a consumer reads the log.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | starting, stopping, looking in |
//! | `put_events.rs` | what PutEvents takes and refuses |
//! | `describe_event_bus.rs` | which buses there are, by name or ARN |
//! | `faults.rs` | failures on order |
//! | `log.rs` | the details of accepted entries, and their followers |
//! | `server.rs` | the HTTP side |
//!
//! Beside the AWS API, `GET /events?after=N&follow=true` answers with the log from its `N`th line on (0 without `after`) as
//! NDJSON, and with `follow=true` goes on as events arrive.

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
use loopback_http::{Admission, Server};
use serde_json::Value;
use tokio::net::TcpListener;
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
    /// Dropped, it ends every follower.
    running: watch::Sender<()>,
    server: Server,
}

impl EmbeddedEventBridge {
    /// Starts one with these event buses, which share one log.
    ///
    /// # Errors
    /// When the address is not on loopback or cannot be listened on, or the log cannot be opened.
    pub async fn start(
        address: SocketAddr,
        buses: impl IntoIterator<Item = String>,
        log: LogLocation,
    ) -> Result<Self, EmbeddedError> {
        Self::start_with(address, buses, log, Admission::default()).await
    }

    /// As [`EmbeddedEventBridge::start`], for the requests of `admission`.
    ///
    /// # Errors
    /// When the address is not on loopback or cannot be listened on, or the log cannot be opened.
    pub async fn start_with(
        address: SocketAddr,
        buses: impl IntoIterator<Item = String>,
        log: LogLocation,
        admission: Admission,
    ) -> Result<Self, EmbeddedError> {
        if !address.ip().is_loopback() {
            return Err(EmbeddedError::NotLoopback { address });
        }
        let listener = TcpListener::bind(address).await.map_err(|source| {
            if source.kind() == io::ErrorKind::AddrInUse {
                EmbeddedError::AddressInUse { address }
            } else {
                EmbeddedError::Listen { address, source }
            }
        })?;
        let (running, ended) = watch::channel(());
        let bus = Arc::new(Bus::new(buses.into_iter().collect(), EventLog::open(&log)?, ended));
        let server = Server::start(listener, admission, server::refuse, server::router(Arc::clone(&bus)));
        let server = server.map_err(|source| EmbeddedError::Listen { address, source })?;
        Ok(Self { bus, running, server })
    }

    /// Where it is served, for example `http://127.0.0.1:8001`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The real SDK's client for it.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::from_conf(self.config().build())
    }

    /// The SDK configuration for it, to build a client with something added.
    #[must_use]
    pub fn config(&self) -> Builder {
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.endpoint())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "embedded-eventbridge"))
    }

    /// What was asked and taken since it started.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.bus.state().counts
    }

    /// What goes wrong from now on, instead of what went wrong so far.
    pub fn set_faults(&self, faults: Faults) {
        self.bus.state().dice = Dice::new(faults);
    }

    /// How many faults have struck since they were set.
    #[must_use]
    pub fn fired(&self) -> Fired {
        self.bus.state().dice.fired()
    }

    /// The details accepted so far, oldest first, those of earlier runs included. Of a log that cannot be read any more it gives
    /// one text that says so: no test can take that for nothing published, nor for an event.
    pub async fn published(&self) -> Vec<Value> {
        let log = Arc::clone(&self.bus.log);
        let details = tokio::task::spawn_blocking(move || log.details()).await;
        let details = details.map_err(io::Error::other).flatten();
        details.unwrap_or_else(|error| vec![Value::String(format!("the event log is not readable: {error}"))])
    }

    /// Stops listening, answers the calls under way, and ends the followers at the end of the log.
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
