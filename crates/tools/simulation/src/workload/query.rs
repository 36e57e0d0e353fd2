//! Queries as clients ask them, and as API Gateway hands them on.

use event_store::Timestamp;
use lambda_http::Request;
use serde_json::{Value, json};

use crate::workload::caller::Caller;

/// What a client wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// An order as it is.
    Order {
        /// The order.
        order: String,
    },
    /// An order that is no older than what the client has been told.
    AtLeast {
        /// The order.
        order: String,
        /// The version that the client knows, from 1.
        version: u64,
    },
    /// An order as it was at a version.
    AtVersion {
        /// The order.
        order: String,
        /// The version, from 1.
        version: u64,
    },
    /// An order as it was at a time.
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
        /// The only status that is wanted.
        status: Option<&'static str>,
        /// Entries a page, from 1.
        limit: u32,
    },
    /// What a customer's orders come to.
    Totals {
        /// The customer.
        customer: String,
    },
}

impl Query {
    /// The order that it is about, where it is about one.
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

    /// The request for the page that `cursor` names, as it reaches the function under the gateway's id `request_id`.
    ///
    /// # Errors
    /// When it is no request that `lambda_http` can read.
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
