//! Query parameters, parsed into types that are always valid. Unknown and repeated parameters are rejected, with all
//! errors at once.

mod filter;

pub use filter::OrderFilter;
use filter::read_boolean;
use lambda_http::{Request, RequestExt};
use order_domain::values::{CustomerId, MAX_AMOUNT, OrderId};
use timestamp::Timestamp;

use crate::commands::path_id;
use crate::cursor;
use crate::invalid::{Fault, Invalid, Place, note};
use crate::matching::Routed;
use crate::problem::Problem;
use crate::routes::QueryRoute;
use crate::timestamps::parse_rfc3339;

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
        Self::with_scope(&self.customer_id, &self.filter, |scope| cursor::encode(Self::KIND, scope, position))
    }

    /// Calls `with` with the scope of a cursor: the owner of the list and its filters.
    fn with_scope<T>(customer_id: &CustomerId, filter: &OrderFilter, with: impl FnOnce(&[&str]) -> T) -> T {
        let filter = filter.scope();
        let scope: Vec<&str> = std::iter::once(customer_id.as_str()).chain(filter.iter().map(String::as_str)).collect();
        with(&scope)
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
        let template = route.route().path;
        let mut errors = Vec::new();
        let customer_id = path_id(template, path, "customerId", CustomerId::parse, &mut errors);
        let order_id = path_id(template, path, "orderId", OrderId::parse, &mut errors);
        let mut parameters = Parameters { request, known: Vec::new(), errors };
        let query = match route {
            QueryRoute::ListOrders => parameters.list(customer_id).map(ParsedQuery::ListOrders),
            QueryRoute::GetCustomerTotals => {
                customer_id.map(|customer_id| ParsedQuery::GetCustomerTotals(TotalsQuery { customer_id }))
            }
            QueryRoute::GetOrder => parameters.order(order_id).map(ParsedQuery::GetOrder),
            QueryRoute::ListEvents => parameters.events(order_id).map(ParsedQuery::ListEvents),
            QueryRoute::GetOpenApi => Some(ParsedQuery::GetOpenApi),
        };
        let errors = parameters.finish();
        query.filter(|_| errors.is_empty()).ok_or_else(|| Problem::invalid_request(&errors))
    }
}

/// Records a fault for every query parameter of a request that takes none.
pub(crate) fn refuse_parameters(request: &Request, errors: &mut Vec<Invalid>) {
    errors.extend(Parameters { request, known: Vec::new(), errors: Vec::new() }.finish());
}

/// The parameters of one request. The parser takes each known one once, and the rest are unknown.
struct Parameters<'a> {
    request: &'a Request,
    known: Vec<&'static str>,
    errors: Vec<Invalid>,
}

impl Parameters<'_> {
    fn list(&mut self, customer_id: Option<CustomerId>) -> Option<ListQuery> {
        let filter = self.filter();
        let limit = self.limit();
        let after = self.read("cursor", |text| match (&customer_id, &filter) {
            (Some(customer_id), Some(filter)) => {
                ListQuery::with_scope(customer_id, filter, |scope| cursor::decode(ListQuery::KIND, scope, text))
            }
            // The owner of the list is faulty, and that fault is already recorded.
            (None, _) | (_, None) => Ok(String::new()),
        });
        Some(ListQuery { filter: filter?, limit: limit?, after: after?, customer_id: customer_id? })
    }

    fn order(&mut self, order_id: Option<OrderId>) -> Option<OrderQuery> {
        let min_version = self.read("minVersion", read_version);
        let version = self.read("version", read_version);
        let as_of = self.read("asOf", parse_rfc3339);
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
                let words = "give one of minVersion, version, asOf and consistent=true";
                self.errors.push(Fault::new("conflicting_parameters", words).at(Place::Parameter(name.to_owned())));
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

    /// Reads an optional parameter. Returns `Some(None)` if it was left out, and `None` if it is faulty.
    fn read<T>(&mut self, name: &'static str, read: impl FnOnce(&str) -> Result<T, Fault>) -> Option<Option<T>> {
        self.known.push(name);
        let values = self.request.query_string_parameters_ref().and_then(|parameters| parameters.all(name));
        let value = match values.as_deref() {
            None | Some([]) => return Some(None),
            Some([value]) => read(value),
            Some([_, _, ..]) => Err(Fault::new("repeated_parameter", "must be given once")),
        };
        note(&mut self.errors, Place::Parameter(name.to_owned()), value).map(Some)
    }

    fn finish(self) -> Vec<Invalid> {
        let mut errors = self.errors;
        let given = self.request.query_string_parameters();
        let mut unknown: Vec<_> =
            given.iter().map(|(name, _)| name).filter(|name| !self.known.contains(name)).collect();
        // The iteration order of a map varies, but the order in a reply must not.
        unknown.sort_unstable();
        unknown.dedup();
        errors.extend(unknown.into_iter().map(|name| {
            let fault = Fault::new("unknown_parameter", "is not a parameter of this request");
            fault.at(Place::Parameter(name.to_owned()))
        }));
        errors
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
