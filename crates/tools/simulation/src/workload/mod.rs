//! The workload of a history: its plan, and the clients with their commands and queries.
//!
//! | file | holds |
//! |---|---|
//! | [`plan`], [`shape`] | the plan of a history, and everything that it decides before the history begins |
//! | [`caller`], [`pricing`] | the callers with their scopes; the keys that sign quotes |
//! | [`new_order`], [`command`], `draft` | orders to place, commands, and commands that build on earlier ones |
//! | [`exchange`], `in_flight`, `client` | a command with its answer, and the client that retries it |
//! | `gateway` | requests as API Gateway delivers them |
//! | [`query`], [`inquiry`], `known`, `reader` | queries, their answers, and the client that sends them |
//! | [`past`] | orders that have a past when a history begins |

pub mod caller;
pub(crate) mod client;
pub mod command;
pub(crate) mod draft;
pub mod exchange;
pub(crate) mod gateway;
pub(crate) mod in_flight;
pub mod inquiry;
pub(crate) mod known;
pub mod new_order;
pub mod past;
pub mod plan;
pub mod pricing;
pub mod query;
pub(crate) mod reader;
pub mod shape;
