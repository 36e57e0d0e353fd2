//! The filter of a list: conditions on the rows' attributes, and a range of the sort key.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::Timestamp;
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};

use super::{PARTITION, SORT};
use crate::order_summary::STATUS;

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
    pub(super) const fn lists_every_row(&self) -> bool {
        self.status.is_none()
            && self.payment_status.is_none()
            && self.fulfillment_status.is_none()
            && self.to_ship.is_none()
    }

    /// Adds the customer, the range, the attribute conditions and the position of the previous page to a query. Returns
    /// `None` if no row can follow that position.
    pub(super) fn apply(
        &self,
        query: QueryFluentBuilder,
        customer_id: &str,
        after: Option<&str>,
    ) -> Option<QueryFluentBuilder> {
        // `<placedAt>` sorts before `<placedAt>#<orderId>`, so it bounds the orders placed at that instant or later.
        let lowest = self.placed_from.map(|from| from.to_string());
        let bound = self.placed_before.map(|before| before.to_string());
        let is_empty = |end: Option<&str>| end.is_some_and(|end| lowest.as_deref().is_some_and(|low| end < low));
        if is_empty(bound.as_deref()) || is_empty(after) {
            return None;
        }
        // DynamoDB rejects a start key outside the range. Such a position is forged. If it is above the range, it
        // changes nothing.
        let start = after.filter(|after| bound.as_deref().is_none_or(|bound| *after < bound));
        let query = self.attributes(range(query, customer_id, lowest, bound));
        Some(match start {
            None => query,
            Some(start) => query
                .exclusive_start_key(PARTITION, AttributeValue::S(customer_id.to_owned()))
                .exclusive_start_key(SORT, AttributeValue::S(start.to_owned())),
        })
    }

    fn attributes(&self, mut query: QueryFluentBuilder) -> QueryFluentBuilder {
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

/// Adds the key condition. DynamoDB accepts one condition on the sort key. `BETWEEN` includes the bound, which does no
/// harm, because no key equals it.
fn range(
    query: QueryFluentBuilder,
    customer_id: &str,
    lowest: Option<String>,
    bound: Option<String>,
) -> QueryFluentBuilder {
    let condition = match (&lowest, &bound) {
        (None, None) => "#customer = :customer",
        (Some(_), None) => "#customer = :customer AND #sort >= :from",
        (None, Some(_)) => "#customer = :customer AND #sort < :before",
        (Some(_), Some(_)) => "#customer = :customer AND #sort BETWEEN :from AND :before",
    };
    let mut query = query
        .key_condition_expression(condition)
        .expression_attribute_names("#customer", PARTITION)
        .expression_attribute_values(":customer", AttributeValue::S(customer_id.to_owned()));
    if lowest.is_some() || bound.is_some() {
        query = query.expression_attribute_names("#sort", SORT);
    }
    if let Some(lowest) = lowest {
        query = query.expression_attribute_values(":from", AttributeValue::S(lowest));
    }
    if let Some(bound) = bound {
        query = query.expression_attribute_values(":before", AttributeValue::S(bound));
    }
    query
}
