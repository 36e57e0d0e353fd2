//! The whole of Order Ledger on one machine: embedded DynamoDB and EventBridge, an HTTP gateway and stream pumps around the
//! functions that run on AWS. No account, no Docker, no JVM.
//!
//! It reads tables, routes, event buses and event source mappings from the project's SAM template, so that what runs here
//! is what is deployed. Outside `functions`, which wires up the project's own, it must never know what a function does: it
//! hands over the JSON that API Gateway and Lambda hand over, and takes the JSON that comes back.
//!
//! - [`LocalStack`]: starts and stops it all; start here
//! - [`function`]: the port to a function, and handlers in this process behind it
//! - [`gateway`]: HTTP requests to API Gateway payloads and back
//! - [`LocalIssuer`]: signs tokens that the gateway accepts
//! - [`pump`]: the table's stream to Lambda batches, with Lambda's error handling
//! - `schedules`: functions that are invoked at a rate

mod data_folder;
mod declared;
mod error;
pub mod function;
mod functions;
pub mod gateway;
mod invoker;
mod issuer;
pub mod pump;
mod schedules;
mod stack;

pub use embedded_eventbridge::{EmbeddedEventBridge, Faults};
pub use error::StartError;
pub use functions::in_process;
pub use invoker::{Functions, Invoker};
pub use issuer::{IssuerError, LocalIssuer, Token};
pub use loopback_http::{Admission, is_host};
pub use stack::{Authentication, DataLocation, LocalStack, Options, Surroundings};
