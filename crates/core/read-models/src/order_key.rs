//! The parts of a row's key, from an order's commit.

use order_aggregate::{CUSTOMER_ID, OrderCommit};
use order_domain::values::{CustomerId, OrderId};

use crate::projection::FoldError;

/// Returns the order's customer.
///
/// # Errors
/// Returns an error if the commit has no valid customer id.
pub(crate) fn customer_id(commit: &OrderCommit) -> Result<CustomerId, FoldError> {
    let customer_id = order_aggregate::customer_id(commit).and_then(|id| CustomerId::parse(id).ok());
    customer_id.ok_or(FoldError::NoKey { version: commit.version, part: CUSTOMER_ID })
}

/// Returns the order.
///
/// # Errors
/// Returns an error if the aggregate's id is not a valid order id.
pub(crate) fn order_id(commit: &OrderCommit) -> Result<OrderId, FoldError> {
    let none = |_| FoldError::NoKey { version: commit.version, part: "orderId" };
    OrderId::parse(&commit.aggregate_id).map_err(none)
}
