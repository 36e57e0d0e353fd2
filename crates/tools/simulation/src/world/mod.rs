//! The world of a history: the functions under test, the tables, the clock and the operator.
//!
//! | file | holds |
//! |---|---|
//! | [`release`], [`function`] | the release under test, which tests replace to plant bugs, and its functions |
//! | `models`, [`next_summary`] | the read models of each release, and the next release of the order summaries |
//! | [`journal`] | every state of the read models and of the notes on parked orders |
//! | [`clock`] | the clock of the functions |
//! | [`repair`], `operator` | the operator's work: verify, repair, redrive |
//! | [`unexpected_errors`] | errors and panics that no fault explains |
//! | `names`, `wire`, `sdk_config` | names of tables and customers, DynamoDB's JSON protocol, settings of the SDKs |

pub mod clock;
pub mod function;
pub mod journal;
pub(crate) mod models;
pub mod names;
pub mod next_summary;
pub(crate) mod operator;
pub mod release;
pub mod repair;
pub(crate) mod sdk_config;
pub mod unexpected_errors;
pub(crate) mod wire;
