//! Reads the project's `template.yaml` and its parts. The local stack and the tests take tables, routes and stream mappings
//! from the deployed template, not from a second list.
//!
//! This crate knows CloudFormation. It must never know of orders, of AWS clients or of HTTP servers. Start at [`Template`]:
//!
//! | file | holds |
//! |---|---|
//! | `template.rs` | the document: one resource, and its properties |
//! | `parts.rs` | the files that are deployed as nested stacks, inserted in place of the stacks |
//! | `declarations.rs` | the declarations: all resources of each kind that the local stack runs |
//! | `parameters.rs` | the default values of parameters, and other values for them |
//! | `conditions.rs` | conditions, and rules for parameters |
//! | `resolve.rs` | the local values of `!Ref`, `!GetAtt`, `!Sub` and `!If` |
//! | `table.rs` | DynamoDB tables, as `CreateTable` requests |
//! | `function.rs` | Lambda functions |
//! | `http_api.rs` | HTTP APIs, and the pages that may call them |
//! | `route.rs` | routes of an HTTP API, followed through their integration to a function |
//! | `jwt_authorizer.rs` | the requirements of a route's authorizer for a token |
//! | `stream_mapping.rs` | event source mappings from a table's stream to a function |
//! | `schedule.rs` | rules that invoke a function at a rate |
//! | `grant.rs` | the permissions of roles |
//! | `error.rs` | the errors in a template, with the resource and the property |
//!
//! A test reads a resource of another kind with [`Template::resource`].
//!
//! Locally, the name of a table is its logical id, and a parameter has its default unless another value is given. The name
//! of a function is the name of its binary, which is also the name of its crate.

mod conditions;
mod declarations;
mod error;
mod function;
mod grant;
mod http_api;
mod jwt_authorizer;
mod parameters;
mod parts;
mod resolve;
mod route;
mod schedule;
mod stream_mapping;
mod table;
mod template;

pub use error::TemplateError;
pub use function::Function;
pub use grant::Grant;
pub use http_api::{CorsConfiguration, HttpApi};
pub use jwt_authorizer::JwtAuthorizer;
pub use route::Route;
pub use schedule::Schedule;
pub use stream_mapping::StreamMapping;
pub use table::Table;
pub use template::Template;
