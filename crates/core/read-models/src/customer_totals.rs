//! `CustomerTotals`: the totals of each customer's orders, by currency.
//!
//! It spans orders, but its fold does not: each order has a row, its contribution, at `order#<orderId>` of its
//! customer. The sums of the contributions, one for each currency, are stored beside the rows.

mod row;

use event_store::RecordedEvent;
use order_aggregate::{OrderCommit, Orders};
use order_domain::{Event, stored};
pub use row::{Contribution, CurrencyTotals, PlacedOrder};

use crate::order_fold::{FigureChange, row_to_change};
use crate::order_key;
use crate::projection::{FoldError, KeyAttributes, Projection, RowKey};
use crate::summed::{SumError, Summed};

/// The prefix of the sort keys of contributions.
const ORDER: &str = "order#";

/// A customer's totals.
#[derive(Debug, Clone, Copy)]
pub struct CustomerTotals;

impl Projection for CustomerTotals {
    type Aggregate = Orders;
    type Row = Contribution;
    const NAME: &'static str = "CustomerTotals";
    const NUMBER: u32 = 2;
    const KEY: KeyAttributes = KeyAttributes { partition: "customerId", sort: "entry" };

    fn key(commit: &OrderCommit) -> Result<RowKey, FoldError> {
        let (customer_id, order_id) = (order_key::customer_id(commit)?, order_key::order_id(commit)?);
        Ok(RowKey { partition: customer_id.to_string(), sort: format!("{ORDER}{}", order_id.as_str()) })
    }

    fn aggregate_id(key: &RowKey) -> Option<&str> {
        key.sort.strip_prefix(ORDER)
    }

    /// Returns true only for commits that place an order or move money.
    fn concerns(commit: &OrderCommit) -> bool {
        commit.events.iter().any(|recorded| {
            matches!(recorded.event, Event::OrderPlaced(_)) || FigureChange::of(&recorded.event).money.is_some()
        })
    }

    fn apply(
        row: Option<Contribution>,
        recorded: &RecordedEvent<Event>,
        commit: &OrderCommit,
    ) -> Result<Contribution, FoldError> {
        let row = row_to_change(row, recorded, commit, |placed| Contribution {
            currency: placed.currency.code().to_owned(),
            order: PlacedOrder { placed_at: commit.recorded_at, order_id: commit.aggregate_id.clone() },
            amount_paid: 0,
            amount_refunded: 0,
        })?;
        let money = FigureChange::of(&recorded.event).money.unwrap_or_default();
        let others = row.amount_paid.checked_sub(money.replaced);
        let amount_paid = others.and_then(|others| others.checked_add(money.received));
        let amount_refunded = row.amount_refunded.checked_add(money.refunded);
        let (amount_paid, amount_refunded) = amount_paid.zip(amount_refunded).ok_or_else(|| FoldError::OutOfRange {
            version: commit.version,
            event_type: stored::event_type(&recorded.event),
        })?;
        Ok(Contribution { amount_paid, amount_refunded, ..row })
    }
}

impl Summed for CustomerTotals {
    type Sum = CurrencyTotals;

    fn sum_name(row: &Contribution) -> &str {
        &row.currency
    }

    fn replace(
        sum: Option<CurrencyTotals>,
        old: Option<&Contribution>,
        new: &Contribution,
    ) -> Result<CurrencyTotals, SumError> {
        let sum = sum.unwrap_or_else(|| CurrencyTotals::nothing(new));
        let amount =
            |figure, sum, amount: fn(&Contribution) -> u64| replace(figure, sum, old.map_or(0, amount), amount(new));
        Ok(CurrencyTotals {
            orders: replace("orders", sum.orders, u64::from(old.is_some()), 1)?,
            gross: amount("gross", sum.gross, |row| row.amount_paid)?,
            refunded: amount("refunded", sum.refunded, |row| row.amount_refunded)?,
            first_order: sum.first_order.min(new.order.clone()),
            last_order: sum.last_order.max(new.order.clone()),
            currency: sum.currency,
        })
    }
}

fn replace(figure: &'static str, sum: u64, old: u64, new: u64) -> Result<u64, SumError> {
    let others = sum.checked_sub(old).ok_or(SumError::NotInIt { figure })?;
    others.checked_add(new).ok_or(SumError::TooLarge { figure })
}
