//! The currency of each order, which only its first event contains.

use std::collections::HashMap;

use publication::CloudEvent;

/// The currencies of recently placed orders. Their number is limited, so that memory use stays constant over weeks.
pub(crate) struct Currencies {
    /// The newest orders. When this map is full, it replaces the map of older orders, which is forgotten.
    newer: HashMap<String, String>,
    older: HashMap<String, String>,
    /// The maximum size of each of the two maps.
    limit: usize,
}

impl Default for Currencies {
    fn default() -> Self {
        Self::with_limit(50_000)
    }
}

impl Currencies {
    fn with_limit(limit: usize) -> Self {
        Self { newer: HashMap::new(), older: HashMap::new(), limit }
    }

    /// Records the currency if the event names one.
    pub(crate) fn learn(&mut self, event: &CloudEvent) {
        let Some(currency) = event.data.get("currency").and_then(serde_json::Value::as_str) else { return };
        if self.newer.len() >= self.limit {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(event.subject.clone(), currency.to_owned());
    }

    /// Returns an order's currency, if it is known.
    pub(crate) fn of(&self, order: &str) -> Option<&str> {
        self.newer.get(order).or_else(|| self.older.get(order)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::row::tests::event;

    #[test]
    fn the_currencies_of_the_orders_placed_last_are_remembered_and_no_more() {
        let mut currencies = Currencies::with_limit(10);
        for number in 0..95 {
            let placed = event("OrderPlaced", &format!("o-{number}"), &serde_json::json!({ "currency": "EUR" }));
            currencies.learn(&placed);
            assert!(currencies.newer.len() + currencies.older.len() <= 20);
        }
        currencies.learn(&event("ItemDelivered", "o-94", &serde_json::json!({ "shipmentId": "s-1" })));
        assert_eq!(currencies.of("o-94"), Some("EUR"));
        assert_eq!(currencies.of("o-85"), Some("EUR"));
        assert_eq!(currencies.of("o-79"), None);
    }
}
