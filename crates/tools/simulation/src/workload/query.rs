//! Queries as clients send them, and the pages that the clients receive.

use event_store::Timestamp;
use lambda_http::Request;
use serde_json::{Value, json};

use crate::workload::caller::Caller;
use crate::workload::gateway::Sent;

/// A query of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// An order.
    Order {
        /// The order.
        order: String,
        /// The version or the time.
        at: At,
    },
    /// An order's trail, all pages of it.
    Events {
        /// The order.
        order: String,
        /// Entries a page, from 1.
        limit: u32,
    },
    /// A customer's orders, all pages of them.
    List {
        /// The customer.
        customer: &'static str,
        /// The status to filter by.
        status: Option<&'static str>,
        /// Entries a page, from 1.
        limit: u32,
    },
    /// The totals of a customer.
    Totals {
        /// The customer.
        customer: &'static str,
    },
}

/// The version or the time at which a query asks for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The current order.
    Now,
    /// A version that the client knows, from 1, or a later one.
    Least(u64),
    /// A version, from 1.
    Version(u64),
    /// A time.
    Time(Timestamp),
}

impl Query {
    /// The order of a query on one order.
    #[must_use]
    pub fn order(&self) -> Option<&str> {
        match self {
            Self::Order { order, .. } | Self::Events { order, .. } => Some(order),
            Self::List { .. } | Self::Totals { .. } => None,
        }
    }

    /// The request that the function receives for the page at `cursor`, with the gateway's id `request_id`.
    ///
    /// # Errors
    /// When `lambda_http` cannot read it.
    pub(crate) fn request(
        &self,
        cursor: Option<&str>,
        caller: Caller,
        request_id: &str,
    ) -> Result<Request, serde_json::Error> {
        let (path, parameters) = match self {
            Self::Order { order, at } => {
                let parameter = match at {
                    At::Now => None,
                    At::Least(version) => Some(format!("minVersion={version}")),
                    At::Version(version) => Some(format!("version={version}")),
                    At::Time(at) => Some(format!("asOf={at}")),
                };
                (format!("/orders/{order}"), [parameter, None])
            }
            Self::Events { order, limit } => {
                (format!("/orders/{order}/events"), [None, Some(format!("limit={limit}"))])
            }
            Self::List { customer, status, limit } => {
                let status = status.map(|status| format!("status={status}"));
                (format!("/customers/{customer}/orders"), [status, Some(format!("limit={limit}"))])
            }
            Self::Totals { customer } => (format!("/customers/{customer}/totals"), [None, None]),
        };
        let cursor = cursor.map(|cursor| format!("cursor={cursor}"));
        let query = parameters.into_iter().flatten().chain(cursor).collect::<Vec<_>>().join("&");
        let headers = json!({});
        Sent { method: "GET", path: &path, query: &query, headers, caller, body: &Value::Null }.request(request_id)
    }
}

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
