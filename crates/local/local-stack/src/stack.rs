//! The whole system in one process: starts the parts in order, and stops them in the other.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use embedded_dynamodb::{DatabaseLocation, EmbeddedDynamoDb};
use embedded_eventbridge::{EmbeddedEventBridge, Faults, LogLocation};
use loopback_http::Admission;
use sam_template::{EventBus, Template};
use tokio::net::TcpListener;

use crate::data_folder::DataFolder;
use crate::declared::{Api, deployed, environments, require, sources, timeouts};
use crate::error::StartError;
use crate::function::FunctionError;
use crate::gateway::Gateway;
use crate::invoker::{Functions, Invoker};
use crate::issuer::LocalIssuer;
use crate::pump::{Pump, StreamError, SystemTimer, Timer};
use crate::schedules::Schedules;

/// Where a stack keeps its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataLocation {
    /// In memory: gone when the stack stops.
    InMemory,
    /// In this folder, which is created where it is missing. What was acknowledged survives `kill -9`.
    Folder(PathBuf),
}

/// The authentication of a stack's callers.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// None: every caller that reaches this machine's loopback is trusted. `AuthMode=none`.
    None,
    /// Tokens of this issuer, which the gateway checks as API Gateway does. `AuthMode=jwt`.
    Jwt(LocalIssuer),
}

/// How a stack is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its data is kept.
    pub data: DataLocation,
    /// Where the HTTP API listens; port 0 takes a free one.
    pub http: SocketAddr,
    /// Where DynamoDB listens; port 0 takes a free one.
    pub dynamodb: SocketAddr,
    /// Where EventBridge listens; port 0 takes a free one.
    pub eventbridge: SocketAddr,
    /// The requests that the three of them accept. The HTTP API accepts those of `cors_origins` too.
    pub admission: Admission,
    /// The authentication of callers.
    pub authentication: Authentication,
    /// The origins whose pages may call the HTTP API; with none, no page may.
    pub cors_origins: Vec<String>,
    /// The JWK Set of the keys whose quotes are accepted, for the audience [`DEMO_AUDIENCE`](signed_quotes::DEMO_AUDIENCE); empty: none.
    pub quote_keys: String,
    /// Tables, routes, functions, mappings, schedules and event buses. It must have the parameter `AuthMode`; with tokens `JwtIssuer` and
    /// `JwtAudience` too, with origins `CorsAllowedOrigins`, and with keys `QuoteKeys` and
    /// `QuoteAudience`: they get what the options above say.
    pub template: Template,
}

/// What a function of the stack can reach and is configured with.
pub struct Surroundings {
    /// Talks to the stack's DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Talks to the stack's EventBridge.
    pub eventbridge: aws_sdk_eventbridge::Client,
    /// Each function's environment: the template's variables, and what the AWS SDK needs to find this stack's
    /// DynamoDB and EventBridge, so that a process started with these variables alone is part of the stack.
    pub environments: BTreeMap<String, BTreeMap<String, String>>,
}

impl Surroundings {
    /// One variable of a function's environment.
    #[must_use]
    pub fn variable(&self, function: &str, name: &str) -> Option<String> {
        self.environments.get(function)?.get(name).cloned()
    }
}

/// A running stack.
pub struct LocalStack {
    gateway: Gateway,
    pumps: Vec<Pump>,
    schedules: Schedules,
    database: EmbeddedDynamoDb,
    event_bus: EmbeddedEventBridge,
    folder: Option<DataFolder>,
}

impl LocalStack {
    /// Starts a stack with the functions that `functions` makes for it. A start that fails leaves the data folder as it was.
    pub async fn start<F>(options: Options, functions: F) -> Result<Self, StartError>
    where
        F: AsyncFnOnce(&Surroundings) -> Result<Functions, Box<dyn std::error::Error + Send + Sync>>,
    {
        let Options {
            data,
            http,
            dynamodb,
            eventbridge,
            admission,
            authentication,
            cors_origins,
            quote_keys,
            template,
        } = options;
        let template = deployed(template, &authentication, &cors_origins, &quote_keys)?;
        let api = Api::of(&template, &authentication)?;
        let mut folder = match &data {
            DataLocation::InMemory => None,
            DataLocation::Folder(path) => Some(DataFolder::take(path)?),
        };
        let listener = TcpListener::bind(http).await.map_err(|error| not_listening(http, error))?;
        let location = folder.as_ref().map(|folder| DatabaseLocation::File(folder.database()));
        let location = location.unwrap_or(DatabaseLocation::Memory);
        let database = EmbeddedDynamoDb::start(dynamodb, &location, admission.clone()).await;
        let database = database.map_err(|error| not_stored(dynamodb, error))?;
        let started = async {
            database.create_tables(&template).map_err(|error| not_stored(dynamodb, error))?;
            let log = folder.as_ref().map_or(LogLocation::Temporary, |folder| LogLocation::File(folder.events()));
            let buses: Vec<_> = template.event_buses().iter().flat_map(EventBus::local_names).collect();
            let event_bus = EmbeddedEventBridge::start_with(eventbridge, buses, log, admission.clone()).await;
            let event_bus = event_bus.map_err(|error| not_published(eventbridge, error))?;

            let surroundings = Surroundings {
                dynamodb: database.client(),
                eventbridge: event_bus.client(),
                environments: environments(&template, &database.endpoint(), &event_bus.endpoint())?,
            };
            let functions = functions(&surroundings).await.map_err(StartError::Functions)?;
            let sources = sources(&template)?;
            let schedules = template.schedules()?;
            require(&functions, &api.routes, &sources, &schedules)?;
            let invoker = Invoker::new(functions, timeouts(&template)?);

            let data = folder.as_ref().map(DataFolder::path);
            let timer: Arc<dyn Timer> = Arc::new(SystemTimer);
            let mut pumps = Vec::new();
            for source in sources {
                let timer = Arc::clone(&timer);
                pumps.push(Pump::start(source, database.database(), invoker.clone(), data, timer).await?);
            }
            let schedules = Schedules::start(schedules, invoker.clone(), &timer);
            let wakers = pumps.iter().map(Pump::waker).collect();
            let gateway = Gateway::serve(listener, admission, api.routes, api.cors, invoker, wakers);
            let gateway = gateway.map_err(|error| not_listening(http, error))?;
            Ok((event_bus, pumps, schedules, gateway))
        };
        match started.await {
            Ok((event_bus, pumps, schedules, gateway)) => {
                folder.iter_mut().for_each(DataFolder::keep);
                Ok(Self { gateway, pumps, schedules, database, event_bus, folder })
            }
            // Closed before the folder is: SQLite removes files of its own when it closes.
            Err(error) => {
                database.stop().await;
                Err(error)
            }
        }
    }

    /// The root of the HTTP API: `http://127.0.0.1:3000`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}", self.gateway.address())
    }

    /// Where any DynamoDB client can connect.
    #[must_use]
    pub fn dynamodb_endpoint(&self) -> String {
        self.database.endpoint()
    }

    /// The embedded database.
    #[must_use]
    pub fn database(&self) -> &EmbeddedDynamoDb {
        &self.database
    }

    /// The embedded EventBridge: what was published, and failures on order.
    #[must_use]
    pub fn event_bus(&self) -> &EmbeddedEventBridge {
        &self.event_bus
    }

    /// The file of published events, NDJSON; none where data is kept in memory.
    #[must_use]
    pub fn event_log(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(DataFolder::events)
    }

    /// The running event source mappings.
    #[must_use]
    pub fn pumps(&self) -> &[Pump] {
        &self.pumps
    }

    /// Waits until every stream record written before this call was delivered, or discarded after its last retry.
    pub async fn drained(&self) -> Result<(), StreamError> {
        for pump in &self.pumps {
            pump.drained().await?;
        }
        Ok(())
    }

    /// As [`LocalStack::drained`], for what one function reads alone.
    pub async fn drained_by(&self, function: &str) -> Result<(), StreamError> {
        let pump = self.pumps.iter().find(|pump| pump.source().function == function);
        pump.ok_or_else(|| StreamError::NoReader(function.to_owned()))?.drained().await
    }

    /// Invokes the function of each schedule of the template once, without waiting for its time.
    ///
    /// # Errors
    /// When a function fails.
    pub async fn run_schedules(&self) -> Result<(), FunctionError> {
        self.schedules.run_once().await
    }

    /// Answers the requests and ends the batches under way, then stops everything. A bus that was told to fail no longer does,
    /// or the publisher's last batch would be retried for its whole minute.
    pub async fn stop(self) {
        self.gateway.stop().await;
        self.schedules.stop().await;
        self.event_bus.set_faults(Faults::default());
        for pump in self.pumps {
            pump.stop().await;
        }
        self.event_bus.stop().await;
        self.database.stop().await;
    }
}

fn not_listening(address: SocketAddr, source: io::Error) -> StartError {
    if source.kind() == io::ErrorKind::AddrInUse {
        StartError::HttpAddressInUse(address)
    } else {
        StartError::Http { address, source }
    }
}

fn not_stored(address: SocketAddr, error: embedded_dynamodb::EmbeddedError) -> StartError {
    if matches!(error, embedded_dynamodb::EmbeddedError::AddressInUse { .. }) {
        StartError::DynamoDbAddressInUse(address)
    } else {
        StartError::Database(error)
    }
}

fn not_published(address: SocketAddr, error: embedded_eventbridge::EmbeddedError) -> StartError {
    if matches!(error, embedded_eventbridge::EmbeddedError::AddressInUse { .. }) {
        StartError::EventBridgeAddressInUse(address)
    } else {
        StartError::EventBus(error)
    }
}
