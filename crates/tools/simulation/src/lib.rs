//! Histories in which everything goes wrong, from a seed: for tests and tools, never for a function.
//!
//! What is under test stays as it is deployed: the handlers, the event store, the AWS SDKs with their time-outs and retries.
//! Only the SDKs' HTTP clients are others: a [`Network`] that reaches the embedded DynamoDB without a socket, and a [`Bus`].
//! On a paused Tokio clock with one thread nothing is left to chance: the same plan tells the same history, to the
//! millisecond.
//!
//! A history has clients that retry, duplicate and race, functions that are killed, clocks that jump, snapshots that are
//! spoiled, a stream that is delivered as badly as it may be, a rebuild and a deployment meanwhile. In the end all is mended
//! as an operator would, and then everything must hold. Start at [`tell()`], and at [`violations`].
//!
//! | file | holds |
//! |---|---|
//! | [`fault`] | the faults, and how often each struck |
//! | [`plan`] | what tells a history: a seed, and what is left out of what it makes |
//! | [`mod@tell`] | telling it: surroundings, clients, consumers, and how it all ends |
//! | [`history`] | what happened |
//! | [`check`] | what must hold of a history, whatever struck |
//! | [`campaign`] | many histories, until one fails |
//! | [`mod@shrink`] | making a failing plan smaller |
//! | [`release`] | what is under test, and where tests plant bugs |
//! | [`client`], [`command`] | a client that sends a command until it has an answer; commands as API Gateway hands them on |
//! | [`caller`], [`pricing`] | the callers and their scopes; the keys that sign quotes |
//! | `draft`, `beginning` | commands that build on one another; orders that have a past when a history begins |
//! | [`reader`], [`query`] | a client that asks, and knows what it was told; queries as API Gateway hands them on |
//! | [`clock`] | clocks that jump and stand still |
//! | [`network`], [`bus`] | the HTTP clients: delays, strikes, carry requests to the database and to the bus |
//! | [`strike`] | what can go wrong with one request, and the dice |
//! | [`tampering`] | what is done to stored commits: poison, useless snapshots, large orders |
//! | [`stray`] | records that name no order, among those of orders |
//! | `mapping` | a shard of the stream, and how badly it is delivered to its consumer |
//! | [`journal`], [`rolling`], `rebuild` | the tables at every moment, the projector's next release, a rebuild meanwhile |
//! | `brittle` | a release of the projections that panics |
//! | `mishaps` | what must not happen meanwhile |
//! | `verify` | a verification while rows lag, and the snapshots that it finds |
//! | `operator`, `repair` | what an operator does about parked orders, and about rows that lack something |
//! | `kill`, `configs`, `wire` | functions that are killed; the SDKs' settings; DynamoDB's JSON protocol |

mod beginning;
mod brittle;
pub mod bus;
pub mod caller;
pub mod campaign;
pub mod check;
pub mod client;
pub mod clock;
pub mod command;
mod configs;
mod draft;
pub mod fault;
pub mod history;
pub mod journal;
mod kill;
mod mapping;
mod mishaps;
pub mod network;
mod operator;
pub mod plan;
pub mod pricing;
pub mod query;
pub mod reader;
mod rebuild;
pub mod release;
mod repair;
pub mod rolling;
pub mod shrink;
pub mod stray;
pub mod strike;
pub mod tampering;
pub mod tell;
mod verify;
mod wire;

pub use bus::Bus;
pub use caller::Caller;
pub use campaign::{Campaign, Failure, Sum, Verdict};
pub use check::{DEEDS, Invariant, Violation, violations};
pub use fault::{Counts, Fault, Faults};
pub use history::{Cause, History, ReplacedSnapshot, Untold};
pub use network::Network;
pub use plan::{Beginning, Plan, Shape};
pub use pricing::{Pricing, QuoteKey};
pub use query::Query;
pub use reader::Inquiry;
pub use release::{AsDeployed, Release};
pub use shrink::shrink;
pub use strike::{Fired, Moment, Rates, Strike};
pub use tampering::Poison;
pub use tell::tell;
