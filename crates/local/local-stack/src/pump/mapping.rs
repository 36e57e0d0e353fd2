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
use std::time::{Duration, SystemTime};

use super::outcome::Outcome;
use super::sequence::SequenceNumber;

/// The maximum size of the records of one invocation: «up to the payload limit for synchronous invocation (6 MB)» (Lambda
/// API Reference, `BatchSize`). 64 bytes are reserved for the rest of the event, which takes less.
pub(crate) const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024 - 64;

/// The properties of a record that the mapping needs.
pub trait StreamItem {
    /// Returns its position in the shard.
    fn sequence(&self) -> &SequenceNumber;
    /// Returns the time at which it was written to the stream.
    fn created(&self) -> SystemTime;
    /// Returns its length in an event, in bytes.
    fn encoded_bytes(&self) -> usize;
}

/// The error handling of one event source mapping, from the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The maximum number of records in one invocation.
    pub batch_size: usize,
    /// The number of retries after a batch's first failure; `None` means no limit.
    pub maximum_retry_attempts: Option<u32>,
    /// The age above which records are discarded without an invocation; `None` means no limit.
    pub maximum_record_age: Option<Duration>,
    /// True if a failed batch is split in two.
    pub bisect_batch_on_function_error: bool,
    /// True if the function's reply may name the record that failed.
    pub report_batch_item_failures: bool,
}

/// Records that are passed to the function together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<R> {
    /// In the shard's order; never empty.
    pub records: Vec<R>,
    /// The number of retries that these records have used up.
    pub retries: u32,
}

/// The result of one invocation.
#[derive(Debug, PartialEq, Eq)]
pub struct Settled<R> {
    /// The records that the function has processed, in order.
    pub done: Vec<R>,
    /// The records discarded after their last retry, in order. They follow the processed ones.
    pub discarded: Option<Batch<R>>,
    /// True if the next batch has just failed, so that a pause is due.
    pub retrying: bool,
}

/// The batches of one shard that were read and are not settled.
#[derive(Debug)]
pub struct Mapping<R> {
    policy: Policy,
    pending: VecDeque<Batch<R>>,
}

impl<R: StreamItem> Mapping<R> {
    /// Creates a mapping without batches.
    pub fn new(policy: Policy) -> Self {
        Self { policy, pending: VecDeque::new() }
    }

    /// Adds records just read from the shard, in order. A batch ends when it is full, by count or by size.
    pub fn offer(&mut self, records: impl IntoIterator<Item = R>) {
        let (mut batch, mut bytes) = (Vec::new(), 0_usize);
        for record in records {
            // The length includes the comma before the next record.
            let more = record.encoded_bytes().saturating_add(1);
            let is_full = batch.len() >= self.policy.batch_size || bytes.saturating_add(more) > PAYLOAD_LIMIT;
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
    pub fn front(&self) -> Option<&Batch<R>> {
        self.pending.front()
    }

    /// Removes the records at the front that are too old to be sent, so that `front` contains none.
    pub fn expire(&mut self, now: SystemTime) -> Option<Batch<R>> {
        let limit = self.policy.maximum_record_age?;
        let too_old = |record: &R| now.duration_since(record.created()).is_ok_and(|age| age > limit);
        let mut batch = self.pending.pop_front()?;
        let kept = batch.records.iter().position(|record| !too_old(record)).unwrap_or(batch.records.len());
        let rest = batch.records.split_off(kept);
        self.put_back(rest, batch.retries);
        (!batch.records.is_empty()).then_some(batch)
    }

    /// Applies the outcome of an invocation with the front batch.
    pub fn settle(&mut self, outcome: &Outcome) -> Settled<R> {
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
        if self.policy.bisect_batch_on_function_error && !done.is_empty() {
            self.put_back(failed, retries);
        } else if self.policy.bisect_batch_on_function_error && failed.len() > 1 {
            let second_half = failed.split_off(failed.len().div_ceil(2));
            self.put_back(second_half, retries);
            self.put_back(failed, retries);
        } else if self.policy.maximum_retry_attempts.is_some_and(|limit| retries >= limit) {
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
