//! The scopes of a token and their purpose. A route accepts some of them; [`identity`](crate::identity) decides which
//! customer's orders a caller can access.

/// The kind of caller that receives a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeHolder {
    /// Clients of one customer: the scope covers this customer's orders.
    Customer,
    /// Services of the shop: the scope covers every order.
    Service,
    /// Operators: the scope includes all others, and covers every order.
    Admin,
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $holder:ident);+ $(;)?) => {
        /// A scope of a token, as an authorization server grants it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Scope { $($(#[$doc])* $variant),+ }

        impl Scope {
            /// Every scope.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the scope's name, without the prefix that a deployment may add.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Returns the kind of caller that receives the scope.
            #[must_use]
            pub const fn holder(self) -> ScopeHolder {
                match self { $(Self::$variant => ScopeHolder::$holder),+ }
            }
        }
    };
}

scopes! {
    /// Reads the customer's own orders, their history, list and totals.
    OrdersRead = "orders:read", Customer;
    /// Places orders from signed quotes.
    OrdersPlace = "orders:place", Customer;
    /// Cancels the customer's own orders, or units of them.
    OrdersCancel = "orders:cancel", Customer;
    /// Reads every order.
    OrdersReadAll = "orders:read-all", Service;
    /// Sets prices: places and cancels orders for every customer, and sets the reduction of the amount due.
    OrdersPlacePriced = "orders:place-priced", Service;
    /// Records, corrects and refunds payments.
    PaymentsWrite = "payments:write", Service;
    /// Records shipments, deliveries and returns.
    FulfillmentWrite = "fulfillment:write", Service;
    /// Includes every other scope.
    OrdersAdmin = "orders:admin", Admin;
}
