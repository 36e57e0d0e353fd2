//! The part of a reply that says that recorded events are not shown yet.

use serde::Serialize;

/// States that a reply does not show everything that was recorded, because a part of it could not be processed. It has
/// two fields: `stale`, which is true, and `staleReason`. It does not contain the cause, which is for the operator
/// only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stale {
    stale: bool,
    stale_reason: String,
}

impl Stale {
    /// Returns the value for one order that is not shown from this version on. Versions count from 1.
    #[must_use]
    pub fn order(version: u64) -> Self {
        Self::because(format!(
            "Versions from {version} on are not shown yet: version {version} could not be processed."
        ))
    }

    /// Returns the value for one order that is shown beyond the failed version, but not yet up to the versions that
    /// waited behind it. It is not shown from this version on. Versions count from 1.
    #[must_use]
    pub fn order_behind(version: u64) -> Self {
        Self::because(format!("Versions from {version} on are not shown yet."))
    }

    /// Returns the value for a customer's list: the number of affected orders, at least 1, on any page.
    #[must_use]
    pub fn list(orders: usize) -> Self {
        Self::of_orders(orders, "shown")
    }

    /// Returns the value for a customer's totals: the number of affected orders, at least 1.
    #[must_use]
    pub fn totals(orders: usize) -> Self {
        Self::of_orders(orders, "counted")
    }

    fn of_orders(orders: usize, done: &str) -> Self {
        Self::because(if orders == 1 {
            format!("One order is not {done} as it is now, or not at all: a version of it could not be processed.")
        } else {
            format!(
                "{orders} orders are not {done} as they are now, or not at all: a version of each could not be processed."
            )
        })
    }

    fn because(stale_reason: String) -> Self {
        Self { stale: true, stale_reason }
    }
}
