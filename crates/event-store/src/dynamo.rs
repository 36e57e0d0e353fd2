//! The DynamoDB adapter, on the AWS SDK: one `PutItem` an append, one `Query` a load.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::QueryError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde_dynamo::Item;

use crate::walk::Walk;
use crate::{Aggregate, Appended, Commit, EventStore, Loaded, NewCommit, StoreError, UpTo, item, snapshot};

pub(crate) type SdkItem = HashMap<String, AttributeValue>;

/// How many commits the pages of a load hold. Four commits of up to 1 KB are one read unit; the next page spans
/// more than the default distance of two snapshots; after that, only DynamoDB's own 1 MB a page.
const LOAD_PAGES: [Option<i32>; 3] = [Some(4), Some(32), None];

/// Commits in a DynamoDB table with partition key `aggregateId` (S) and sort key `version` (N).
#[derive(Debug, Clone)]
pub struct DynamoEventStore {
    pub(crate) client: Client,
    pub(crate) table: String,
    policy: snapshot::Policy,
}

impl DynamoEventStore {
    /// A store in the table of that name, with the default snapshot policy.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), policy: snapshot::Policy::default() }
    }

    /// The same store with another snapshot policy.
    #[must_use]
    pub fn with_snapshots(self, policy: snapshot::Policy) -> Self {
        Self { policy, ..self }
    }

    /// One page of an aggregate's items, newest first from `up_to`, and where the next page starts.
    async fn page_back(
        &self,
        aggregate_id: &str,
        up_to: UpTo,
        limit: Option<i32>,
        start: Option<SdkItem>,
    ) -> Result<(Vec<Item>, Option<SdkItem>), StoreError> {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .scan_index_forward(false)
            .set_exclusive_start_key(start)
            .expression_attribute_names("#id", item::AGGREGATE_ID)
            .expression_attribute_values(":id", AttributeValue::S(aggregate_id.to_owned()));
        query = match up_to {
            UpTo::Head => query.key_condition_expression("#id = :id").set_limit(limit),
            UpTo::Version(version) => query
                .key_condition_expression("#id = :id AND #version <= :version")
                .expression_attribute_names("#version", item::VERSION)
                .expression_attribute_values(":version", AttributeValue::N(version.to_string()))
                .set_limit(limit),
            // A limit counts before the filter: it would only make more pages.
            UpTo::Time(time) => query
                .key_condition_expression("#id = :id")
                .filter_expression("#recordedAt <= :time")
                .expression_attribute_names("#recordedAt", item::RECORDED_AT)
                .expression_attribute_values(":time", AttributeValue::S(time.to_string())),
        };
        let output = query.send().await.map_err(query_failed)?;
        let items = output.items.unwrap_or_default().into_iter().map(Item::from).collect();
        Ok((items, output.last_evaluated_key))
    }
}

impl<A: Aggregate> EventStore<A> for DynamoEventStore {
    async fn append(&self, new: &NewCommit<A>) -> Result<Appended<A::Event>, StoreError> {
        let result = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::encode(new, self.policy)?.into()))
            .condition_expression("attribute_not_exists(#id)")
            .expression_attribute_names("#id", item::AGGREGATE_ID)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = result else { return Ok(Appended::Written) };
        let existing = match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => failed.item().cloned(),
            Some(_) | None => None,
        };
        let Some(existing) = existing else { return Err(put_failed(error)) };
        let existing = item::decode::<A>(existing.into()).map_err(|error| StoreError::Unreadable {
            aggregate_id: new.commit.aggregate_id.clone(),
            version: new.commit.version,
            source: error.into(),
        })?;
        Ok(Appended::Occupied(existing))
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<A>, StoreError> {
        let mut walk = Walk::<A>::new(aggregate_id);
        let mut start = None;
        let mut limits = LOAD_PAGES.into_iter();
        loop {
            let (items, next) = self.page_back(aggregate_id, up_to, limits.next().flatten(), start).await?;
            for item in items {
                if walk.push(item)? {
                    return walk.finish();
                }
            }
            start = next;
            if start.is_none() {
                return walk.finish();
            }
        }
    }

    async fn commits(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: Option<usize>,
    ) -> Result<Vec<Commit<A::Event>>, StoreError> {
        let mut commits = Vec::new();
        let mut start = None;
        loop {
            let missing = limit.map(|limit| limit - commits.len());
            let output = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("#id = :id AND #version > :after")
                .expression_attribute_names("#id", item::AGGREGATE_ID)
                .expression_attribute_names("#version", item::VERSION)
                .expression_attribute_values(":id", AttributeValue::S(aggregate_id.to_owned()))
                .expression_attribute_values(":after", AttributeValue::N(after.to_string()))
                .set_limit(missing.and_then(|missing| i32::try_from(missing).ok()))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(query_failed)?;
            for item in output.items.unwrap_or_default() {
                let expected = after + 1 + u64::try_from(commits.len()).unwrap_or(u64::MAX);
                let commit = item::decode::<A>(item.into()).map_err(|error| StoreError::Unreadable {
                    aggregate_id: aggregate_id.to_owned(),
                    version: expected,
                    source: error.into(),
                })?;
                commits.push(commit);
            }
            start = output.last_evaluated_key;
            if start.is_none() || limit.is_some_and(|limit| commits.len() >= limit) {
                return Ok(commits);
            }
        }
    }
}

fn put_failed(error: SdkError<PutItemError>) -> StoreError {
    failed("PutItem", error)
}

fn query_failed(error: SdkError<QueryError>) -> StoreError {
    failed("Query", error)
}

pub(crate) fn failed<E>(operation: &'static str, error: SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let refused = is_refusal(&error);
    let source = Box::new(error);
    if refused { StoreError::Refused { operation, source } } else { StoreError::Unavailable { operation, source } }
}

/// Tells a call that will never be accepted from an outage, which a repeat may outlive.
#[must_use]
pub fn is_refusal<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let answer = error.raw_response().map(HttpResponse::status);
    answer.is_some_and(|status| status.is_client_error() && !is_throttle(error.code()))
        || matches!(error, SdkError::ConstructionFailure(_))
}

/// DynamoDB's retryable errors with a 4xx status ("Error handling with DynamoDB" in its Developer Guide).
fn is_throttle(code: Option<&str>) -> bool {
    let codes = [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceededException",
    ];
    code.is_some_and(|code| codes.contains(&code))
}
