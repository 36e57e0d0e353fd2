//! Orders to place.

use command_handler::order_id::{new_order_id, quoted_order_id};
use fastrand::Rng;
use order_domain::values::{CustomerId, QuoteId};
use serde_json::{Value, json};

use crate::workload::caller::Caller;
use crate::workload::pricing::Terms;
use crate::world::names::CUSTOMERS;

/// The currencies.
const CURRENCIES: [&str; 2] = ["EUR", "USD"];
/// The total of an order with five units of its first line.
pub(crate) const TOTAL: u64 = 800;

/// An order to place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// Its id.
    pub id: String,
    /// The key of the request that places it.
    pub key: String,
    /// Its customer.
    pub customer: &'static str,
    /// The code of its currency.
    pub currency: &'static str,
    /// True if it has shipping, tax and a discount, which cancel each other out.
    pub has_charges: bool,
    /// True if it has a reference and metadata.
    pub has_notes: bool,
    /// The sender of the request that places it.
    pub placed_by: Caller,
    /// The quote that it is placed from, or `None` if its sender sets the prices.
    pub quote: Option<Terms>,
}

impl NewOrder {
    /// Draws the `number`th order of a history. Most are of the first customer in the first currency, so that they share a sum. With
    /// a busy customer, one order in eight is of the other.
    pub(crate) fn drawn(number: u8, is_priced: bool, is_busy: bool, random: &mut Rng) -> Self {
        let mut one_of = |two: [&'static str; 2], n: u8| two[usize::from(random.u8(0..n) == 0)];
        let (customer, currency) = (one_of(CUSTOMERS, if is_busy { 8 } else { 3 }), one_of(CURRENCIES, 3));
        let (has_charges, has_notes) = (random.bool(), random.bool());
        let drawn = random.u8(0..8);
        let terms = Terms::drawn(number, random);
        let quote = (random.bool() && !is_priced).then_some(terms);
        let placed_by = match drawn {
            0 => Caller::Admin,
            1 => Caller::SignedService,
            2 => Caller::Shop,
            _ if quote.is_some() => Caller::Customer(customer),
            _ => Caller::Shop,
        };
        let key = quote.as_ref().map_or_else(|| format!("order-{number}"), |terms| format!("quote:{}", terms.quote_id));
        let ids =
            quote.as_ref().and_then(|it| Some((CustomerId::parse(customer).ok()?, QuoteId::parse(&it.quote_id).ok()?)));
        let id = match ids {
            Some((customer, quote)) => quoted_order_id(&customer, &quote),
            None => new_order_id(&placed_by.actor(), &key),
        };
        Self { id, key, customer, currency, has_charges, has_notes, placed_by, quote }
    }

    /// The content that a trusted caller sends: four units of one line, and `quantity` units of the other.
    pub(super) fn content(&self, quantity: u64) -> Value {
        let items = json!([
            { "sku": "A", "quantity": quantity, "unitPrice": 60 },
            { "sku": "B", "quantity": 4, "unitPrice": 125 },
        ]);
        let mut content = json!({ "customerId": self.customer, "currency": self.currency, "items": items });
        if self.has_charges {
            content["shipping"] = json!(60);
            content["tax"] = json!(20);
            content["discount"] = json!(80);
        }
        if self.has_notes {
            content["reference"] = json!("shop #1");
            content["metadata"] = json!({ "channel": "web", "wrapping": "紙" });
        }
        content
    }
}
