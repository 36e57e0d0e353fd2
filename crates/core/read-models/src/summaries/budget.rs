//! The read units that a page of a list may consume, and the `Limit` that keeps each request within them.
//!
//! A request is billed for every row that it examines, even if the row does not match the filter: 0.5 units for each
//! started 4 KB, up to 128 units for the 1 MB that a request reads at most. So the `Limit` bounds a request before it
//! is sent. The size of the rows is known only from earlier requests, so:
//!
//! - The first request examines four rows. The largest orders that the domain allows, with 100 lines with names of 256
//!   four-byte characters, have rows of 115 KB, and four of them fit in the budget.
//! - Each further request uses half of the remaining units, at the price of the rows so far, and examines at most five
//!   times as many rows as so far. So its rows may be twice as large as the earlier ones on average.
//! - The page ends if fewer than 16 units are left. One row of the largest size fits in them.
//!
//! A page exceeds the budget only if the rows of one request are on average more than twice as large as the earlier
//! ones: five of the largest orders after four small ones, for example. That request ends the page, and costs at most
//! 128 units. No `Limit` above four prevents this, and with requests of four rows, a page of 20 would take six round
//! trips instead of two.

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// The largest consumption of a page's rows, in half read units. With the usual half unit for the notes on parked
/// orders, a page stays within 64 units.
pub const PAGE_HALF_UNITS: u64 = 126;

/// The budget below which a page ends, in half read units.
const RESERVE: u64 = 32;
const FIRST_REQUEST: u64 = 4;
const GROWTH: u64 = 5;
/// The price of a request of 1 MB, for a reply without a price.
const LARGEST_REQUEST: u64 = 256;

/// The rows and half read units of a page, in total and in its last request.
#[derive(Debug, Default)]
pub(super) struct Budget {
    rows: u64,
    half_units: u64,
    last: (u64, u64),
}

impl Budget {
    /// Returns the number of rows that the next request may examine; `None` once the page must end.
    pub(super) fn next_limit(&self) -> Option<usize> {
        let left = PAGE_HALF_UNITS.saturating_sub(self.half_units);
        if left < RESERVE {
            return None;
        }
        let limit = if self.rows == 0 {
            FIRST_REQUEST
        } else {
            let by_price = |(rows, half_units): (u64, u64)| left * rows / (2 * half_units.max(1));
            let affordable = by_price((self.rows, self.half_units)).min(by_price(self.last));
            affordable.clamp(1, self.rows * GROWTH)
        };
        usize::try_from(limit).ok()
    }

    /// Adds a request that examined so many rows.
    pub(super) fn spend(&mut self, rows: u64, half_units: u64) {
        self.rows = self.rows.saturating_add(rows);
        self.half_units = self.half_units.saturating_add(half_units);
        self.last = (rows, half_units);
    }

    /// Returns the half read units consumed so far.
    pub(super) const fn half_units(&self) -> u64 {
        self.half_units
    }
}

/// Returns the price of a request in half read units.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "DynamoDB reports capacity as a non-negative float in steps of a half"
)]
pub(crate) fn half_units(consumed: Option<&ConsumedCapacity>) -> u64 {
    consumed.and_then(ConsumedCapacity::capacity_units).map_or(LARGEST_REQUEST, |units| (units * 2.0).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the limits of a page's requests over rows of that size in bytes, and their total price.
    fn limits(row: u64) -> (Vec<usize>, u64) {
        let (mut budget, mut limits) = (Budget::default(), Vec::new());
        while let Some(limit) = budget.next_limit() {
            let rows = limit as u64;
            limits.push(limit);
            budget.spend(rows, (rows * row).div_ceil(4096));
        }
        (limits, budget.half_units())
    }

    #[test]
    fn requests_grow_with_what_is_known_of_the_rows() {
        assert_eq!(limits(600), (vec![4, 20, 120, 340, 181], 99));
        assert_eq!(limits(115_000), (vec![4], 113));
    }

    #[test]
    fn rows_of_any_one_size_stay_within_the_budget() {
        for row in 1..=120_000 {
            let (limits, half_units) = limits(row);
            assert!(half_units <= PAGE_HALF_UNITS, "{row} bytes: {limits:?} consume {half_units}");
            assert!(half_units > PAGE_HALF_UNITS - RESERVE, "{row} bytes: {limits:?} consume {half_units}");
            assert!(limits.len() <= 12, "{row} bytes: {limits:?}");
        }
    }

    #[test]
    fn a_reply_without_a_price_counts_as_the_dearest() {
        assert_eq!(half_units(None), LARGEST_REQUEST);
        assert_eq!(half_units(Some(&ConsumedCapacity::builder().capacity_units(1.5).build())), 3);
    }
}
