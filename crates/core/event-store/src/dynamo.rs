//! The DynamoDB adapter, on the AWS SDK: an append is one `PutItem`, a load is one `Query`.

mod batch_get;
mod read;
mod sdk_error;
mod throttling;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
pub use batch_get::{Consistency, SdkItem, batch_get};
pub use throttling::throttling_reasons;

use crate::item::EncodedCommit;
use crate::page::Commits;
use crate::{
    Aggregate, Appended, Commit, CommitPage, EventStore, Loaded, NewCommit, StoreError, TableError, UpTo, item,
    snapshot,
};

/// Commits in a DynamoDB table with partition key `aggregateId` (S) and sort key `version` (N).
#[derive(Debug, Clone)]
pub struct DynamoEventStore {
    pub(crate) client: Client,
    pub(crate) table: String,
    policy: snapshot::Policy,
}

impl DynamoEventStore {
    /// Creates a store on the table of that name, with the default snapshot policy.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), policy: snapshot::Policy::default() }
    }

    /// Returns the same store with another snapshot policy.
    #[must_use]
    pub fn with_snapshots(self, policy: snapshot::Policy) -> Self {
        Self { policy, ..self }
    }
}

impl<A: Aggregate> EventStore<A> for DynamoEventStore {
    async fn append(&self, new: &NewCommit<A>) -> Result<Appended<A::Event>, StoreError> {
        let EncodedCommit { item, oversized_snapshot } = item::encode(new, self.policy)?;
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.into()))
            .condition_expression("attribute_not_exists(aggregateId)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        // Boxed: the future of a call has several KB, and each future that contains it would be moved with them.
        let result = Box::pin(put.send()).await;
        let Err(error) = result else { return Ok(Appended::Written { oversized_snapshot }) };
        let existing = match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => failed.item().cloned(),
            Some(_) | None => None,
        };
        let Some(existing) = existing else { return Err(TableError::of("PutItem", error).into()) };
        let (aggregate_id, version) = (&new.commit.aggregate_id, new.commit.version);
        let existing =
            item::decode_sdk::<A>(existing).map_err(|error| StoreError::unreadable(aggregate_id, version, error))?;
        Ok(Appended::Occupied(existing))
    }

    async fn load(&self, aggregate_id: &str, up_to: UpTo) -> Result<Loaded<A>, StoreError> {
        match up_to {
            UpTo::Head => self.load_back(aggregate_id, None).await,
            UpTo::Version(version) => self.load_back(aggregate_id, Some(version)).await,
            UpTo::Time(instant) => self.load_at(aggregate_id, instant).await,
        }
    }

    async fn load_eventually(&self, aggregate_id: &str) -> Result<Loaded<A>, StoreError> {
        self.load_back_eventually(aggregate_id).await
    }

    async fn commits(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: Option<usize>,
    ) -> Result<Vec<Commit<A::Event>>, StoreError> {
        let mut commits = Commits::<A>::after(aggregate_id, after);
        let mut start = None;
        loop {
            let missing = limit.map(|limit| limit - commits.len());
            let (items, next) = self.page_on(aggregate_id, after, missing, start).await?;
            items.into_iter().try_for_each(|item| commits.push(item))?;
            start = next;
            if start.is_none() || limit.is_some_and(|limit| commits.len() >= limit) {
                return Ok(commits.into_inner());
            }
        }
    }

    async fn first_commits(&self, aggregate_ids: &[String]) -> Vec<Result<Option<Commit<A::Event>>, StoreError>> {
        self.read_first::<A>(aggregate_ids).await
    }

    async fn page(&self, aggregate_id: &str, after: u64, limit: usize) -> Result<CommitPage<A::Event>, StoreError> {
        let (mut items, mut start) = (Vec::new(), None);
        // One more item than the page contains shows that another page follows.
        while let Some(missing) = limit.saturating_add(1).checked_sub(items.len()).filter(|missing| *missing > 0) {
            let (more, next) = self.page_on(aggregate_id, after, Some(missing), start).await?;
            items.extend(more);
            start = next;
            if start.is_none() {
                break;
            }
        }
        Ok(Commits::<A>::after(aggregate_id, after).into_page(items, limit))
    }
}
