//! The notes in a DynamoDB table: partition key `consumer`, sort key `aggregateId`, index `ByCustomer`.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValuesOnConditionCheckFailure};
use event_store::{Timestamp, pause};

use crate::consumer::Consumer;
use crate::note::{
    AGGREGATE_ID, ATTEMPTS, CONSUMER, CUSTOMER_ID, DEFERRED, HELD_UP_TO, LAST_ATTEMPT_AT, PARKED_AT, REASON, SdkItem,
    VERSION, decode, number, string,
};
use crate::parked::{ParkRequest, ParkedError, ParkedOrder};
use crate::unaddressable::{self, UnaddressableNote};

/// The index by customer.
const BY_CUSTOMER: &str = "ByCustomer";
/// The most notes that a consumer reads before it asks for the orders of its batch instead; also the limit of a `BatchGetItem`.
const FEW: usize = 100;
/// The longest reason that is kept, in characters.
pub(crate) const MAX_REASON: usize = 1000;
/// The longest sort key and the longest partition key that DynamoDB takes, in bytes; none may be empty. An item that no release wrote
/// may have a longer one.
pub(crate) const MAX_ORDER_ID: usize = 1024;
const MAX_CUSTOMER_ID: usize = 2048;
/// The most reads of keys that DynamoDB leaves unprocessed. The SDK does not retry these: the call succeeded.
const MAX_READS: u32 = 6;
/// The longest pause before the second of these reads, in milliseconds; it doubles with each further one.
const FIRST_PAUSE_MS: u64 = 25;

/// Notes on parked orders.
#[derive(Debug, Clone)]
pub struct ParkedOrderTable {
    pub(crate) client: Client,
    pub(crate) table: String,
}

/// A page of notes.
#[derive(Debug)]
pub struct Page {
    /// The notes, and the errors of those that cannot be read.
    pub parked: Vec<Result<ParkedOrder, ParkedError>>,
    /// The notes on records that name no order, and the errors of those that cannot be read.
    pub unaddressable: Vec<Result<UnaddressableNote, ParkedError>>,
    /// The start of the next page; `None` at the end.
    pub next: Option<Next>,
}

/// A page of deferred orders.
#[derive(Debug)]
pub struct DeferredPage {
    /// The notes, and the errors of those that cannot be read.
    pub parked: Vec<Result<ParkedOrder, ParkedError>>,
    /// The start of the next page; `None` at the end.
    pub next: Option<Next>,
}

/// The cause for which an order is parked.
#[derive(Debug, Clone, Copy)]
enum Cause {
    Poison,
    Outage,
}

/// The start of a page.
#[derive(Debug, Clone)]
pub struct Next(SdkItem);

impl ParkedOrderTable {
    /// The notes in the table of that name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Finds those of these orders that a consumer has parked; strongly consistent.
    ///
    /// It costs one `Query` of one read unit as long as next to nothing is parked, which is nearly always. Where there is more
    /// than a few, the orders themselves are asked for, so that a consumer whose every order is parked is not slowed down by
    /// their number.
    ///
    /// # Errors
    /// When the table cannot be read. A note that cannot be read concerns its order alone: its error takes that order's place.
    pub async fn among(
        &self,
        consumer: &Consumer,
        aggregate_ids: &[&str],
    ) -> Result<HashMap<String, Result<ParkedOrder, ParkedError>>, ParkedError> {
        // One key that cannot be would have the whole request refused.
        let asked: HashSet<&str> = aggregate_ids.iter().copied().filter(|id| fits(id, MAX_ORDER_ID)).collect();
        if asked.is_empty() {
            return Ok(HashMap::new());
        }
        let few = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .limit(i32::try_from(FEW).unwrap_or(i32::MAX))
            .key_condition_expression("#consumer = :consumer")
            .expression_attribute_names("#consumer", CONSUMER)
            .expression_attribute_values(":consumer", string(consumer.as_str()))
            .send()
            .await
            .map_err(|error| ParkedError::of("Query", error))?;
        let items = if few.last_evaluated_key.is_none() {
            few.items.unwrap_or_default()
        } else {
            let mut items = Vec::new();
            for ids in asked.iter().copied().collect::<Vec<_>>().chunks(FEW) {
                items.extend(self.get(consumer, ids).await?);
            }
            items
        };
        let order = |item: &SdkItem| item.get(AGGREGATE_ID).and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
        let found = items.iter().map(|item| (order(item), item)).filter(|(order, _)| asked.contains(order.as_str()));
        Ok(found.map(|(order, item)| (order, decode(item))).collect())
    }

    async fn get(&self, consumer: &Consumer, aggregate_ids: &[&str]) -> Result<Vec<SdkItem>, ParkedError> {
        let mut items = Vec::new();
        let mut unread: Vec<SdkItem> = aggregate_ids.iter().map(|id| key(consumer, id)).collect();
        for attempt in 1..=MAX_READS {
            if attempt > 1 {
                pause(attempt, FIRST_PAUSE_MS, u64::MAX).await;
            }
            let request = KeysAndAttributes::builder().set_keys(Some(unread)).consistent_read(true).build();
            let request =
                request.map_err(|error| ParkedError::Refused { operation: "BatchGetItem", source: error.into() })?;
            let output = self.client.batch_get_item().request_items(&self.table, request).send().await;
            let output = output.map_err(|error| ParkedError::of("BatchGetItem", error))?;
            items.extend(output.responses.unwrap_or_default().into_values().flatten());
            unread = output.unprocessed_keys.unwrap_or_default().into_values().flat_map(|left| left.keys).collect();
            if unread.is_empty() {
                return Ok(items);
            }
        }
        Err(ParkedError::Unavailable { operation: "BatchGetItem", source: None })
    }

    /// The note on an order, if it is parked; strongly consistent.
    ///
    /// # Errors
    /// When the table or the note cannot be read.
    pub async fn find(&self, consumer: &Consumer, aggregate_id: &str) -> Result<Option<ParkedOrder>, ParkedError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(consumer, aggregate_id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| ParkedError::of("GetItem", error))?;
        found.item.as_ref().map(decode).transpose()
    }

    /// A customer's orders that a consumer has parked, and what cannot be read as a note on one; those of the index, which
    /// follows the table by a moment.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn of_customer(
        &self,
        consumer: &Consumer,
        customer_id: &str,
    ) -> Result<Vec<Result<ParkedOrder, ParkedError>>, ParkedError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_CUSTOMER)
            .key_condition_expression("#customer = :customer AND #consumer = :consumer")
            .expression_attribute_names("#customer", CUSTOMER_ID)
            .expression_attribute_names("#consumer", CONSUMER)
            .expression_attribute_values(":customer", string(customer_id))
            .expression_attribute_values(":consumer", string(consumer.as_str()))
            .into_paginator()
            .items()
            .send();
        let mut parked = Vec::new();
        while let Some(item) = pages.next().await {
            parked.push(decode(&item.map_err(|error| ParkedError::of("Query", error))?));
        }
        Ok(parked)
    }

    /// Parks an order, or notes a further attempt at one that is parked. A customer's id that no key can hold is left out.
    ///
    /// # Errors
    /// When the table cannot be written, or the order's id is none that its key can hold: 1 to 1,024 bytes.
    pub async fn park(&self, consumer: &Consumer, request: &ParkRequest) -> Result<(), ParkedError> {
        self.park_as(consumer, request, Cause::Poison).await
    }

    /// Parks an order because of an outage: the consumer finds it among the [deferred](Self::deferred) ones, and retries it.
    ///
    /// # Errors
    /// As [`park`](Self::park).
    pub async fn defer(&self, consumer: &Consumer, request: &ParkRequest) -> Result<(), ParkedError> {
        self.park_as(consumer, request, Cause::Outage).await
    }

    async fn park_as(&self, consumer: &Consumer, request: &ParkRequest, cause: Cause) -> Result<(), ParkedError> {
        let further = self
            .note(consumer, request, ":held", cause)
            .condition_expression("attribute_not_exists(#held) OR #held <= :held");
        if !is_met(further.send().await)? {
            // More is known to wait, and stays known. Where the order was taken out meanwhile, its note begins anew, whole.
            let noted = self.note(consumer, request, "if_not_exists(#held, :held)", cause).send().await;
            noted.map_err(|error| ParkedError::of("UpdateItem", error))?;
        }
        Ok(())
    }

    /// Notes a further attempt at an order that is parked. False where it is not, or no longer: then nothing is noted.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn note_attempt(&self, consumer: &Consumer, request: &ParkRequest) -> Result<bool, ParkedError> {
        let further = self.note(consumer, request, ":held", Cause::Poison).condition_expression("#held <= :held");
        if is_met(further.send().await)? {
            return Ok(true);
        }
        let noted = self.note(consumer, request, "if_not_exists(#held, :held)", Cause::Poison);
        is_met(noted.condition_expression("attribute_exists(#held)").send().await)
    }

    /// A note of an attempt. `held` is what it says of how much waits, an expression of `#held` and `:held`.
    fn note(&self, consumer: &Consumer, request: &ParkRequest, held: &str, cause: Cause) -> UpdateItemFluentBuilder {
        let now = string(Timestamp::now().to_string());
        let reason: String = request.reason.chars().take(MAX_REASON).collect();
        let customer_id = request.customer_id.as_ref().filter(|id| fits(id, MAX_CUSTOMER_ID));
        let customer = if customer_id.is_some() { "#customer = :customer, " } else { "" };
        let update =
            self.client.update_item().table_name(&self.table).set_key(Some(key(consumer, &request.aggregate_id)));
        let (deferred, not_deferred) = match cause {
            Cause::Outage => (", #deferred = :now", ""),
            Cause::Poison => ("", " REMOVE #deferred"),
        };
        let update = update
            .update_expression(format!(
                "SET {customer}#held = {held}, #version = :version, #reason = :reason, #last = :now, \
                 #since = if_not_exists(#since, :now){deferred} ADD #attempts :one{not_deferred}"
            ))
            .expression_attribute_names("#deferred", DEFERRED)
            .expression_attribute_names("#held", HELD_UP_TO)
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_names("#last", LAST_ATTEMPT_AT)
            .expression_attribute_names("#since", PARKED_AT)
            .expression_attribute_names("#attempts", ATTEMPTS)
            .expression_attribute_values(":held", number(request.held_up_to))
            .expression_attribute_values(":version", number(request.version))
            .expression_attribute_values(":reason", string(reason))
            .expression_attribute_values(":now", now)
            .expression_attribute_values(":one", number(1));
        match customer_id {
            Some(customer_id) => update
                .expression_attribute_names("#customer", CUSTOMER_ID)
                .expression_attribute_values(":customer", string(customer_id)),
            None => update,
        }
    }

    /// A page of the orders that an outage has kept from a consumer's rows; strongly consistent.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn deferred(&self, consumer: &Consumer, from: Option<Next>) -> Result<DeferredPage, ParkedError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#consumer = :consumer")
            .filter_expression("attribute_exists(#deferred)")
            .expression_attribute_names("#consumer", CONSUMER)
            .expression_attribute_names("#deferred", DEFERRED)
            .expression_attribute_values(":consumer", string(consumer.as_str()))
            .limit(i32::try_from(FEW).unwrap_or(i32::MAX))
            .set_exclusive_start_key(from.map(|Next(key)| key));
        let output = query.send().await.map_err(|error| ParkedError::of("Query", error))?;
        let parked = output.items.unwrap_or_default().iter().map(decode).collect();
        Ok(DeferredPage { parked, next: output.last_evaluated_key.map(Next) })
    }

    /// Notes that a parked order's commits wait up to a version. False where the order is not parked, or no longer: then
    /// nothing need wait.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn hold(&self, consumer: &Consumer, aggregate_id: &str, up_to: u64) -> Result<bool, ParkedError> {
        let held = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(consumer, aggregate_id)))
            .update_expression("SET #held = :held")
            .condition_expression("#held < :held")
            .expression_attribute_names("#held", HELD_UP_TO)
            .expression_attribute_values(":held", number(up_to))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = held else { return Ok(true) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Ok(failed.item().is_some()),
            Some(_) | None => Err(ParkedError::of("UpdateItem", error)),
        }
    }

    /// Takes an order out, unless it is parked at another version by now, or more of it waits than `parked` says: then there
    /// is more to do, and the answer is false.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn unpark(&self, parked: &ParkedOrder) -> Result<bool, ParkedError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(&parked.consumer, &parked.aggregate_id)))
            .condition_expression("#version = :version AND #held = :held")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_names("#held", HELD_UP_TO)
            .expression_attribute_values(":version", number(parked.version))
            .expression_attribute_values(":held", number(parked.held_up_to))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = deleted else { return Ok(true) };
        match error.as_service_error() {
            // Another caller took it out, or an earlier attempt of this call.
            Some(DeleteItemError::ConditionalCheckFailedException(failed)) => Ok(failed.item().is_none()),
            Some(_) | None => Err(ParkedError::of("DeleteItem", error)),
        }
    }

    /// A page of all notes, in no particular order: of every consumer, by a strongly consistent `Scan`.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn page(&self, from: Option<Next>) -> Result<Page, ParkedError> {
        let from = from.map(|Next(key)| key);
        let scan = self.client.scan().table_name(&self.table).consistent_read(true).set_exclusive_start_key(from);
        let output = scan.send().await.map_err(|error| ParkedError::of("Scan", error))?;
        let (records, orders): (Vec<_>, Vec<_>) =
            output.items.unwrap_or_default().into_iter().partition(unaddressable::is_one);
        Ok(Page {
            parked: orders.iter().map(decode).collect(),
            unaddressable: records.iter().map(unaddressable::decode).collect(),
            next: output.last_evaluated_key.map(Next),
        })
    }
}

fn key(consumer: &Consumer, aggregate_id: &str) -> SdkItem {
    HashMap::from([(CONSUMER.to_owned(), string(consumer.as_str())), (AGGREGATE_ID.to_owned(), string(aggregate_id))])
}

/// True if a text can be a key.
pub(crate) fn fits(text: &str, max_bytes: usize) -> bool {
    (1..=max_bytes).contains(&text.len())
}

/// True if an update was made, false if its condition was not met.
fn is_met(updated: Result<UpdateItemOutput, SdkError<UpdateItemError>>) -> Result<bool, ParkedError> {
    match updated {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Some(_) | None => Err(ParkedError::of("UpdateItem", error)),
        },
    }
}
