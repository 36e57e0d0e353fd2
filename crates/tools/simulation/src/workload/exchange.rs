//! A command, and the answer that its client received.

use event_store::Timestamp;
use serde_json::Value;

use crate::workload::command::Command;

/// The final answer to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 201 or 200: the command is recorded, or changes nothing.
    Accepted {
        /// The status code.
        status: u16,
        /// The reply.
        body: Value,
        /// True if the reply says that it repeats the one to an earlier attempt.
        replayed: bool,
    },
    /// A rejection.
    Refused {
        /// The status code.
        status: u16,
        /// The problem's code.
        code: String,
    },
    /// Another status. The command may have been recorded.
    Failed {
        /// The status code.
        status: u16,
        /// The problem's code.
        code: String,
    },
    /// No answer. The command may have been recorded.
    Nothing,
}

/// A command, and the answer that its client received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The command.
    pub command: Command,
    /// The answer.
    pub answer: Answer,
    /// True if the first key for quotes was retired before.
    pub is_late: bool,
    /// The time at which the answered attempt began, by the function's clock.
    pub asked_at: Timestamp,
    /// The position of that beginning among the beginnings and ends of all attempts in the history.
    pub began: u64,
    /// The position at which the first attempt began.
    pub sent: u64,
    /// The position of its end.
    pub ended: u64,
}
