//! DynamoDB in this process: dynoxide on SQLite, served over HTTP on loopback, so that the real AWS SDK, and any
//! other DynamoDB tool, works against it. No account, no Docker, no JVM.
//!
//! For the local stack and the tests only; no function depends on it. It must never know what an order is: tables
//! come from `template.yaml`.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | starting, stopping, tables |
//! | `error.rs` | the errors of starting it |
//! | `front.rs` | its port, which refuses requests of web pages |
//! | `private_server.rs` | connections to dynoxide's own server, which refuses none |
//! | [`stream`] | a table's stream, record by record |
//! | `stream_index.rs` | keeps writes and stream reads from slowing down as the stream grows |
//! | [`protocol`] | DynamoDB's protocol without a server |
//! | [`same_reply`] | a client that always gets the same reply |
//! | `distance.rs` | a client each of whose calls takes some time more |
//! | [`meter`] | counts requests and consumed capacity, so that budgets can be asserted exactly |

mod distance;
mod error;
mod front;
pub mod meter;
mod private_server;
pub mod protocol;
pub mod same_reply;
pub mod stream;
mod stream_index;

use std::fs::File;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use distance::Distance;
pub use dynoxide::Database;
use dynoxide::DynoxideError;
pub use error::EmbeddedError;
use loopback_http::{Admission, Server};
pub use meter::{Meter, Units};
use sam_template::Template;
use tokio::net::TcpListener;

/// Any free port on loopback.
pub const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The place of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseLocation {
    /// Memory: the data is gone when it stops.
    Memory,
    /// A file, made where there is none. What was acknowledged survives `kill -9`.
    File(PathBuf),
}

/// A running embedded DynamoDB. Dropping it stops the server.
pub struct EmbeddedDynamoDb {
    database: Database,
    server: Server,
}

impl EmbeddedDynamoDb {
    /// Starts one that forgets everything when it stops.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn in_memory(address: SocketAddr) -> Result<Self, EmbeddedError> {
        Self::start(address, &DatabaseLocation::Memory, Admission::default()).await
    }

    /// Starts one that accepts the requests of `admission`. No file is touched where the address cannot be listened on.
    ///
    /// # Errors
    /// When the file is not a database, or the address cannot be listened on.
    pub async fn start(
        address: SocketAddr,
        location: &DatabaseLocation,
        admission: Admission,
    ) -> Result<Self, EmbeddedError> {
        let listener = TcpListener::bind(address).await.map_err(|source| {
            if source.kind() == io::ErrorKind::AddrInUse {
                EmbeddedError::AddressInUse { address }
            } else {
                EmbeddedError::Listen { address, source }
            }
        })?;
        let database = open(location)?;
        let server = front::serve(listener, database.clone(), admission);
        let server = server.map_err(|source| EmbeddedError::Listen { address, source })?;
        Ok(Self { database, server })
    }

    /// Where it is served, for example `http://127.0.0.1:8000`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The database itself, without HTTP in between.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// The real SDK's client for it.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::from_conf(self.config().build())
    }

    /// A client that counts what it does.
    #[must_use]
    pub fn metered_client(&self) -> (Client, Meter) {
        let meter = Meter::default();
        (Client::from_conf(self.config().interceptor(meter.clone()).build()), meter)
    }

    /// A client in this process, each of whose calls takes `latency` more.
    #[must_use]
    pub fn distant_client(&self, latency: Duration) -> Client {
        let line = Distance { database: self.database.clone(), latency };
        Client::from_conf(self.config().http_client(line).build())
    }

    /// The SDK configuration for it, to build a client with something added.
    #[must_use]
    pub fn config(&self) -> aws_sdk_dynamodb::config::Builder {
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.endpoint())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "embedded-dynamodb"))
    }

    /// Makes the template's tables; those that exist are left as they are.
    ///
    /// # Errors
    /// When the template has a table that cannot be made.
    pub fn create_tables(&self, template: &Template) -> Result<(), EmbeddedError> {
        for table in template.tables()? {
            let request = serde_json::from_value(table.create_table)
                .map_err(|source| EmbeddedError::Definition { table: table.name.clone(), source })?;
            match self.database.create_table(request) {
                Ok(_) | Err(DynoxideError::ResourceInUseException(_)) => {}
                Err(source) => {
                    return Err(EmbeddedError::Database {
                        failed: format!("cannot create the table {}", table.name),
                        source,
                    });
                }
            }
        }
        Ok(())
    }

    /// Stops listening, lets running requests finish, and closes the database. A client that does not finish sending its
    /// request in time is not waited for.
    pub async fn stop(self) {
        let Self { server, database } = self;
        server.stop().await;
        drop(database);
    }
}

fn open(location: &DatabaseLocation) -> Result<Database, EmbeddedError> {
    match location {
        DatabaseLocation::Memory => {
            let failed = "cannot open a database in memory".to_owned();
            let database = Database::memory().map_err(|source| EmbeddedError::Database { failed, source })?;
            stream_index::add_to_memory(&database)?;
            Ok(database)
        }
        DatabaseLocation::File(file) => {
            if is_something_else(file) {
                return Err(EmbeddedError::NotADatabase { file: file.to_owned() });
            }
            let failed = || format!("cannot open {}", file.display());
            let database = Database::new(&file.to_string_lossy())
                .map_err(|source| EmbeddedError::Database { failed: failed(), source })?;
            stream_index::add_to_file(file)?;
            Ok(database)
        }
    }
}

/// Whether there is a file that does not begin as SQLite's do; dynoxide would take it for an encrypted one.
fn is_something_else(file: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|file| file.take(16).read_to_end(&mut start));
    read.is_ok_and(|length| length > 0) && start != b"SQLite format 3\0"
}
