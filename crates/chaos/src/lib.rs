//! Histories in which everything goes wrong, from a seed: for tests and tools, never for a function.
//!
//! What is under test stays as it is deployed: the handlers, the event store, the AWS SDK with its time-outs and retries.
//! Only the SDK's HTTP client is another, a [`Network`] that reaches the embedded DynamoDB without a socket. On a paused
//! Tokio clock with one thread nothing is left to chance: the same seed tells the same history, to the millisecond.
//!
//! A history has clients that retry, duplicate and race, functions that are killed, clocks that jump, and a stream that is
//! delivered as badly as it may be; the publisher has no part in it yet. Start at [`history::tell`], and at [`check::violations`].
//!
//! | file | holds |
//! |---|---|
//! | [`history`] | what a seed makes: clients, commands, rates of faults; telling it |
//! | [`check`] | what must hold of a history, whatever struck |
//! | [`delivery`] | the stream, repeated, shuffled, split and lost, and a projector that is killed |
//! | [`client`] | a client that sends a command until it has an answer |
//! | [`command`] | commands, as API Gateway hands them on |
//! | [`clock`] | clocks that jump and stand still |
//! | [`network`] | the HTTP client: delays, strikes, carries requests to the database |
//! | [`fault`] | what can go wrong with a request, and the dice |
//! | `kill` | functions that are killed between two awaits |
//! | `stream` | the records of the embedded database |
//! | `wire` | DynamoDB's JSON protocol on the embedded database |

pub mod check;
pub mod client;
pub mod clock;
pub mod command;
pub mod delivery;
pub mod fault;
pub mod history;
mod kill;
pub mod network;
mod stream;
mod wire;

pub use check::{Violation, violations};
pub use fault::{Fault, Fired, Moment, Rates};
pub use history::{History, tell};
pub use network::Network;
