//! What a reply says while something that was recorded waits to be shown.

use serde::Serialize;

/// That a reply does not show everything that was recorded, because some of it could not be processed: `stale`, which
/// is true, and `staleReason`. It says nothing of the cause, which is the operator's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stale {
    stale: bool,
    stale_reason: String,
}

impl Stale {
    /// Of one order: it is not shown from this version on, counted from 1.
    #[must_use]
    pub fn order(version: u64) -> Self {
        Self::because(format!(
            "Versions from {version} on are not shown yet: version {version} could not be processed."
        ))
    }

    /// Of one order that is shown beyond what could not be processed, and not yet up to what waited behind it: it is not
    /// shown from this version on, counted from 1.
    #[must_use]
    pub fn order_behind(version: u64) -> Self {
        Self::because(format!("Versions from {version} on are not shown yet."))
    }

    /// Of a customer's list: so many orders are affected, from 1, on whichever page they belong.
    #[must_use]
    pub fn list(orders: usize) -> Self {
        Self::of_orders(orders, "shown")
    }

    /// Of a customer's totals: so many orders are affected, from 1.
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
