//! Every route, the scopes that it accepts, and the route that a request is for.

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};

use crate::scopes::Scope;

macro_rules! routes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $key:literal, [$($scope:ident),+];)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every route.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The route as API Gateway keys it: the method and the path's template.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key),+ }
            }

            /// The scopes of which a token needs one; [`Scope::OrdersAdmin`] does, too.
            #[must_use]
            pub const fn scopes(self) -> &'static [Scope] {
                match self { $(Self::$variant => &[$(Scope::$scope),+]),+ }
            }

            /// The route that a request is for, with the parameters of its path.
            #[must_use]
            pub fn of(request: &Request) -> Option<(Self, PathParameters)> {
                find(request, Self::ALL, Self::key)
            }
        }
    };
}

routes! {
    /// A route that changes an order.
    CommandRoute {
        /// Places a new order.
        PlaceOrder = "POST /orders", [OrdersPlace, OrdersPlacePriced];
        /// Records a payment that was received.
        RecordPayment = "POST /orders/{orderId}/payments", [PaymentsWrite];
        /// Corrects the amount of a recorded payment.
        CorrectPayment = "POST /orders/{orderId}/payments/{paymentId}/corrections", [PaymentsWrite];
        /// Refunds part or all of a payment.
        RefundPayment = "POST /orders/{orderId}/refunds", [PaymentsWrite];
        /// Ships items of a paid order.
        ShipItems = "POST /orders/{orderId}/shipments", [FulfillmentWrite];
        /// Records that a shipment arrived.
        RecordDelivery = "POST /orders/{orderId}/shipments/{shipmentId}/delivery", [FulfillmentWrite];
        /// Takes shipped items back.
        ReturnItems = "POST /orders/{orderId}/returns", [FulfillmentWrite];
        /// Takes units that were not shipped out of the order.
        CancelItems = "POST /orders/{orderId}/item-cancellations", [OrdersCancel, OrdersPlacePriced];
        /// Cancels an order of which nothing was shipped.
        CancelOrder = "POST /orders/{orderId}/cancellation", [OrdersCancel, OrdersPlacePriced];
    }
}

routes! {
    /// A route that only reads.
    QueryRoute {
        /// A customer's orders, newest first.
        ListOrders = "GET /customers/{customerId}/orders", [OrdersRead, OrdersReadAll];
        /// What a customer's orders come to.
        GetCustomerTotals = "GET /customers/{customerId}/totals", [OrdersRead, OrdersReadAll];
        /// One order, now or as it was.
        GetOrder = "GET /orders/{orderId}", [OrdersRead, OrdersReadAll];
        /// One order's audit trail.
        ListEvents = "GET /orders/{orderId}/events", [OrdersRead, OrdersReadAll];
        /// The description of this API.
        GetOpenApi = "GET /openapi.json", [OrdersRead, OrdersReadAll];
    }
}

/// The parameters of a path, decoded but not yet checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathParameters(Vec<(&'static str, String)>);

impl PathParameters {
    /// The parameter's text; empty when the route has none of that name, which no id's check lets pass.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find_map(|(key, value)| (*key == name).then_some(value.as_str())).unwrap_or_default()
    }

    /// The path of a route's key with these parameters in place.
    #[must_use]
    pub fn fill(&self, key: &'static str) -> String {
        let path = key.split_once(' ').map_or(key, |(_, path)| path);
        let segments: Vec<_> =
            path.split('/').map(|segment| parameter_name(segment).map_or(segment, |name| self.get(name))).collect();
        segments.join("/")
    }
}

/// API Gateway names the route and decodes the parameters. Where it names none (`$default`: a function URL, or
/// `cargo lambda watch`), the path itself is matched, undecoded: every character an id may hold stands for itself.
fn find<R: Copy>(request: &Request, all: &[R], key: fn(R) -> &'static str) -> Option<(R, PathParameters)> {
    let gateway_key = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.route_key.as_deref().filter(|key| *key != "$default"),
        Some(_) | None => None,
    };
    if let Some(gateway_key) = gateway_key {
        let route = all.iter().copied().find(|route| key(*route) == gateway_key)?;
        let given = request.path_parameters_ref();
        let parameters = names(key(route)).filter_map(|name| Some((name, given?.first(name)?.to_owned()))).collect();
        return Some((route, PathParameters(parameters)));
    }
    all.iter().find_map(|route| {
        let (method, template) = key(*route).split_once(' ')?;
        if request.method().as_str() != method {
            return None;
        }
        Some((*route, match_path(template, request.raw_http_path())?))
    })
}

fn names(template: &'static str) -> impl Iterator<Item = &'static str> {
    template.split('/').filter_map(parameter_name)
}

fn parameter_name(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn match_path(template: &'static str, path: &str) -> Option<PathParameters> {
    let mut segments = path.split('/');
    let mut parameters = Vec::new();
    for expected in template.split('/') {
        let segment = segments.next()?;
        match parameter_name(expected) {
            Some(name) => parameters.push((name, segment.to_owned())),
            None if expected == segment => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(PathParameters(parameters))
}
