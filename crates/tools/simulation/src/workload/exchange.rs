//! A command, and the answer that its client received.

use event_store::Timestamp;
use serde_json::Value;

use crate::workload::command::Command;
use crate::world::clock;

/// The final answer to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code: 201 for a recorded command, 200 for one that changes nothing, 4xx for a rejection. After another one, the
    /// command may have been recorded.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// True if the reply says that it repeats the one to an earlier attempt.
    pub replayed: bool,
}

impl Answer {
    /// Returns true for a command that is recorded, or that changes nothing.
    pub(crate) const fn is_accepted(&self) -> bool {
        matches!(self.status, 200 | 201)
    }

    /// Returns true for a rejection.
    pub(crate) const fn is_rejection(&self) -> bool {
        matches!(self.status, 400..=499)
    }

    /// The problem's code.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A command, and the answer that its client received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The command.
    pub command: Command,
    /// The answer. Without one, the command may have been recorded.
    pub answer: Option<Answer>,
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

impl Exchange {
    /// A command that has not been answered.
    pub(crate) fn unanswered(command: Command, is_late: bool) -> Self {
        Self { command, answer: None, is_late, asked_at: clock::now(), began: 0, sent: 0, ended: 0 }
    }

    /// The reply, if the command is recorded or changes nothing.
    pub(crate) fn accepted(&self) -> Option<&Value> {
        self.answer.as_ref().filter(|answer| answer.is_accepted()).map(|answer| &answer.body)
    }

    /// The reply of 201, if the command is recorded.
    pub(crate) fn recorded(&self) -> Option<&Value> {
        self.answer.as_ref().filter(|answer| answer.status == 201).map(|answer| &answer.body)
    }

    /// The code of a rejection.
    pub(crate) fn rejection(&self) -> Option<&str> {
        self.answer.as_ref().filter(|answer| answer.is_rejection()).map(Answer::code)
    }
}
