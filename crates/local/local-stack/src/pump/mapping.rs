//! The event source mapping: it determines the next batch from the outcome of the last one. It is a calculation, with no
//! clock and no I/O.
//!
//! The rules are those of the AWS Lambda Developer Guide: «How Lambda processes records from stream and queue-based event
//! sources», «Lambda parameters for Amazon DynamoDB event source mappings», «Configuring partial batch response with
//! DynamoDB and Lambda» and «Retain discarded records for a DynamoDB event source in Lambda». Each shard has one `Mapping`,
//! so records are delivered in order: no record is sent until every earlier record is processed or discarded.
//!
//! The guide does not define some cases. The choices here are:
//! - A report that names a batch's first record is a failure of the whole batch, because no record before it is processed.
//!   The publisher does not rely on this: `docs/decisions/0014-publishing-without-memory.md`.
//! - Bisecting, and keeping the records that a partial response reports as processed, both make the batch smaller and use
//!   up no retry. Without `BisectBatchOnFunctionError`, a partial response uses up a retry like any other failure.

use std::collections::VecDeque;

use sam_template::StreamMapping;

use super::outcome::Outcome;
use super::sequence::SequenceNumber;

/// The maximum size of the records of one invocation: «up to the payload limit for synchronous invocation (6 MB)» (Lambda
/// API Reference, `BatchSize`). 64 bytes are reserved for the rest of the event, which takes less.
pub(crate) const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024 - 64;

/// The properties of a record that the mapping needs.
pub(crate) trait StreamItem {
    /// Returns its position in the shard.
    fn sequence(&self) -> &SequenceNumber;
    /// Returns its length in an event, in bytes.
    fn encoded_bytes(&self) -> usize;
}

/// Records that are passed to the function together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Batch<R> {
    /// In the shard's order; never empty.
    pub(crate) records: Vec<R>,
    /// The number of retries that these records have used up.
    pub(crate) retries: u32,
}

/// The result of one invocation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settled<R> {
    /// The records that the function has processed, in order.
    pub(crate) done: Vec<R>,
    /// The records discarded after their last retry, in order. They follow the processed ones.
    pub(crate) discarded: Option<Batch<R>>,
    /// True if the next batch has just failed, so that a pause is due.
    pub(crate) retrying: bool,
}

/// The batches of one shard that were read and are not settled.
#[derive(Debug)]
pub(crate) struct Mapping<R> {
    declared: StreamMapping,
    pending: VecDeque<Batch<R>>,
}

impl<R: StreamItem> Mapping<R> {
    /// Creates a mapping without batches.
    pub(crate) fn new(declared: StreamMapping) -> Self {
        Self { declared, pending: VecDeque::new() }
    }

    /// Adds records just read from the shard, in order. A batch ends when it is full, by count or by size.
    pub(crate) fn offer(&mut self, records: impl IntoIterator<Item = R>) {
        let (mut batch, mut bytes) = (Vec::new(), 0_usize);
        for record in records {
            // The length includes the comma before the next record.
            let more = record.encoded_bytes().saturating_add(1);
            let is_full = batch.len() >= self.declared.batch_size || bytes.saturating_add(more) > PAYLOAD_LIMIT;
            if is_full && !batch.is_empty() {
                self.pending.push_back(Batch { records: std::mem::take(&mut batch), retries: 0 });
                bytes = 0;
            }
            bytes = bytes.saturating_add(more);
            batch.push(record);
        }
        if !batch.is_empty() {
            self.pending.push_back(Batch { records: batch, retries: 0 });
        }
    }

    /// Returns the batch that must be settled before any other; `None` if every batch is settled.
    pub(crate) fn front(&self) -> Option<&Batch<R>> {
        self.pending.front()
    }

    /// Applies the outcome of an invocation with the front batch.
    pub(crate) fn settle(&mut self, outcome: &Outcome) -> Settled<R> {
        let Some(Batch { mut records, retries }) = self.pending.pop_front() else {
            return Settled { done: Vec::new(), discarded: None, retrying: false };
        };
        match outcome {
            Outcome::Succeeded => Settled { done: records, discarded: None, retrying: false },
            Outcome::Failed => self.retry(Vec::new(), records, retries),
            // An identifier that is not in this batch has no meaning: the whole batch failed.
            Outcome::FailedFrom(sequence) => match records.iter().position(|record| record.sequence() == sequence) {
                None | Some(0) => self.retry(Vec::new(), records, retries),
                Some(first_failed) => {
                    let failed = records.split_off(first_failed);
                    self.retry(records, failed, retries)
                }
            },
        }
    }

    fn retry(&mut self, done: Vec<R>, mut failed: Vec<R>, retries: u32) -> Settled<R> {
        if self.declared.bisect_batch_on_function_error && !done.is_empty() {
            self.put_back(failed, retries);
        } else if self.declared.bisect_batch_on_function_error && failed.len() > 1 {
            let second_half = failed.split_off(failed.len().div_ceil(2));
            self.put_back(second_half, retries);
            self.put_back(failed, retries);
        } else if retries >= self.declared.maximum_retry_attempts {
            return Settled { done, discarded: Some(Batch { records: failed, retries }), retrying: false };
        } else {
            self.put_back(failed, retries.saturating_add(1));
        }
        Settled { done, discarded: None, retrying: true }
    }

    fn put_back(&mut self, records: Vec<R>, retries: u32) {
        if !records.is_empty() {
            self.pending.push_front(Batch { records, retries });
        }
    }
}

#[cfg(test)]
mod tests;
