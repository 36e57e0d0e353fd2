//! The whole system in one process. It starts the parts in order, and stops them in reverse order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use embedded_dynamodb::{DatabaseLocation, EmbeddedDynamoDb};
use embedded_eventbridge::{EmbeddedEventBridge, Faults, LogLocation};
use loopback_http::{Admission, Listener};
use sam_template::Template;

use crate::data_folder::DataFolder;
use crate::declared::{Api, deployed, environments, require, timeouts};
use crate::error::StartError;
use crate::function::FunctionError;
use crate::gateway::Gateway;
use crate::invoker::{Functions, Invoker};
use crate::issuer::LocalIssuer;
use crate::pump::{Pump, StreamError};
use crate::schedules::Schedules;

/// The location of a stack's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataLocation {
    /// In memory. The data is lost when the stack stops.
    InMemory,
    /// In this folder, which is created if it does not exist. Acknowledged writes survive `kill -9`.
    Folder(PathBuf),
}

/// The authentication of a stack's callers.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// None: every caller that reaches this machine's loopback is trusted. This is `AuthMode=none`.
    None,
    /// Tokens of this issuer, which the gateway checks as API Gateway does. This is `AuthMode=jwt`.
    Jwt(LocalIssuer),
}

/// The options of a stack.
#[derive(Debug, Clone)]
pub struct Options {
    /// The location of its data.
    pub data: DataLocation,
    /// The address of the HTTP API; port 0 selects a free port.
    pub http: SocketAddr,
    /// The address of DynamoDB; port 0 selects a free port.
    pub dynamodb: SocketAddr,
    /// The address of EventBridge; port 0 selects a free port.
    pub eventbridge: SocketAddr,
    /// The requests that these three servers accept. The HTTP API also accepts those of `cors_origins`.
    pub admission: Admission,
    /// The authentication of callers.
    pub authentication: Authentication,
    /// The origins whose pages may call the HTTP API; empty if no page may.
    pub cors_origins: Vec<String>,
    /// The JWK Set of the keys whose quotes are accepted, for the audience [`DEMO_AUDIENCE`](signed_quotes::DEMO_AUDIENCE);
    /// empty if no quote is accepted.
    pub quote_keys: String,
    /// The tables, routes, functions, mappings, schedules and event buses. The template must have the parameter `AuthMode`;
    /// with tokens also `JwtIssuer` and `JwtAudience`, with origins `CorsAllowedOrigins`, and with keys `QuoteKeys` and
    /// `QuoteAudience`. Their values come from the options above.
    pub template: Template,
}

/// The clients and the configuration of the stack's functions.
pub struct Surroundings {
    /// A client of the stack's DynamoDB, which calls it without HTTP. It has the operations of
    /// [`embedded_dynamodb::protocol::answer`] only, and no transactions among them.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// A client of the stack's EventBridge.
    pub eventbridge: aws_sdk_eventbridge::Client,
    /// Each function's environment: the template's variables, and the variables with which the AWS SDK finds this stack's
    /// DynamoDB and EventBridge. A process that is started with only these variables is therefore part of the stack.
    pub environments: BTreeMap<String, BTreeMap<String, String>>,
}

impl Surroundings {
    /// Returns one variable of a function's environment.
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
    /// Starts a stack with the functions that `functions` creates for it. A start that fails leaves the data folder
    /// unchanged.
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
        let http = listen("the HTTP API", http).await?;
        let dynamodb = listen("DynamoDB", dynamodb).await?;
        let eventbridge = listen("EventBridge", eventbridge).await?;
        let location = folder.as_ref().map(|folder| DatabaseLocation::File(folder.database()));
        let location = location.unwrap_or(DatabaseLocation::Memory);
        let database = EmbeddedDynamoDb::start(dynamodb, &location, admission.clone())?;
        let started = async {
            database.create_tables(&template)?;
            let log = folder.as_ref().map_or(LogLocation::Temporary, |folder| LogLocation::File(folder.events()));
            let event_bus =
                EmbeddedEventBridge::start_on(eventbridge, template.event_bus_names(), log, admission.clone())?;

            let surroundings = Surroundings {
                dynamodb: database.in_process_client(),
                eventbridge: event_bus.client(),
                environments: environments(&template, &database.endpoint(), &event_bus.endpoint())?,
            };
            let functions = functions(&surroundings).await.map_err(StartError::Functions)?;
            let (mappings, schedules) = (template.stream_mappings()?, template.schedules()?);
            require(&functions, &api.routes, &mappings, &schedules)?;
            let invoker = Invoker::new(functions, timeouts(&template)?);

            let data = folder.as_ref().map(DataFolder::path);
            let mut pumps = Vec::new();
            for mapping in mappings {
                pumps.push(Pump::start(mapping, database.database(), invoker.clone(), data).await?);
            }
            let schedules = Schedules::start(schedules, &invoker);
            let wakers = pumps.iter().map(Pump::waker).collect();
            let gateway = Gateway::serve(http, admission, api.routes, api.cors, invoker, wakers);
            Ok((event_bus, pumps, schedules, gateway))
        };
        match started.await {
            Ok((event_bus, pumps, schedules, gateway)) => {
                folder.iter_mut().for_each(DataFolder::keep);
                Ok(Self { gateway, pumps, schedules, database, event_bus, folder })
            }
            // The database is closed before the folder, because SQLite removes its own files when it closes.
            Err(error) => {
                database.stop().await;
                Err(error)
            }
        }
    }

    /// Returns the root URL of the HTTP API: `http://127.0.0.1:3000`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}", self.gateway.address())
    }

    /// Returns the URL for DynamoDB clients.
    #[must_use]
    pub fn dynamodb_endpoint(&self) -> String {
        self.database.endpoint()
    }

    /// Returns the embedded database.
    #[must_use]
    pub fn database(&self) -> &EmbeddedDynamoDb {
        &self.database
    }

    /// Returns the embedded EventBridge, with published events and injected faults.
    #[must_use]
    pub fn event_bus(&self) -> &EmbeddedEventBridge {
        &self.event_bus
    }

    /// Returns the file of published events, NDJSON; `None` if the data is in memory.
    #[must_use]
    pub fn event_log(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(DataFolder::events)
    }

    /// Waits until every stream record written before this call is processed, or discarded after its last retry.
    pub async fn drained(&self) -> Result<(), StreamError> {
        for pump in &self.pumps {
            pump.drained().await?;
        }
        Ok(())
    }

    /// Waits like [`LocalStack::drained`], for the stream of one function only.
    pub async fn drained_by(&self, function: &str) -> Result<(), StreamError> {
        let pump = self.pumps.iter().find(|pump| pump.function == function);
        pump.ok_or_else(|| StreamError::NoReader(function.to_owned()))?.drained().await
    }

    /// Invokes the function of each schedule of the template once, without waiting for its rate.
    ///
    /// # Errors
    /// When a function fails.
    pub async fn run_schedules(&self) -> Result<(), FunctionError> {
        self.schedules.run_once().await
    }

    /// Answers the running requests, ends the running batches, and stops all parts. Injected faults of the bus are removed
    /// first: otherwise the publisher's last batch would be retried for its whole minute.
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

async fn listen(server: &'static str, address: SocketAddr) -> Result<Listener, StartError> {
    Listener::bind(address).await.map_err(|error| StartError::Listen { server, error })
}
