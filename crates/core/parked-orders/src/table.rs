//! The notes in a DynamoDB table: partition key `consumer`, sort key `aggregateId`, index `ByCustomer`.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use event_store::dynamo::{Consistency, SdkItem, batch_get};
use event_store::{TableError, Timestamp};

use crate::consumer::Consumer;
use crate::note::{
    AGGREGATE_ID, ATTEMPTS, CONSUMER, CUSTOMER_ID, DEFERRED, HELD_UP_TO, LAST_ATTEMPT_AT, PARKED_AT, REASON, VERSION,
    decode, number, string,
};
use crate::parked::{ParkRequest, ParkedError, ParkedOrder};
use crate::unaddressable::{self, UnaddressableNote};

/// The index by customer.
const BY_CUSTOMER: &str = "ByCustomer";
/// The largest number of notes that a consumer reads before it reads by the orders of its batch instead.
const FEW: i32 = 100;
/// The largest number of characters stored of a reason.
pub(crate) const MAX_REASON: usize = 1000;
/// The largest sort key and the largest partition key that DynamoDB accepts, in bytes; neither may be empty. An item
/// that no release wrote may have a longer one.
pub(crate) const MAX_ORDER_ID: usize = 1024;
const MAX_CUSTOMER_ID: usize = 2048;

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

/// The reason why an order is parked.
#[derive(Debug, Clone, Copy)]
enum Cause {
    Poison,
    Outage,
}

/// The start of a page.
#[derive(Debug, Clone)]
pub struct Next(SdkItem);

impl ParkedOrderTable {
    /// Creates the notes in the table of that name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Finds the orders among these that a consumer has parked, with strong consistency.
    ///
    /// It costs one `Query` of one read unit if almost nothing is parked, which is the usual case. If more than a few
    /// orders are parked, it reads the notes by order id, so that the number of parked orders does not slow the
    /// consumer down.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read. An unreadable note affects only its order: the result contains its
    /// error for that order.
    pub async fn among(
        &self,
        consumer: &Consumer,
        aggregate_ids: &[&str],
    ) -> Result<HashMap<String, Result<ParkedOrder, ParkedError>>, ParkedError> {
        // One invalid key would make DynamoDB reject the whole request.
        let asked: HashSet<&str> = aggregate_ids.iter().copied().filter(|id| fits(id, MAX_ORDER_ID)).collect();
        if asked.is_empty() {
            return Ok(HashMap::new());
        }
        // Boxed: the future of a call has several KB, and each future that contains it would be moved with them.
        let few = Box::pin(self.notes_of(consumer).consistent_read(true).limit(FEW).send()).await;
        let few = few.map_err(|error| TableError::of("Query", error))?;
        let items = if few.last_evaluated_key.is_none() {
            few.items.unwrap_or_default()
        } else {
            let keys: Vec<_> = asked.iter().map(|id| key(consumer, id)).collect();
            let (items, unread) = batch_get(&self.client, &self.table, &keys, Consistency::Strong).await?;
            if !unread.is_empty() {
                return Err(TableError::busy("BatchGetItem").into());
            }
            items
        };
        let order = |item: &SdkItem| item.get(AGGREGATE_ID).and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
        let found = items.iter().map(|item| (order(item), item)).filter(|(order, _)| asked.contains(order.as_str()));
        Ok(found.map(|(order, item)| (order, decode(item))).collect())
    }

    /// Builds a query for the notes of a consumer.
    pub(crate) fn notes_of(&self, consumer: &Consumer) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#consumer = :consumer")
            .expression_attribute_names("#consumer", CONSUMER)
            .expression_attribute_values(":consumer", string(consumer.as_str()))
    }

    /// Reads the note on an order, if the order is parked, with strong consistency.
    ///
    /// # Errors
    /// Returns an error if the table or the note cannot be read.
    pub async fn find(&self, consumer: &Consumer, aggregate_id: &str) -> Result<Option<ParkedOrder>, ParkedError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(consumer, aggregate_id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| TableError::of("GetItem", error))?;
        found.item.as_ref().map(decode).transpose()
    }

    /// Reads a customer's orders that a consumer has parked, with the errors of unreadable notes. It reads the index,
    /// which may lag behind the table for a moment.
    ///
    /// # Errors
    /// Returns an error if the index cannot be read.
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
            parked.push(decode(&item.map_err(|error| TableError::of("Query", error))?));
        }
        Ok(parked)
    }

    /// Parks an order, or notes a further attempt if it is parked already. A customer's id that is not a valid key is
    /// left out.
    ///
    /// # Errors
    /// Returns an error if the table cannot be written, or if the order's id is not a valid key of 1 to 1,024 bytes.
    pub async fn park(&self, consumer: &Consumer, request: &ParkRequest) -> Result<(), ParkedError> {
        self.park_as(consumer, request, Cause::Poison).await
    }

    /// Parks an order because of an outage. The consumer finds it among the [deferred](Self::deferred) ones, and
    /// retries it.
    ///
    /// # Errors
    /// Returns the same errors as [`park`](Self::park).
    pub async fn defer(&self, consumer: &Consumer, request: &ParkRequest) -> Result<(), ParkedError> {
        self.park_as(consumer, request, Cause::Outage).await
    }

    async fn park_as(&self, consumer: &Consumer, request: &ParkRequest, cause: Cause) -> Result<(), ParkedError> {
        let further = self
            .note(consumer, request, ":held", cause)
            .condition_expression("attribute_not_exists(#held) OR #held <= :held");
        if !is_met(further.send().await)? {
            // The note already has a later version that waits, and keeps it. If the order was unparked meanwhile, the
            // update creates a complete new note.
            let noted = self.note(consumer, request, "if_not_exists(#held, :held)", cause).send().await;
            noted.map_err(|error| TableError::of("UpdateItem", error))?;
        }
        Ok(())
    }

    /// Notes a further attempt at a parked order. Returns false and notes nothing if the order is not or no longer
    /// parked.
    ///
    /// # Errors
    /// Returns an error if the table cannot be written.
    pub async fn note_attempt(&self, consumer: &Consumer, request: &ParkRequest) -> Result<bool, ParkedError> {
        let further = self.note(consumer, request, ":held", Cause::Poison).condition_expression("#held <= :held");
        if is_met(further.send().await)? {
            return Ok(true);
        }
        let noted = self.note(consumer, request, "if_not_exists(#held, :held)", Cause::Poison);
        is_met(noted.condition_expression("attribute_exists(#held)").send().await)
    }

    /// Builds the note of an attempt. `held` is the expression for the last version that waits, in terms of `#held` and
    /// `:held`.
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

    /// Reads a page of the orders that an outage has deferred for a consumer, with strong consistency.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read.
    pub async fn deferred(&self, consumer: &Consumer, from: Option<Next>) -> Result<DeferredPage, ParkedError> {
        let query = self
            .notes_of(consumer)
            .consistent_read(true)
            .filter_expression("attribute_exists(#deferred)")
            .expression_attribute_names("#deferred", DEFERRED)
            .limit(FEW)
            .set_exclusive_start_key(from.map(|Next(key)| key));
        let output = query.send().await.map_err(|error| TableError::of("Query", error))?;
        let parked = output.items.unwrap_or_default().iter().map(decode).collect();
        Ok(DeferredPage { parked, next: output.last_evaluated_key.map(Next) })
    }

    /// Notes the version up to which a parked order's commits wait. Returns false if the order is not or no longer
    /// parked, so nothing waits.
    ///
    /// # Errors
    /// Returns an error if the table cannot be written.
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
            Some(_) | None => Err(TableError::of("UpdateItem", error).into()),
        }
    }

    /// Unparks an order. Returns false and keeps the note if the order is now parked at another version, or if more
    /// versions wait than `parked` contains. Then more work is left.
    ///
    /// # Errors
    /// Returns an error if the table cannot be written.
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
            // Another caller, or an earlier attempt of this call, has unparked the order.
            Some(DeleteItemError::ConditionalCheckFailedException(failed)) => Ok(failed.item().is_none()),
            Some(_) | None => Err(TableError::of("DeleteItem", error).into()),
        }
    }

    /// Reads a page of all notes of every consumer, in no particular order, with a strongly consistent `Scan`.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read.
    pub async fn page(&self, from: Option<Next>) -> Result<Page, ParkedError> {
        let from = from.map(|Next(key)| key);
        let scan = self.client.scan().table_name(&self.table).consistent_read(true).set_exclusive_start_key(from);
        let output = scan.send().await.map_err(|error| TableError::of("Scan", error))?;
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

/// Returns true if a text can be a key.
pub(crate) fn fits(text: &str, max_bytes: usize) -> bool {
    (1..=max_bytes).contains(&text.len())
}

/// Returns true if the update was made, and false if its condition was not met.
fn is_met(updated: Result<UpdateItemOutput, SdkError<UpdateItemError>>) -> Result<bool, ParkedError> {
    match updated {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Some(_) | None => Err(TableError::of("UpdateItem", error).into()),
        },
    }
}
