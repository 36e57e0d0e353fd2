//! Queries as clients send them, and as API Gateway delivers them.

use event_store::Timestamp;
use lambda_http::Request;
use serde_json::{Value, json};

use crate::workload::caller::Caller;

/// A query of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// The current order.
    Order {
        /// The order.
        order: String,
    },
    /// An order at a version that the client knows, or at a later one.
    AtLeast {
        /// The order.
        order: String,
        /// The version that the client knows, from 1.
        version: u64,
    },
    /// An order at a version.
    AtVersion {
        /// The order.
        order: String,
        /// The version, from 1.
        version: u64,
    },
    /// An order at a time.
    AsOf {
        /// The order.
        order: String,
        /// The time.
        at: Timestamp,
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
        customer: String,
        /// The status to filter by.
        status: Option<&'static str>,
        /// Entries a page, from 1.
        limit: u32,
    },
    /// The totals of a customer.
    Totals {
        /// The customer.
        customer: String,
    },
}

impl Query {
    /// The order of a query on one order.
    #[must_use]
    pub fn order(&self) -> Option<&str> {
        match self {
            Self::Order { order }
            | Self::AtLeast { order, .. }
            | Self::AtVersion { order, .. }
            | Self::AsOf { order, .. }
            | Self::Events { order, .. } => Some(order),
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
        let (route, name, id, last) = match self {
            Self::Order { order }
            | Self::AtLeast { order, .. }
            | Self::AtVersion { order, .. }
            | Self::AsOf { order, .. } => ("/orders", "orderId", order, ""),
            Self::Events { order, .. } => ("/orders", "orderId", order, "/events"),
            Self::List { customer, .. } => ("/customers", "customerId", customer, "/orders"),
            Self::Totals { customer } => ("/customers", "customerId", customer, "/totals"),
        };
        let (route, path) = (format!("GET {route}/{{{name}}}{last}"), format!("{route}/{id}{last}"));
        let query = self.parameters(cursor).join("&");
        let payload = json!({
            "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": query, "headers": {},
            "requestContext": {
                "requestId": request_id, "routeKey": route, "stage": "$default", "timeEpoch": 0,
                "authorizer": caller.authorizer(),
                "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" },
            },
            "pathParameters": { name: id }, "body": Value::Null, "isBase64Encoded": false,
        });
        lambda_http::request::from_str(&payload.to_string())
    }

    fn parameters(&self, cursor: Option<&str>) -> Vec<String> {
        let mut parameters: Vec<String> = match self {
            Self::Order { .. } | Self::Totals { .. } => Vec::new(),
            Self::AtLeast { version, .. } => vec![format!("minVersion={version}")],
            Self::AtVersion { version, .. } => vec![format!("version={version}")],
            Self::AsOf { at, .. } => vec![format!("asOf={at}")],
            Self::Events { limit, .. } => vec![format!("limit={limit}")],
            Self::List { status, limit, .. } => {
                let status = status.map(|status| format!("status={status}"));
                status.into_iter().chain([format!("limit={limit}")]).collect()
            }
        };
        parameters.extend(cursor.map(|cursor| format!("cursor={cursor}")));
        parameters
    }
}
