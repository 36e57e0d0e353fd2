//! The list of routes: the only place that defines the name, the function and the accepted scopes of each route.
//!
//! Other places repeat the routes in their own formats. Tests compare each place with this list, and a failure names
//! the place:
//!
//! | place | test |
//! |---|---|
//! | `docs/openapi.json` | `tests/contract/openapi.rs` |
//! | `template.yaml`, the router of `cargo lambda watch`, the access matrix | `tests/routes.rs` of `sam-template` |
//! | the gateway of the local stack | `src/declared.rs` of `local-stack` |

use lambda_http::Request;

use crate::matching::Routed;
use crate::problem::Problem;
use crate::scopes::Scope;

/// A route of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The name of its command or query: `PlaceOrder`.
    pub name: &'static str,
    /// The HTTP method: `POST`.
    pub method: &'static str,
    /// The path with its parameters in braces: `/orders/{orderId}/payments`.
    pub path: &'static str,
    /// The route key of API Gateway: the method and the path.
    pub key: &'static str,
    /// The name of the function that replies.
    pub function: &'static str,
    /// The accepted scopes. A token needs one of them or [`Scope::OrdersAdmin`].
    pub scopes: &'static [Scope],
}

macro_rules! routes {
    ($(
        $(#[$doc:meta])*
        $routes:ident of $function:literal {
            $($(#[$variant_doc:meta])* $name:ident = $method:ident $path:literal, [$($scope:ident),+];)+
        }
    )+) => {
        /// All routes of the API.
        pub const ROUTES: &[Route] = &[$($($routes::$name.route()),+),+];

        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum $routes { $($(#[$variant_doc])* $name),+ }

            impl $routes {
                /// All routes of this kind.
                pub const ALL: &'static [Self] = &[$(Self::$name),+];

                /// Returns the route's entry in the list.
                #[must_use]
                pub const fn route(self) -> Route {
                    match self {
                        $(Self::$name => Route {
                            name: stringify!($name),
                            method: stringify!($method),
                            path: $path,
                            key: concat!(stringify!($method), " ", $path),
                            function: $function,
                            scopes: &[$(Scope::$scope),+],
                        }),+
                    }
                }

                /// Returns the route key of API Gateway: the method and the path.
                #[must_use]
                pub const fn key(self) -> &'static str {
                    self.route().key
                }

                /// Returns the accepted scopes. A token needs one of them or [`Scope::OrdersAdmin`].
                #[must_use]
                pub const fn scopes(self) -> &'static [Scope] {
                    self.route().scopes
                }

                /// Matches a request to its route.
                ///
                /// # Errors
                /// Returns `route_not_found` if no route matches.
                pub fn of(request: &Request) -> Result<Routed<'_, Self>, Problem> {
                    Routed::find(request, Self::ALL, Self::route)
                }
            }
        )+
    };
}

routes! {
    /// A route that changes an order.
    CommandRoute of "command-handler" {
        /// Places a new order.
        PlaceOrder = POST "/orders", [OrdersPlace, OrdersPlacePriced];
        /// Records a received payment.
        RecordPayment = POST "/orders/{orderId}/payments", [PaymentsWrite];
        /// Corrects the amount of a recorded payment.
        CorrectPayment = POST "/orders/{orderId}/payments/{paymentId}/corrections", [PaymentsWrite];
        /// Refunds part or all of a payment.
        RefundPayment = POST "/orders/{orderId}/refunds", [PaymentsWrite];
        /// Ships items of a paid order.
        ShipItems = POST "/orders/{orderId}/shipments", [FulfillmentWrite];
        /// Records that a shipment arrived.
        RecordDelivery = POST "/orders/{orderId}/shipments/{shipmentId}/delivery", [FulfillmentWrite];
        /// Records returned items.
        ReturnItems = POST "/orders/{orderId}/returns", [FulfillmentWrite];
        /// Cancels units that were not shipped.
        CancelItems = POST "/orders/{orderId}/item-cancellations", [OrdersCancel, OrdersPlacePriced];
        /// Cancels an order from which nothing was shipped.
        CancelOrder = POST "/orders/{orderId}/cancellation", [OrdersCancel, OrdersPlacePriced];
    }

    /// A route that only reads.
    QueryRoute of "query-handler" {
        /// Lists a customer's orders, newest first.
        ListOrders = GET "/customers/{customerId}/orders", [OrdersRead, OrdersReadAll];
        /// Reads the totals of a customer's orders.
        GetCustomerTotals = GET "/customers/{customerId}/totals", [OrdersRead, OrdersReadAll];
        /// Lists the open orders of all customers, newest first.
        ListOpenOrders = GET "/orders", [OrdersReadAll];
        /// Reads one order in its current or an earlier state.
        GetOrder = GET "/orders/{orderId}", [OrdersRead, OrdersReadAll];
        /// Lists one order's audit trail.
        ListEvents = GET "/orders/{orderId}/events", [OrdersRead, OrdersReadAll];
        /// Reads the description of this API.
        GetOpenApi = GET "/openapi.json", [OrdersRead, OrdersReadAll];
    }
}
