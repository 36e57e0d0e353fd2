//! The scopes of a token, and what each is for. A route accepts some of them; [`identity`](crate::identity) decides whose orders a
//! caller reaches.

/// The kind of caller that a scope is granted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeHolder {
    /// Clients of one customer: the scope reaches this customer's orders.
    Customer,
    /// Services of the shop: the scope reaches every order.
    Service,
    /// Operators: the scope includes all others, and reaches every order.
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

            /// The scope's name, without the prefix that a deployment may add.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The kind of caller that it is granted to.
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
    /// Sets prices: places orders for every customer, cancels them, and says how much is taken off what is due.
    OrdersPlacePriced = "orders:place-priced", Service;
    /// Records, corrects and refunds payments.
    PaymentsWrite = "payments:write", Service;
    /// Records shipments, deliveries and returns.
    FulfillmentWrite = "fulfillment:write", Service;
    /// Includes every other scope.
    OrdersAdmin = "orders:admin", Admin;
}
