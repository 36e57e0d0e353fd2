//! DynamoDB in this process: dynoxide on SQLite, served over HTTP on loopback. The real AWS SDK and every other DynamoDB
//! tool can use it. It needs no account, no Docker and no JVM.
//!
//! It is for the local stack and the tests only; no function depends on it. It must never know of orders: the tables come
//! from `template.yaml`.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | starting, stopping, tables |
//! | `error.rs` | the errors of the start |
//! | `front.rs` | the port, which rejects requests of web pages |
//! | `private_server.rs` | connections to dynoxide's own server, which rejects no request |
//! | [`stream`] | a table's stream, record by record |
//! | `stream_index.rs` | an index that keeps writes and stream reads fast as the stream grows |
//! | [`protocol`] | DynamoDB's protocol without a server |
//! | `scan_limit.rs` | a limit that keeps the pages of a scan fast as the table grows |
//! | [`same_reply`] | a client that always receives the same reply |
//! | `in_process.rs` | a client that calls the database without HTTP |
//! | [`meter`] | counts of requests and consumed capacity, for exact assertions on budgets |

mod error;
mod front;
mod in_process;
pub mod meter;
mod private_server;
pub mod protocol;
pub mod same_reply;
mod scan_limit;
pub mod stream;
mod stream_index;

use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
pub use dynoxide::{Database, DynoxideError};
pub use error::EmbeddedError;
use in_process::InProcess;
use loopback_http::{Admission, Listener, Server};
pub use meter::{Meter, Units};
use sam_template::Template;

/// Any free port on loopback.
pub const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The location of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseLocation {
    /// In memory. The data is lost when the database stops.
    Memory,
    /// In a file, which is created if it does not exist. Acknowledged writes survive `kill -9`. A power failure can lose the
    /// newest ones, but does not damage the file.
    File(PathBuf),
}

/// A running embedded DynamoDB. Dropping it stops the server.
pub struct EmbeddedDynamoDb {
    database: Database,
    server: Server,
}

impl EmbeddedDynamoDb {
    /// Starts a database in memory, which loses its data when it stops.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn in_memory(address: SocketAddr) -> Result<Self, EmbeddedError> {
        Self::start(Listener::bind(address).await?, &DatabaseLocation::Memory, Admission::default())
    }

    /// Starts a database that accepts the requests of `admission`.
    ///
    /// # Errors
    /// When the file is not a database.
    pub fn start(listener: Listener, location: &DatabaseLocation, admission: Admission) -> Result<Self, EmbeddedError> {
        let database = open(location)?;
        let server = front::serve(listener, database.clone(), admission);
        Ok(Self { database, server })
    }

    /// Returns the URL of the server, for example `http://127.0.0.1:8000`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Returns the database itself, for calls without HTTP.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Returns a client of the real SDK for this database.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::from_conf(self.config().build())
    }

    /// Returns a client that counts its requests.
    #[must_use]
    pub fn metered_client(&self) -> (Client, Meter) {
        let meter = Meter::default();
        (Client::from_conf(self.config().interceptor(meter.clone()).build()), meter)
    }

    /// Returns a client that calls the database without HTTP. It has the operations of [`protocol::answer`].
    #[must_use]
    pub fn in_process_client(&self) -> Client {
        self.distant_client(Duration::ZERO)
    }

    /// Returns a client like [`EmbeddedDynamoDb::in_process_client`], whose calls each take `latency` longer.
    #[must_use]
    pub fn distant_client(&self, latency: Duration) -> Client {
        let connection = InProcess { database: self.database.clone(), latency };
        // The database does not check signatures, so the requests are not signed.
        let config = self.unsigned_config().allow_no_auth().http_client(connection);
        Client::from_conf(config.build())
    }

    /// Returns the SDK configuration for this database, so that a test can build a client with additions.
    #[must_use]
    pub fn config(&self) -> aws_sdk_dynamodb::config::Builder {
        let credentials = Credentials::new("local", "local", None, None, "embedded-dynamodb");
        self.unsigned_config().credentials_provider(credentials)
    }

    fn unsigned_config(&self) -> aws_sdk_dynamodb::config::Builder {
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.endpoint())
            .region(Region::new("us-east-1"))
    }

    /// Creates the template's tables. Existing tables are not changed.
    ///
    /// # Errors
    /// When the template has a table that cannot be created.
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

    /// Stops listening, waits for running requests, and closes the database. The wait is bounded: a client that does not
    /// finish sending its request in time is disconnected.
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
            // This sets `synchronous` to NORMAL. SQLite's default would wait for the disk at each commit, which only a power
            // failure requires: the system keeps the writes of a process that was killed.
            let relaxed = database.disable_bulk_loading();
            relaxed.map_err(|source| EmbeddedError::Database { failed: failed(), source })?;
            Ok(database)
        }
    }
}

/// Returns true if the file exists and does not begin like an SQLite file. dynoxide would treat such a file as encrypted.
fn is_something_else(file: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|file| file.take(16).read_to_end(&mut start));
    read.is_ok_and(|length| length > 0) && start != b"SQLite format 3\0"
}
