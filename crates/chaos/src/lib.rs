//! Faults between the real AWS SDK and the embedded DynamoDB, from a seed: for tests and tools, never for a function.
//!
//! What is under test stays as it is deployed, the SDK's time-outs and retries included: only its HTTP client is
//! another, a [`Network`] that reaches the database without a socket. On a paused Tokio clock with one thread, nothing
//! is left to chance: the same seed gives the same faults at the same instants.
//!
//! | file | holds |
//! |---|---|
//! | [`network`] | the HTTP client: delays, strikes, carries requests to the database |
//! | [`fault`] | what can go wrong with a request, and the dice |
//! | `wire` | DynamoDB's JSON protocol on the embedded database |

pub mod fault;
pub mod network;
mod wire;

pub use fault::{Fault, Fired, Moment, Rates};
pub use network::Network;
