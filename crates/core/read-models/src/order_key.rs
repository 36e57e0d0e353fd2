//! What a row's key is made of, as an order's commit tells it.

use order_aggregate::{CUSTOMER_ID, OrderCommit};
use order_domain::values::{CustomerId, OrderId};

use crate::projection::FoldError;

/// The order's customer.
///
/// # Errors
/// Where the commit names none that an id can be.
pub(crate) fn customer_id(commit: &OrderCommit) -> Result<CustomerId, FoldError> {
    let customer_id = order_aggregate::customer_id(commit).and_then(|id| CustomerId::parse(id).ok());
    customer_id.ok_or(FoldError::NoKey { version: commit.version, part: CUSTOMER_ID })
}

/// The order.
///
/// # Errors
/// Where the commit's aggregate has an id that no order of ours has.
pub(crate) fn order_id(commit: &OrderCommit) -> Result<OrderId, FoldError> {
    let none = |_| FoldError::NoKey { version: commit.version, part: "orderId" };
    OrderId::parse(&commit.aggregate_id).map_err(none)
}
