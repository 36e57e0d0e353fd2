//! Counts of requests and consumed capacity, measured in the SDK, for exact assertions on budgets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::scan::{ScanInput, ScanOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
    BeforeTransmitInterceptorContextRef, Input, Output,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// The consumed capacity of a table with its indexes, in half units, the smallest step that DynamoDB bills.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Units {
    /// Read capacity.
    pub read_half_units: u64,
    /// Write capacity. A rejected conditional write consumes capacity too, but DynamoDB does not report it.
    pub write_half_units: u64,
}

/// The requests and the capacity that they consumed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Requests on the wire, retries included, by operation.
    pub requests: BTreeMap<String, u64>,
    /// Capacity, by table.
    pub tables: BTreeMap<String, Units>,
}

impl Reading {
    /// Returns the number of requests of every kind.
    #[must_use]
    pub fn total_requests(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Returns the read capacity of all tables, in half units.
    #[must_use]
    pub fn read_half_units(&self) -> u64 {
        self.tables.values().map(|units| units.read_half_units).sum()
    }

    /// Returns the write capacity of all tables, in half units.
    #[must_use]
    pub fn write_half_units(&self) -> u64 {
        self.tables.values().map(|units| units.write_half_units).sum()
    }

    /// Returns the number of requests of one operation.
    #[must_use]
    pub fn requests_of(&self, operation: &str) -> u64 {
        self.requests.get(operation).copied().unwrap_or(0)
    }
}

/// An SDK interceptor that requests consumed capacity and sums it. Clones share their counts.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Reading>>);

impl Meter {
    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the counts since the last call and resets them.
    pub fn take(&self) -> Reading {
        std::mem::take(&mut *self.reading())
    }
}

#[dyn_dispatch_hint]
impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        request_capacity(context.input_mut());
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map_or("unknown", Metadata::name).to_owned();
        *self.reading().requests.entry(operation).or_default() += 1;
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        let mut reading = self.reading();
        for (reads, consumed) in consumed(output) {
            let units = reading.tables.entry(consumed.table_name().unwrap_or_default().to_owned()).or_default();
            if reads {
                units.read_half_units += half_units(consumed);
            } else {
                units.write_half_units += half_units(consumed);
            }
        }
        Ok(())
    }
}

fn request_capacity(input: &mut Input) {
    let total = Some(ReturnConsumedCapacity::Total);
    if let Some(put) = input.downcast_mut::<PutItemInput>() {
        put.return_consumed_capacity = total;
    } else if let Some(query) = input.downcast_mut::<QueryInput>() {
        query.return_consumed_capacity = total;
    } else if let Some(scan) = input.downcast_mut::<ScanInput>() {
        scan.return_consumed_capacity = total;
    } else if let Some(get) = input.downcast_mut::<GetItemInput>() {
        get.return_consumed_capacity = total;
    } else if let Some(batch) = input.downcast_mut::<BatchGetItemInput>() {
        batch.return_consumed_capacity = total;
    } else if let Some(update) = input.downcast_mut::<UpdateItemInput>() {
        update.return_consumed_capacity = total;
    } else if let Some(delete) = input.downcast_mut::<DeleteItemInput>() {
        delete.return_consumed_capacity = total;
    } else if let Some(transaction) = input.downcast_mut::<TransactWriteItemsInput>() {
        transaction.return_consumed_capacity = total;
    }
}

/// Returns the capacities in an output; each is true if a read consumed it.
fn consumed(output: &Output) -> Vec<(bool, &ConsumedCapacity)> {
    if let Some(put) = output.downcast_ref::<PutItemOutput>() {
        put.consumed_capacity().map(|consumed| (false, consumed)).into_iter().collect()
    } else if let Some(query) = output.downcast_ref::<QueryOutput>() {
        query.consumed_capacity().map(|consumed| (true, consumed)).into_iter().collect()
    } else if let Some(scan) = output.downcast_ref::<ScanOutput>() {
        scan.consumed_capacity().map(|consumed| (true, consumed)).into_iter().collect()
    } else if let Some(get) = output.downcast_ref::<GetItemOutput>() {
        get.consumed_capacity().map(|consumed| (true, consumed)).into_iter().collect()
    } else if let Some(batch) = output.downcast_ref::<BatchGetItemOutput>() {
        batch.consumed_capacity().iter().map(|consumed| (true, consumed)).collect()
    } else if let Some(update) = output.downcast_ref::<UpdateItemOutput>() {
        update.consumed_capacity().map(|consumed| (false, consumed)).into_iter().collect()
    } else if let Some(delete) = output.downcast_ref::<DeleteItemOutput>() {
        delete.consumed_capacity().map(|consumed| (false, consumed)).into_iter().collect()
    } else if let Some(transaction) = output.downcast_ref::<TransactWriteItemsOutput>() {
        transaction.consumed_capacity().iter().map(|consumed| (false, consumed)).collect()
    } else {
        Vec::new()
    }
}

#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "DynamoDB reports capacity as a non-negative float in steps of a half"
)]
fn half_units(consumed: &ConsumedCapacity) -> u64 {
    let half_units = consumed.capacity_units().unwrap_or_default() * 2.0;
    debug_assert!(half_units.fract() == 0.0, "{consumed:?} is not a number of half units");
    half_units as u64
}
