//! What a token may be used for. A route asks for one scope; what a caller may see is [`identity`](crate::identity)'s matter.

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A scope of a token, as an authorization server grants it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Scope { $($(#[$doc])* $variant),+ }

        impl Scope {
            /// Every scope.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The scope as tokens name it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What `WWW-Authenticate` says to a token without it (RFC 6750, section 3).
            #[must_use]
            pub const fn challenge(self) -> &'static str {
                match self { $(Self::$variant => concat!(r#"Bearer error="insufficient_scope", scope=""#, $name, "\"")),+ }
            }
        }
    };
}

scopes! {
    /// Reads orders, their history, lists and totals.
    OrdersRead = "orders:read",
    /// Places and cancels orders.
    OrdersWrite = "orders:write",
    /// Records, corrects and refunds payments.
    PaymentsWrite = "payments:write",
    /// Records shipments, deliveries and returns.
    FulfillmentWrite = "fulfillment:write",
    /// Stands for every other scope, and opens the orders of every customer.
    OrdersAdmin = "orders:admin",
}
