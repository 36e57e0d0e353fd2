//! What each fuzz target does with its input: it panics where something is not as it must be.
//!
//! One function a target, used by `fuzz/` under libFuzzer and by `tests/replay` on the pinned toolchain. More is asked than
//! that nothing panics: what is read is written again, and must then be read as the same. Nothing here is part of the
//! product; start at [`TARGETS`], and read `fuzz/README.md` for the inputs' form.
//!
//! | file | what is fed |
//! |---|---|
//! | [`command`](mod@command) | a request for a change, to every route |
//! | [`query`](mod@query) | a question, to every route; the cursors in it |
//! | [`stored_event`](mod@stored_event) | an event of any name, version and data |
//! | [`stored_items`](mod@stored_items) | what a read of one order's commits finds, snapshots and all |
//! | [`stream_batch`](mod@stream_batch) | a batch of the stream, to both its consumers |

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

/// What a target does with an input.
pub type Body = fn(&[u8]);

/// Every target, by the name of its corpus in `fuzz/corpus` and of its file in `fuzz/fuzz_targets`.
pub const TARGETS: &[(&str, Body)] = &[
    ("command", command),
    ("query", query),
    ("stored_event", stored_event),
    ("stored_items", stored_items),
    ("stream_batch", stream_batch),
];
