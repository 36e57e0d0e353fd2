//! The bodies of the fuzz targets. Each panics if a result is wrong.
//!
//! Each target has one function. `fuzz/` runs it under libFuzzer, and `tests/replay` runs it on the pinned toolchain. The
//! functions check more than the absence of panics: data that was read is written again, and must then be read as the same
//! data. Nothing here is part of the product. Start at [`TARGETS`]; `fuzz/README.md` describes the form of the inputs.
//!
//! | file | input |
//! |---|---|
//! | [`command`](mod@command) | a command, to every route |
//! | [`query`](mod@query) | a query, to every route, and the cursors in it |
//! | [`stored_event`](mod@stored_event) | an event of any name, version and data |
//! | [`stored_items`](mod@stored_items) | the items of one order's commits, including snapshots |
//! | [`stream_batch`](mod@stream_batch) | a batch of the stream, to both of its consumers |

#![expect(clippy::unwrap_used, reason = "test support")]

pub mod command;
pub mod message;
pub mod query;
mod schemas;
pub mod stored_event;
pub mod stored_items;
pub mod stream_batch;
mod table;

pub use command::command;
pub use query::query;
pub use stored_event::stored_event;
pub use stored_items::stored_items;
pub use stream_batch::stream_batch;

/// The function of a target, which receives an input.
pub type Body = fn(&[u8]);

/// Every target, by the name of its corpus in `fuzz/corpus`. Its file in `fuzz/fuzz_targets` has the same name.
pub const TARGETS: &[(&str, Body)] = &[
    ("command", command),
    ("query", query),
    ("stored_event", stored_event),
    ("stored_items", stored_items),
    ("stream_batch", stream_batch),
];
