//! Callers: one for each kind of token that an authorization server grants, and a service that signs its requests.

use serde_json::{Value, json};

/// The sender of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// A customer: places orders from quotes, cancels and reads its own orders.
    Customer(&'static str),
    /// The shop: places orders at its own prices, and cancels.
    Shop,
    /// The payment provider.
    PaymentProvider,
    /// The warehouse.
    Warehouse,
    /// The support desk: reads every order.
    Support,
    /// An operator.
    Admin,
    /// A service of the account, which signs its requests.
    SignedService,
    /// A customer's token that also has scopes of services. Its requests must be rejected.
    Mixed(&'static str),
}

/// The user ARN of the service that signs.
const SERVICE_ARN: &str = "arn:aws:iam::123456789012:user/order-desk";

impl Caller {
    /// The scopes of the caller's token. A caller without a token has none.
    #[must_use]
    pub const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Customer(_) => &["orders:read", "orders:place", "orders:cancel"],
            Self::Shop => &["orders:place-priced", "orders:read-all"],
            Self::PaymentProvider => &["payments:write"],
            Self::Warehouse => &["fulfillment:write"],
            Self::Support => &["orders:read-all"],
            Self::Admin => &["orders:admin"],
            Self::SignedService => &[],
            Self::Mixed(_) => &["orders:place", "orders:cancel", "payments:write", "fulfillment:write"],
        }
    }

    /// The caller's name in a commit.
    #[must_use]
    pub fn actor(self) -> String {
        match self.subject() {
            Some(subject) => format!("jwt:{subject}"),
            None => format!("iam:{SERVICE_ARN}"),
        }
    }

    /// The customer, if the caller may access only that customer's orders.
    #[must_use]
    pub const fn customer(self) -> Option<&'static str> {
        let Self::Customer(customer) = self else { return None };
        Some(customer)
    }

    /// The `authorizer` of a request context, as API Gateway writes it.
    pub(crate) fn authorizer(self) -> Value {
        match self.subject() {
            Some(subject) => {
                let claims = json!({ "sub": subject, "scope": self.scopes().join(" ") });
                json!({ "jwt": { "claims": claims, "scopes": Value::Null } })
            }
            None => json!({ "iam": { "accountId": "123456789012", "userArn": SERVICE_ARN } }),
        }
    }

    const fn subject(self) -> Option<&'static str> {
        match self {
            Self::Customer(customer) | Self::Mixed(customer) => Some(customer),
            Self::Shop => Some("shop"),
            Self::PaymentProvider => Some("payment-provider"),
            Self::Warehouse => Some("warehouse"),
            Self::Support => Some("support"),
            Self::Admin => Some("admin"),
            Self::SignedService => None,
        }
    }
}
