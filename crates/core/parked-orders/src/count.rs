//! The number of parked orders and the age of the oldest one, for a gauge.

use event_store::{TableError, Timestamp};

use crate::consumer::Consumer;
use crate::note::PARKED_AT;
use crate::parked::ParkedError;
use crate::table::ParkedOrderTable;

/// The largest number of pages of notes to count, of 1 MB each: about 20,000 notes.
const MAX_PAGES: usize = 8;

/// The count of a consumer's parked orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ParkedCount {
    /// The number of counted orders. If the count is not complete, at least this many are parked.
    pub orders: u64,
    /// The time when the oldest of them was parked; `None` if none is parked.
    pub oldest: Option<Timestamp>,
    /// True if all orders were counted, and false if only those on the first pages were.
    pub is_complete: bool,
}

impl ParkedOrderTable {
    /// Counts the orders that a consumer has parked, with an eventually consistent `Query`. It costs half a read unit
    /// if none is parked.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read.
    pub async fn count(&self, consumer: &Consumer) -> Result<ParkedCount, ParkedError> {
        let mut count = ParkedCount::default();
        let mut from = None;
        for _ in 0..MAX_PAGES {
            let page = self
                .notes_of(consumer)
                .projection_expression("#since")
                .expression_attribute_names("#since", PARKED_AT)
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(|error| TableError::of("Query", error))?;
            for note in page.items() {
                count.orders += 1;
                let since = note.get(PARKED_AT).and_then(|since| since.as_s().ok()?.parse().ok());
                count.oldest = count.oldest.into_iter().chain(since).min();
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                count.is_complete = true;
                break;
            }
        }
        Ok(count)
    }
}
