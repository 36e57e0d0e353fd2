//! A query, and the pages that its client received.

use serde_json::Value;

use crate::workload::caller::Caller;
use crate::workload::query::Query;

/// A page of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The moment before it was asked for.
    pub began: u64,
    /// The moment after it was there.
    pub ended: u64,
    /// How often calls of the function were struck meanwhile.
    pub strikes: u64,
    /// The status code.
    pub status: u16,
    /// What it holds.
    pub body: Value,
}

/// A question, and what its client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// The question.
    pub query: Query,
    /// Who asks.
    pub caller: Caller,
    /// The highest version of its order that clients had been told of before; 0 where there is none.
    pub known: u64,
    /// The pages that came, in sequence. Where the last has a `nextCursor`, the function was killed over the one after it.
    pub pages: Vec<Page>,
}
