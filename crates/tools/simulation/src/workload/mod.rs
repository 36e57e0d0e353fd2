//! The workload of a history: its plan, and the clients with their commands and queries.
//!
//! | file | holds |
//! |---|---|
//! | [`plan`], [`shape`] | the plan of a history, and everything that it decides before the history begins |
//! | [`caller`], [`pricing`] | the callers with their scopes; the keys that sign quotes |
//! | [`new_order`], [`command`], `draft` | orders to place, commands with their answers, and commands that build on earlier ones |
//! | `in_flight`, `client` | the client that retries commands |
//! | `gateway` | requests as API Gateway delivers them |
//! | [`query`], `known`, `reader` | queries with their answers, and the client that sends them |
//! | [`past`] | orders that have a past when a history begins |

pub mod caller;
pub(crate) mod client;
pub mod command;
pub(crate) mod draft;
pub(crate) mod gateway;
pub(crate) mod in_flight;
pub(crate) mod known;
pub mod new_order;
pub mod past;
pub mod plan;
pub mod pricing;
pub mod query;
pub(crate) mod reader;
pub mod shape;
