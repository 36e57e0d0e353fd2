//! Query parameters, parsed into types that are always valid. Unknown and repeated parameters are rejected, with all
//! errors at once.

mod filter;

pub use filter::OrderFilter;
use filter::{read_open_status, read_order_status};
use lambda_http::Request;
use order_domain::values::{CustomerId, MAX_AMOUNT, OrderId};
use timestamp::Timestamp;

use crate::cursor;
use crate::invalid::Fault;
use crate::matching::Routed;
use crate::parameters::{Parameters, read_boolean, read_timestamp};
use crate::problem::Problem;
use crate::routes::QueryRoute;

/// The largest number of entries on a page.
pub const MAX_LIMIT: u32 = 100;
/// The number of entries on a page if the request does not set a limit.
pub const DEFAULT_LIMIT: u32 = 20;
/// The largest version in a request, 2^53 - 1: the largest integer that every JSON reader represents exactly.
pub const MAX_VERSION: u64 = MAX_AMOUNT;

/// A parsed query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParsedQuery {
    /// A customer's orders.
    ListOrders(ListQuery),
    /// The totals of a customer's orders.
    GetCustomerTotals(TotalsQuery),
    /// The open orders of all customers.
    ListOpenOrders(OpenOrdersQuery),
    /// One order.
    GetOrder(OrderQuery),
    /// One order's audit trail.
    ListEvents(EventsQuery),
    /// The description of this API.
    GetOpenApi,
}

/// `GET /customers/{customerId}/orders`, with filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// The customer of the list.
    pub customer_id: CustomerId,
    /// The filters.
    pub filter: OrderFilter,
    /// The largest number of orders in the reply: 1..=100.
    pub limit: u32,
    /// The position at which the previous page ended, as given to [`ListQuery::next_cursor`].
    pub after: Option<String>,
}

/// `GET /customers/{customerId}/totals`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalsQuery {
    /// The customer of the totals.
    pub customer_id: CustomerId,
}

/// `GET /orders`, with filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOrdersQuery {
    /// The filters. A status is not a closed one.
    pub filter: OrderFilter,
    /// The largest number of orders in the reply: 1..=100.
    pub limit: u32,
    /// The position at which the previous page ended, as given to [`OpenOrdersQuery::next_cursor`].
    pub after: Option<String>,
}

/// `GET /orders/{orderId}`, for the current or an earlier state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderQuery {
    /// The requested order.
    pub order_id: OrderId,
    /// The requested state.
    pub view: OrderView,
    /// True if the reply must also list payments, refunds, shipments, returns and cancellations.
    pub details: bool,
}

/// The requested state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderView {
    /// The current state. With `min_version`, it must not be older than that version.
    Latest {
        /// The version that the caller has seen, from 1.
        min_version: Option<u64>,
    },
    /// The state after the newest event, by a consistent read of the events.
    Consistent,
    /// The state at that version, from 1.
    Version(u64),
    /// The state at that instant.
    AsOf(Timestamp),
}

/// `GET /orders/{orderId}/events?limit=&cursor=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsQuery {
    /// The requested order.
    pub order_id: OrderId,
    /// The largest number of events in the reply: 1..=100.
    pub limit: u32,
    /// The position at which the previous page ended, as given to [`EventsQuery::next_cursor`].
    pub after: Option<String>,
}

impl ListQuery {
    const KIND: &str = "orders";

    /// Returns the cursor of the next page, after this page ended at `position`.
    #[must_use]
    pub fn next_cursor(&self, position: &str) -> String {
        cursor::encode(Self::KIND, &Self::scope(&self.customer_id, &self.filter), position)
    }

    /// Returns the scope of a cursor: the owner of the list and its filters.
    fn scope(customer_id: &CustomerId, filter: &OrderFilter) -> Vec<String> {
        std::iter::once(customer_id.to_string()).chain(filter.scope()).collect()
    }
}

impl OpenOrdersQuery {
    const KIND: &str = "open-orders";

    /// Returns the cursor of the next page, after this page ended at `position`.
    #[must_use]
    pub fn next_cursor(&self, position: &str) -> String {
        let scope = self.filter.scope();
        cursor::encode(Self::KIND, &scope.iter().map(String::as_str).collect::<Vec<_>>(), position)
    }
}

impl EventsQuery {
    const KIND: &str = "events";

    /// Returns the cursor of the next page, after this page ended at `position`.
    #[must_use]
    pub fn next_cursor(&self, position: &str) -> String {
        cursor::encode(Self::KIND, &[self.order_id.as_str()], position)
    }
}

/// Parses a query.
///
/// # Errors
/// Returns `route_not_found`, or `invalid_request` with all errors at once.
pub fn parse_query(request: &Request) -> Result<ParsedQuery, Problem> {
    QueryRoute::of(request)?.parse()
}

impl Routed<'_, QueryRoute> {
    /// Parses a query in the same way as [`parse_query`].
    ///
    /// # Errors
    /// Returns the same errors as [`parse_query`], except `route_not_found`.
    pub fn parse(&self) -> Result<ParsedQuery, Problem> {
        let &Self { route, request, parameters: ref path } = self;
        let mut errors = Vec::new();
        let customer_id = path.id("customerId", CustomerId::parse, &mut errors);
        let order_id = path.id("orderId", OrderId::parse, &mut errors);
        let mut parameters = Parameters::of(request, &mut errors);
        let query = match route {
            QueryRoute::ListOrders => parameters.list(customer_id).map(ParsedQuery::ListOrders),
            QueryRoute::GetCustomerTotals => {
                customer_id.map(|customer_id| ParsedQuery::GetCustomerTotals(TotalsQuery { customer_id }))
            }
            QueryRoute::ListOpenOrders => parameters.open_orders().map(ParsedQuery::ListOpenOrders),
            QueryRoute::GetOrder => parameters.order(order_id).map(ParsedQuery::GetOrder),
            QueryRoute::ListEvents => parameters.events(order_id).map(ParsedQuery::ListEvents),
            QueryRoute::GetOpenApi => Some(ParsedQuery::GetOpenApi),
        };
        parameters.finish();
        query.filter(|_| errors.is_empty()).ok_or_else(|| Problem::invalid_request(&errors))
    }
}

impl Parameters<'_> {
    fn list(&mut self, customer_id: Option<CustomerId>) -> Option<ListQuery> {
        let filter = self.filter(read_order_status);
        let limit = self.limit();
        let after = self.read("cursor", |text| match (&customer_id, &filter) {
            (Some(customer_id), Some(filter)) => {
                cursor::decode(ListQuery::KIND, &ListQuery::scope(customer_id, filter), text)
            }
            // The owner of the list is faulty, and that fault is already recorded.
            (None, _) | (_, None) => Ok(String::new()),
        });
        Some(ListQuery { filter: filter?, limit: limit?, after: after?, customer_id: customer_id? })
    }

    fn open_orders(&mut self) -> Option<OpenOrdersQuery> {
        let filter = self.filter(read_open_status);
        let limit = self.limit();
        let after = self.read("cursor", |text| match &filter {
            Some(filter) => {
                let scope = filter.scope();
                cursor::decode(OpenOrdersQuery::KIND, &scope.iter().map(String::as_str).collect::<Vec<_>>(), text)
            }
            // A filter is faulty, and that fault is already recorded.
            None => Ok(String::new()),
        });
        Some(OpenOrdersQuery { filter: filter?, limit: limit?, after: after? })
    }

    fn order(&mut self, order_id: Option<OrderId>) -> Option<OrderQuery> {
        let min_version = self.read("minVersion", read_version);
        let version = self.read("version", read_version);
        let as_of = self.read("asOf", read_timestamp);
        let consistent = self.read("consistent", read_boolean);
        let details = self.read("include", read_include);
        let view = self.view(min_version?, version?, as_of?, consistent? == Some(true))?;
        Some(OrderQuery { order_id: order_id?, view, details: details?.is_some() })
    }

    fn view(
        &mut self,
        min_version: Option<u64>,
        version: Option<u64>,
        as_of: Option<Timestamp>,
        consistent: bool,
    ) -> Option<OrderView> {
        match (min_version, version, as_of, consistent) {
            (min_version, None, None, false) => Some(OrderView::Latest { min_version }),
            (None, Some(version), None, false) => Some(OrderView::Version(version)),
            (None, None, Some(as_of), false) => Some(OrderView::AsOf(as_of)),
            (None, None, None, true) => Some(OrderView::Consistent),
            (_, _, _, true) | (Some(_), Some(_), _, _) | (Some(_), _, Some(_), _) | (_, Some(_), Some(_), _) => {
                let name = match (consistent, as_of) {
                    (true, _) => "consistent",
                    (false, Some(_)) => "asOf",
                    (false, None) => "version",
                };
                self.conflict(name, "give one of minVersion, version, asOf and consistent=true");
                None
            }
        }
    }

    fn events(&mut self, order_id: Option<OrderId>) -> Option<EventsQuery> {
        let limit = self.limit();
        let after = self.read("cursor", |text| match &order_id {
            Some(order_id) => cursor::decode(EventsQuery::KIND, &[order_id.as_str()], text),
            None => Ok(String::new()),
        });
        Some(EventsQuery { limit: limit?, after: after?, order_id: order_id? })
    }

    fn limit(&mut self) -> Option<u32> {
        Some(self.read("limit", read_limit)?.unwrap_or(DEFAULT_LIMIT))
    }
}

/// Reads the only value that `include` accepts.
fn read_include(word: &str) -> Result<(), Fault> {
    if word == "details" { Ok(()) } else { Err(Fault::new("unknown_include", "must be details")) }
}

fn read_limit(text: &str) -> Result<u32, Fault> {
    let limit = digits(text).and_then(|number| u32::try_from(number).ok()).filter(|it| (1..=MAX_LIMIT).contains(it));
    limit.ok_or_else(|| Fault::new("out_of_range", format!("must be an integer from 1 to {MAX_LIMIT}")))
}

fn read_version(text: &str) -> Result<u64, Fault> {
    let version = digits(text).filter(|it| (1..=MAX_VERSION).contains(it));
    version.ok_or_else(|| Fault::new("out_of_range", format!("must be an integer from 1 to {MAX_VERSION}")))
}

/// Reads a number of digits only. Rust's own parser also accepts a `+`.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
