//! The setup that every function needs before its first invocation: typed configuration from the environment, JSON logs,
//! metrics, AWS clients with open connections, and deadlines.
//!
//! This crate must never know of orders, of HTTP, or of the work of a function.
//!
//! Contents:
//!
//! | file | holds |
//! |---|---|
//! | [`config`] | one struct for each function; each field documents its variable |
//! | `variables` | reads the variables, and reports all faults together |
//! | [`logs`] | one JSON object a line on stdout |
//! | `log_lines` | an event as a line, without the payload that `lambda_runtime` quotes |
//! | [`metrics`] | the metrics that alarms and the dashboard use, with a list |
//! | `emf` | metrics as log lines, from which CloudWatch makes metrics |
//! | [`clients`] | the SDK with time-outs and bounded retries; the first connection, opened before the first request |
//! | [`deadline`] | work that stops early enough to report that it ran out of time |

pub mod clients;
pub mod config;
pub mod deadline;
mod emf;
mod log_lines;
pub mod logs;
pub mod metrics;
mod variables;

pub use config::{CallerConfig, CommandConfig, Config, ProjectorConfig, PublisherConfig, QueryConfig};
pub use variables::{ConfigError, ConfigFault, Variables};
