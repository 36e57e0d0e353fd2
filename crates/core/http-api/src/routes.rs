//! The list of routes: the one place that names each route, its function and the scopes that it accepts.
//!
//! Other places repeat routes in languages of their own. Tests hold each place to this list, and their failures name it:
//!
//! | place | test |
//! |---|---|
//! | `docs/openapi.json` | `tests/contract/openapi.rs` |
//! | `template.yaml`, the router of `cargo lambda watch`, both access matrices | `tests/routes.rs` of `sam-template` |
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
    /// The path, its parameters in braces: `/orders/{orderId}/payments`.
    pub path: &'static str,
    /// The route as API Gateway keys it: the method and the path.
    pub key: &'static str,
    /// The name of the function that replies.
    pub function: &'static str,
    /// The scopes of which a token needs one; [`Scope::OrdersAdmin`] is accepted too.
    pub scopes: &'static [Scope],
}

macro_rules! routes {
    ($(
        $(#[$doc:meta])*
        $routes:ident of $function:literal {
            $($(#[$variant_doc:meta])* $name:ident = $method:ident $path:literal, [$($scope:ident),+];)+
        }
    )+) => {
        /// Every route of the API.
        pub const ROUTES: &[Route] = &[$($($routes::$name.route()),+),+];

        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum $routes { $($(#[$variant_doc])* $name),+ }

            impl $routes {
                /// Every route of this kind.
                pub const ALL: &'static [Self] = &[$(Self::$name),+];

                /// The route's line of the list.
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

                /// The route as API Gateway keys it: the method and the path.
                #[must_use]
                pub const fn key(self) -> &'static str {
                    self.route().key
                }

                /// The scopes of which a token needs one; [`Scope::OrdersAdmin`] is accepted too.
                #[must_use]
                pub const fn scopes(self) -> &'static [Scope] {
                    self.route().scopes
                }

                /// Matches a request to its route.
                ///
                /// # Errors
                /// `route_not_found`.
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
        /// Records a payment that was received.
        RecordPayment = POST "/orders/{orderId}/payments", [PaymentsWrite];
        /// Corrects the amount of a recorded payment.
        CorrectPayment = POST "/orders/{orderId}/payments/{paymentId}/corrections", [PaymentsWrite];
        /// Refunds part or all of a payment.
        RefundPayment = POST "/orders/{orderId}/refunds", [PaymentsWrite];
        /// Ships items of a paid order.
        ShipItems = POST "/orders/{orderId}/shipments", [FulfillmentWrite];
        /// Records that a shipment arrived.
        RecordDelivery = POST "/orders/{orderId}/shipments/{shipmentId}/delivery", [FulfillmentWrite];
        /// Takes shipped items back.
        ReturnItems = POST "/orders/{orderId}/returns", [FulfillmentWrite];
        /// Takes units that were not shipped out of the order.
        CancelItems = POST "/orders/{orderId}/item-cancellations", [OrdersCancel, OrdersPlacePriced];
        /// Cancels an order of which nothing was shipped.
        CancelOrder = POST "/orders/{orderId}/cancellation", [OrdersCancel, OrdersPlacePriced];
    }

    /// A route that only reads.
    QueryRoute of "query-handler" {
        /// A customer's orders, newest first.
        ListOrders = GET "/customers/{customerId}/orders", [OrdersRead, OrdersReadAll];
        /// The totals of a customer's orders.
        GetCustomerTotals = GET "/customers/{customerId}/totals", [OrdersRead, OrdersReadAll];
        /// One order, now or as it was.
        GetOrder = GET "/orders/{orderId}", [OrdersRead, OrdersReadAll];
        /// One order's audit trail.
        ListEvents = GET "/orders/{orderId}/events", [OrdersRead, OrdersReadAll];
        /// The description of this API.
        GetOpenApi = GET "/openapi.json", [OrdersRead, OrdersReadAll];
    }
}
