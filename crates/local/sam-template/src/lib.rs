//! Reads the project's `template.yaml` and its parts. The local stack and the tests take tables, routes and stream mappings
//! from the deployed template, not from a second list.
//!
//! This crate knows CloudFormation. It must never know of orders, of AWS clients or of HTTP servers. Start at [`Template`]:
//!
//! | file | holds |
//! |---|---|
//! | `template.rs` | the document: one resource, and its properties |
//! | `parts.rs` | the files that are deployed as nested stacks, inserted in place of the stacks |
//! | `declarations.rs` | the declarations: all resources of each kind |
//! | `parameters.rs` | the default values of parameters, and other values for them |
//! | `conditions.rs` | conditions, and rules for parameters |
//! | `resolve.rs` | the local values of `!Ref`, `!GetAtt`, `!Sub` and `!If` |
//! | `table.rs` | DynamoDB tables, as `CreateTable` requests |
//! | `function.rs` | Lambda functions, with `Globals` merged in |
//! | `http_api.rs` | HTTP APIs, and the pages that may call them |
//! | `route.rs` | routes of an HTTP API, followed through their integration to a function |
//! | `jwt_authorizer.rs` | the requirements of a route's authorizer for a token |
//! | `stream_mapping.rs` | event source mappings from a table's stream to a function |
//! | `log_group.rs` | CloudWatch log groups |
//! | `event_bus.rs` | event buses |
//! | `rule.rs` | rules of event buses, and their targets |
//! | `schedule.rs` | rules that invoke a function at a rate |
//! | `grant.rs` | the permissions of roles |
//! | `resource_policy.rs` | the principals that queues, topics, buckets, log groups and roles allow |
//! | `error.rs` | the errors in a template, with the resource and the property |
//!
//! Locally, the name of a table is its logical id, and a parameter has its default unless another value is given. The name
//! of a function is the name of its binary, which is also the name of its crate.

mod conditions;
mod declarations;
mod error;
mod event_bus;
mod function;
mod grant;
mod http_api;
mod jwt_authorizer;
mod log_group;
mod parameters;
mod parts;
mod resolve;
mod resource_policy;
mod route;
mod rule;
mod schedule;
mod stream_mapping;
mod table;
mod template;

pub use error::TemplateError;
pub use event_bus::EventBus;
pub use function::Function;
pub use grant::Grant;
pub use http_api::{CorsConfiguration, HttpApi};
pub use jwt_authorizer::JwtAuthorizer;
pub use log_group::LogGroup;
pub use resource_policy::{Effect, PolicyStatement, Principal, ResourcePolicy};
pub use route::Route;
pub use rule::{Rule, Target};
pub use schedule::Schedule;
pub use stream_mapping::StreamMapping;
pub use table::Table;
pub use template::Template;
