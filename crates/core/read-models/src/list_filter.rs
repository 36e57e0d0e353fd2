//! The filter of a list: conditions on the rows' attributes, and a range of the sort key.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::Timestamp;
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};

/// The sort key of lists, `<placedAt>#<orderId>`, in tables and indexes.
pub(crate) const SORT: &str = "placedAtOrderId";
const STATUS: &str = "status";
const PAYMENT_STATUS: &str = "paymentStatus";
const FULFILLMENT_STATUS: &str = "fulfillmentStatus";
/// The attribute that is true if units of the order can be shipped now.
const TO_SHIP: &str = "toShip";

/// The filter of a list. An order is listed if it matches all given conditions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Orders of this status.
    pub status: Option<OrderStatus>,
    /// Orders of this payment status.
    pub payment_status: Option<PaymentStatus>,
    /// Orders of this fulfilment status.
    pub fulfillment_status: Option<FulfillmentStatus>,
    /// Orders that have, or do not have, units that can be shipped now.
    pub to_ship: Option<bool>,
    /// Orders placed at this instant or later.
    pub placed_from: Option<Timestamp>,
    /// Orders placed before this instant.
    pub placed_before: Option<Timestamp>,
}

/// The facts of an order that filters use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedFacts {
    /// The order's status.
    pub status: OrderStatus,
    /// The order's payment status.
    pub payment_status: PaymentStatus,
    /// The order's fulfilment status.
    pub fulfillment_status: FulfillmentStatus,
    /// True if units of the order can be shipped now.
    pub to_ship: bool,
    /// The time when the order was placed.
    pub placed_at: Timestamp,
}

impl ListFilter {
    /// Returns true if an order with these facts is listed. It defines the meaning of the filter for orders without a
    /// readable row and for stores other than DynamoDB.
    #[must_use]
    pub fn admits(&self, order: &ListedFacts) -> bool {
        self.status.is_none_or(|status| status == order.status)
            && self.payment_status.is_none_or(|status| status == order.payment_status)
            && self.fulfillment_status.is_none_or(|status| status == order.fulfillment_status)
            && self.to_ship.is_none_or(|to_ship| to_ship == order.to_ship)
            && self.placed_from.is_none_or(|from| from <= order.placed_at)
            && self.placed_before.is_none_or(|before| order.placed_at < before)
    }

    /// Returns true if every row in the range of the sort key is listed, so that a page reads no row without need.
    pub(crate) const fn lists_every_row(&self) -> bool {
        self.status.is_none()
            && self.payment_status.is_none()
            && self.fulfillment_status.is_none()
            && self.to_ship.is_none()
    }

    /// Returns the range of sort keys to read after the position of the previous page; `None` if no row can be in it.
    pub(crate) fn range(&self, after: Option<&str>) -> Option<SortRange> {
        // `<placedAt>` sorts before `<placedAt>#<orderId>`, so it bounds the orders placed at that instant or later.
        let lowest = self.placed_from.map(|from| from.to_string());
        let bound = self.placed_before.map(|before| before.to_string());
        let is_empty = |end: Option<&str>| end.is_some_and(|end| lowest.as_deref().is_some_and(|low| end < low));
        if is_empty(bound.as_deref()) || is_empty(after) {
            return None;
        }
        // DynamoDB rejects a start key outside the range. Such a position is forged. If it is above the range, it
        // changes nothing.
        let start = after.filter(|after| bound.as_deref().is_none_or(|bound| *after < bound)).map(str::to_owned);
        Some(SortRange { lowest, bound, start })
    }

    /// Adds the conditions on attributes to a query.
    pub(crate) fn attributes(&self, mut query: QueryFluentBuilder) -> QueryFluentBuilder {
        let word = |word: &str| AttributeValue::S(word.to_owned());
        let wanted = [
            ("#status", ":status", STATUS, self.status.map(|status| word(status.as_str()))),
            ("#payment", ":payment", PAYMENT_STATUS, self.payment_status.map(|status| word(status.as_str()))),
            (
                "#fulfillment",
                ":fulfillment",
                FULFILLMENT_STATUS,
                self.fulfillment_status.map(|status| word(status.as_str())),
            ),
            ("#toShip", ":toShip", TO_SHIP, self.to_ship.map(AttributeValue::Bool)),
        ];
        let mut conditions = Vec::new();
        for (name, placeholder, attribute, value) in wanted {
            let Some(value) = value else { continue };
            conditions.push(format!("{name} = {placeholder}"));
            query = query.expression_attribute_names(name, attribute).expression_attribute_values(placeholder, value);
        }
        if conditions.is_empty() { query } else { query.filter_expression(conditions.join(" AND ")) }
    }
}

/// A range of sort keys `<placedAt>#<orderId>`.
#[derive(Debug, Clone)]
pub(crate) struct SortRange {
    lowest: Option<String>,
    bound: Option<String>,
    /// The position within the range after which to start.
    pub(crate) start: Option<String>,
}

impl SortRange {
    /// Adds the key condition for a partition, newest first. DynamoDB accepts one condition on the sort key. `BETWEEN`
    /// includes the bound, which does no harm, because no key equals it.
    pub(crate) fn apply(&self, query: QueryFluentBuilder, attribute: &str, partition: &str) -> QueryFluentBuilder {
        let condition = match (&self.lowest, &self.bound) {
            (None, None) => "#partition = :partition",
            (Some(_), None) => "#partition = :partition AND #sort >= :from",
            (None, Some(_)) => "#partition = :partition AND #sort < :before",
            (Some(_), Some(_)) => "#partition = :partition AND #sort BETWEEN :from AND :before",
        };
        let mut query = query
            .scan_index_forward(false)
            .key_condition_expression(condition)
            .expression_attribute_names("#partition", attribute)
            .expression_attribute_values(":partition", AttributeValue::S(partition.to_owned()));
        if self.lowest.is_some() || self.bound.is_some() {
            query = query.expression_attribute_names("#sort", SORT);
        }
        for (name, value) in [(":from", &self.lowest), (":before", &self.bound)] {
            if let Some(value) = value {
                query = query.expression_attribute_values(name, AttributeValue::S(value.clone()));
            }
        }
        query
    }
}
