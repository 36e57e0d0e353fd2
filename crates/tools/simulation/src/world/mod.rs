//! The world of a history: the functions under test, the tables, the clock and the operator.
//!
//! | file | holds |
//! |---|---|
//! | [`release`], [`function`] | the release under test, which tests replace to plant bugs, and its functions |
//! | `models`, [`next_summary`], `panicking_projection` | the list of read models, and those of other releases: the next one of the order summaries, and one that panics |
//! | [`journal`] | every state of the read models and of the notes on parked orders |
//! | [`clock`] | the clock of the functions |
//! | [`repair`], `operator` | the operator's work: verify, repair, redrive |
//! | [`unexpected_errors`] | errors and panics that no fault explains |
//! | `names`, `wire`, `sdk_config`, `shared` | names of tables and customers, DynamoDB's JSON protocol, settings of the SDKs, shared state |

pub mod clock;
pub mod function;
pub mod journal;
pub(crate) mod models;
pub mod names;
pub mod next_summary;
pub(crate) mod operator;
pub(crate) mod panicking_projection;
pub mod release;
pub mod repair;
pub(crate) mod sdk_config;
pub(crate) mod shared;
pub mod unexpected_errors;
pub(crate) mod wire;
