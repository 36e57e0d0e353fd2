//! Reads the project's `template.yaml` and its parts, so that the local stack and the tests take tables, routes and stream mappings
//! from what is deployed, and never from a second list.
//!
//! It knows CloudFormation and nothing of orders, of AWS clients or of HTTP servers. Start at [`Template`]:
//!
//! | file | what it holds |
//! |---|---|
//! | `template.rs` | the document: one resource, and its properties |
//! | `parts.rs` | the files that are deployed as nested stacks, put in their places |
//! | `declarations.rs` | the declarations: all resources of each kind |
//! | `parameters.rs` | parameters: their defaults, and other values for them |
//! | `conditions.rs` | conditions, and rules for parameters |
//! | `resolve.rs` | what `!Ref`, `!GetAtt`, `!Sub` and `!If` stand for on one laptop |
//! | `table.rs` | DynamoDB tables, as `CreateTable` requests |
//! | `function.rs` | Lambda functions, with `Globals` merged in |
//! | `http_api.rs` | HTTP APIs, and the pages that may call them |
//! | `route.rs` | routes of an HTTP API, followed through their integration to a function |
//! | `jwt_authorizer.rs` | what a route's authorizer asks of a token |
//! | `stream_mapping.rs` | event source mappings from a table's stream to a function |
//! | `log_group.rs` | CloudWatch log groups |
//! | `event_bus.rs` | event buses |
//! | `rule.rs` | rules of event buses, and where they deliver |
//! | `schedule.rs` | rules that invoke a function at a rate |
//! | `grant.rs` | what roles allow |
//! | `resource_policy.rs` | whom queues, topics, buckets, log groups and roles let in |
//! | `error.rs` | what can be wrong, naming the resource and the property |
//!
//! Locally a table is called by its logical id, a parameter has its default unless another value is given, and every function
//! runs under its binary's name, which is also its crate's.

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
