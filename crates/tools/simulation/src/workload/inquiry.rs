//! A query, and the pages that its client received.

use serde_json::Value;

use crate::workload::caller::Caller;
use crate::workload::query::Query;

/// A page of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The moment before its request.
    pub began: u64,
    /// The moment after its response.
    pub ended: u64,
    /// The number of strikes on the function's calls between them.
    pub strikes: u64,
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Value,
}

/// A query, and the pages of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// The query.
    pub query: Query,
    /// The caller.
    pub caller: Caller,
    /// The highest version of its order that clients knew before, or 0.
    pub known: u64,
    /// The received pages, in sequence. If the last one has a `nextCursor`, the function was killed on the next page.
    pub pages: Vec<Page>,
}

impl Inquiry {
    /// The pages with a body.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &Page> {
        self.pages.iter().filter(|page| page.status == 200)
    }

    /// Returns true if the client received the last page.
    pub(crate) fn is_whole(&self) -> bool {
        self.pages.last().is_some_and(|page| page.status == 200 && page.body["nextCursor"].is_null())
    }
}
