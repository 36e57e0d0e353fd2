//! An append-only event store on DynamoDB: commits, optimistic concurrency, idempotency, snapshots.
//!
//! One command appends one *commit* with one conditional write; its events are recorded together or not at all. The
//! store needs no table for idempotency, locks or snapshots, and no transaction: a commit carries its request's id and,
//! if that is free, a snapshot. This crate must never know what an order is, nor HTTP, nor Lambda.
//!
//! | file | holds |
//! |---|---|
//! | [`aggregate`] | the interface between the store and an aggregate |
//! | [`commit`] | the unit of writing, reading and delivery |
//! | [`delivery`] | a commit as a stream delivers it |
//! | [`mod@catch_panic`] | limits a panic to the commit that caused it |
//! | [`store`], [`error`] | the port: append, load, commits, page; its errors |
//! | [`page`] | commits in order, up to the first that cannot be read |
//! | `as_of` | the search for the version at an instant |
//! | [`mod@execute`] | one command from load to append: repeats, races, retries |
//! | [`loaded`] | an aggregate as read, and the commit that would follow |
//! | [`item`], `stored_value` | commits as DynamoDB items: the stored attribute names, and the values |
//! | [`fn@backoff`] | pauses between attempts |
//! | [`snapshot`], [`ring`] | the data in a commit that reduces a load to one request |
//! | [`snapshot_audit`], `changed_value` | snapshots compared with the fold, and the values that differ |
//! | [`scan`] | pages over the whole table, for tools |
//! | [`dynamo`], [`memory`] | the adapters; `tests/contract` checks both for the same behaviour |
//!
//! # Example: a bank ledger
//!
//! ```
#![doc = include_str!("../examples/bank_ledger.rs")]
//! ```

pub mod aggregate;
mod as_of;
mod backoff;
pub mod catch_panic;
mod changed_value;
pub mod commit;
pub mod delivery;
pub mod dynamo;
pub mod error;
pub mod execute;
pub mod item;
mod load_path;
pub mod loaded;
pub mod memory;
pub mod page;
pub mod ring;
pub mod scan;
pub mod snapshot;
pub mod snapshot_audit;
pub mod store;
mod stored_value;

pub use aggregate::{Aggregate, CodecError, EncodedEvent, EventPosition, Tags};
pub use backoff::backoff;
pub use catch_panic::{Panic, catch_panic};
pub use changed_value::{ChangedValue, changed_values};
pub use commit::{Commit, Fingerprint, RecordedEvent, Request};
pub use delivery::{Delivered, Poison};
pub use dynamo::DynamoEventStore;
pub use error::{StoreError, TableError};
pub use execute::{Decided, Execution, Failure, Invocation, Outcome, Rules, execute};
pub use loaded::{Loaded, NewCommit};
pub use memory::InMemoryEventStore;
pub use page::CommitPage;
pub use scan::{Position, ScanRequest, ScannedPage, Scope};
pub use snapshot::StoredSnapshot;
pub use snapshot_audit::{CheckedSnapshots, SnapshotAudit, SnapshotDifference};
pub use store::{Appended, EventStore, UpTo};
pub use timestamp::{Timestamp, TimestampError};
