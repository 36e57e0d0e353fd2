//! The faults, and the places where they are injected.
//!
//! | file | holds |
//! |---|---|
//! | [`fault`] | the list of faults, and a count of each |
//! | [`strike`], [`network`], [`bus`] | HTTP clients of the SDKs that delay and fail requests |
//! | `lagging_replica` | eventually consistent reads that show an earlier state |
//! | `kill`, `wrong_clock` | functions that are killed; clocks that jump or stand still |
//! | [`tampering`], `snapshots` | stored commits that are changed: poison, unusable snapshots, large orders |
//! | `mapping`, [`unaddressable`] | a shard of the stream with bad deliveries; records that name no order |
//! | `rebuild`, `lagging_rows`, `hold` | a rebuild and a verification beside live traffic; the stream, stopped meanwhile |

pub mod bus;
pub mod fault;
pub(crate) mod hold;
pub(crate) mod kill;
pub(crate) mod lagging_replica;
pub(crate) mod lagging_rows;
pub(crate) mod mapping;
pub mod network;
pub(crate) mod rebuild;
pub(crate) mod snapshots;
pub mod strike;
pub mod tampering;
pub mod unaddressable;
pub(crate) mod wrong_clock;
