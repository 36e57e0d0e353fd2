//! Order Ledger on one machine: embedded DynamoDB and EventBridge, an HTTP gateway, and stream pumps around the functions
//! that run on AWS. It needs no account, no Docker and no JVM.
//!
//! It reads tables, routes, event buses and event source mappings from the project's SAM template, so the local stack runs
//! the deployed configuration. Outside `functions`, which wires up the project's own functions, it must never know the work
//! of a function: it passes the JSON that API Gateway and Lambda pass, and receives the JSON of the reply.
//!
//! - [`LocalStack`]: starts and stops all parts; start here
//! - [`function`]: the port to a function, and handlers in this process behind it
//! - [`gateway`]: converts HTTP requests to API Gateway payloads, and replies to HTTP
//! - [`LocalIssuer`]: signs tokens that the gateway accepts
//! - `pump`: passes the table's stream to functions in batches, with Lambda's error handling
//! - `schedules`: functions that are invoked at a rate

mod data_folder;
mod declared;
mod error;
pub mod function;
mod functions;
pub mod gateway;
mod invoker;
mod issuer;
mod pump;
mod schedules;
mod stack;

pub use embedded_eventbridge::{EmbeddedEventBridge, Faults};
pub use error::StartError;
pub use functions::in_process;
pub use invoker::{Functions, Invoker};
pub use issuer::{IssuerError, LocalIssuer, Token};
pub use loopback_http::{Admission, Listener, is_host};
pub use pump::StreamError;
pub use stack::{Authentication, DataLocation, LocalStack, Options, Surroundings};
