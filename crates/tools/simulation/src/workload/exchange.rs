//! A command, and the answer that its client received.

use event_store::Timestamp;
use serde_json::Value;

use crate::workload::command::Command;

/// What a client was told in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// 201 or 200: it is done.
    Accepted {
        /// The status code.
        status: u16,
        /// The reply.
        body: Value,
        /// Whether it said that this is the reply to an earlier attempt.
        replayed: bool,
    },
    /// It will not be done.
    Refused {
        /// The status code.
        status: u16,
        /// The problem's code.
        code: String,
    },
    /// Something else, which no client can act on: it may have been done.
    Failed {
        /// The status code.
        status: u16,
        /// The problem's code.
        code: String,
    },
    /// Nothing that is an answer: it may have been done.
    Nothing,
}

/// A command, and what its client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The command.
    pub command: Command,
    /// The answer.
    pub told: Told,
    /// True if the first key for quotes was retired by then.
    pub is_late: bool,
    /// When the attempt that was answered began, by the function's own clock.
    pub asked_at: Timestamp,
    /// The place of that beginning among all beginnings and ends of a history's attempts.
    pub began: u64,
    /// The place at which the first attempt began.
    pub sent: u64,
    /// The place of its end.
    pub ended: u64,
}
