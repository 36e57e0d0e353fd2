//! What every function needs before its first invocation: typed configuration from the environment, JSON logs,
//! metrics, AWS clients and their priming; and the clock that it works against.
//!
//! This crate must never know of orders, of HTTP, or of what a function does.
//!
//! Where to start:
//!
//! | file | holds |
//! |---|---|
//! | [`config`] | one struct a function; each field documents its variable |
//! | [`logs`] | one JSON object a line on stdout |
//! | `unquoted` | what `lambda_runtime` says of an invocation, without what it quotes of it |
//! | [`metrics`] | what alarms and the dashboard go by, and a list of it |
//! | `emf` | metrics as lines of the log that CloudWatch makes metrics of |
//! | [`clients`] | the SDK with time-outs and bounded retries; the first connection made ahead of the first request |
//! | [`deadline`] | work that is given up in time to say so |

pub mod clients;
pub mod config;
pub mod deadline;
mod emf;
pub mod logs;
pub mod metrics;
mod unquoted;

pub use config::{
    CallerConfig, CommandConfig, ConfigError, ConfigFault, ProjectorConfig, PublisherConfig, QueryConfig,
};
