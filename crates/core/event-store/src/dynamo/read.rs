//! Reads from DynamoDB: back from a version to a snapshot, forward from a version, and back to an instant.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::Item;

use super::DynamoEventStore;
use super::batch_get::{Consistency, SdkItem, batch_get};
use crate::as_of::Search;
use crate::load_path::LoadPath;
use crate::{Aggregate, Commit, EventStore, Loaded, Position, StoreError, TableError, Timestamp, item};

/// The sizes of a load's pages, in commits. Four commits of up to 1 KB cost one read unit. The next page spans more
/// than the default distance between two snapshots. After that, only DynamoDB's own limit of 1 MB for each page
/// applies.
const LOAD_PAGES: [Option<i32>; 3] = [Some(4), Some(32), None];

/// Items in the order of the query, and the start of the next page.
type Page = (Vec<Item>, Option<SdkItem>);

impl DynamoEventStore {
    /// Loads the aggregate at a version, or at the newest one.
    pub(super) async fn load_back<A: Aggregate>(
        &self,
        aggregate_id: &str,
        up_to: Option<u64>,
    ) -> Result<Loaded<A>, StoreError> {
        let first = send(self.back(aggregate_id, up_to).set_limit(LOAD_PAGES[0])).await?;
        self.load_on(aggregate_id, up_to, first).await
    }

    /// Loads the aggregate at the newest version that the first replica to answer has. Only the first page is read
    /// eventually consistently. Older commits have usually been on every replica for a long time, and a strongly
    /// consistent read cannot miss them.
    pub(super) async fn load_back_eventually<A: Aggregate>(&self, aggregate_id: &str) -> Result<Loaded<A>, StoreError> {
        let first = self.back(aggregate_id, None).consistent_read(false).set_limit(LOAD_PAGES[0]);
        self.load_on(aggregate_id, None, send(first).await?).await
    }

    /// Continues a load after a first page that was read before.
    async fn load_on<A: Aggregate>(
        &self,
        aggregate_id: &str,
        up_to: Option<u64>,
        first: Page,
    ) -> Result<Loaded<A>, StoreError> {
        let mut path = LoadPath::<A>::new(aggregate_id);
        let (mut items, mut next) = first;
        let mut limits = LOAD_PAGES.into_iter().skip(1);
        loop {
            for item in items {
                if path.push(item)? {
                    return path.finish();
                }
            }
            if next.is_none() {
                return path.finish();
            }
            let page = self.back(aggregate_id, up_to).set_limit(limits.next().flatten()).set_exclusive_start_key(next);
            (items, next) = send(page).await?;
        }
    }

    /// Loads the aggregate at an instant. If the instant is at the newest commit or later, this is a load of the newest
    /// version with the same requests. Otherwise it searches for the version first.
    pub(super) async fn load_at<A: Aggregate>(
        &self,
        aggregate_id: &str,
        instant: Timestamp,
    ) -> Result<Loaded<A>, StoreError> {
        let newest = send(self.back(aggregate_id, None).set_limit(LOAD_PAGES[0])).await?;
        let Some(head) = newest.0.first() else { return Ok(Loaded::absent(aggregate_id)) };
        let head = item::time_of(aggregate_id, head)?;
        if head.1 <= instant {
            return self.load_on(aggregate_id, None, newest).await;
        }
        let mut search = Search::new(instant, head);
        while let Some(version) = search.next() {
            search.learn(version, self.recorded_at(aggregate_id, version).await?);
        }
        match search.answer() {
            0 => Ok(Loaded::absent(aggregate_id)),
            version => self.load_back(aggregate_id, Some(version)).await,
        }
    }

    /// Returns the time of a version that must exist. It reads one item and transfers only its time.
    async fn recorded_at(&self, aggregate_id: &str, version: u64) -> Result<Timestamp, StoreError> {
        let one = self
            .back(aggregate_id, Some(version))
            .limit(1)
            .projection_expression("aggregateId, #version, #recordedAt")
            .expression_attribute_names("#recordedAt", item::RECORDED_AT);
        match send(one).await?.0.first().map(|item| item::time_of(aggregate_id, item)).transpose()? {
            Some((found, at)) if found == version => Ok(at),
            Some(_) | None => Err(StoreError::unreadable(aggregate_id, version, "it is missing")),
        }
    }

    /// Returns one page of an aggregate's items after a version, in order, and the start of the next page.
    pub(super) async fn page_on(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: Option<usize>,
        start: Option<SdkItem>,
    ) -> Result<Page, StoreError> {
        let query = self
            .of(aggregate_id)
            .key_condition_expression("aggregateId = :id AND #version > :after")
            .expression_attribute_names("#version", item::VERSION)
            .expression_attribute_values(":after", AttributeValue::N(after.to_string()))
            .set_limit(limit.and_then(|limit| i32::try_from(limit).ok()))
            .set_exclusive_start_key(start);
        send(query).await
    }

    /// Reads the first commit of each aggregate, a hundred with one request. A commit that this does not find, because
    /// version 1 is missing or an aggregate is given twice, is read with a query.
    pub(super) async fn read_first<A: Aggregate>(
        &self,
        aggregate_ids: &[String],
    ) -> Vec<Result<Option<Commit<A::Event>>, StoreError>> {
        let ids: BTreeSet<&String> = aggregate_ids.iter().collect();
        let keys: Vec<_> = ids.into_iter().map(|id| Position::new(id, 1).key()).collect();
        let (items, unread) = match batch_get(&self.client, &self.table, &keys, Consistency::Strong).await {
            Ok(read) => read,
            Err(error) => return aggregate_ids.iter().map(|_| Err(error.clone().into())).collect(),
        };
        let of_id = |item: SdkItem| Some((Position::of(&item)?.claimed()?.0, item));
        let mut items: HashMap<String, SdkItem> = items.into_iter().filter_map(of_id).collect();
        let mut first = Vec::with_capacity(aggregate_ids.len());
        for aggregate_id in aggregate_ids {
            first.push(match items.remove(aggregate_id) {
                Some(item) => {
                    let decoded = item::decode_sdk::<A>(item);
                    decoded.map(Some).map_err(|error| StoreError::unreadable(aggregate_id, 1, error))
                }
                None if unread.contains(&Position::new(aggregate_id, 1).key()) => {
                    Err(TableError::busy("BatchGetItem").into())
                }
                None => EventStore::<A>::commits(self, aggregate_id, 0, Some(1)).await.map(|mut found| found.pop()),
            });
        }
        first
    }

    /// Builds a query for an aggregate's items, newest first.
    fn back(&self, aggregate_id: &str, up_to: Option<u64>) -> QueryFluentBuilder {
        let query = self.of(aggregate_id).scan_index_forward(false);
        match up_to {
            None => query.key_condition_expression("aggregateId = :id"),
            Some(version) => query
                .key_condition_expression("aggregateId = :id AND #version <= :version")
                .expression_attribute_names("#version", item::VERSION)
                .expression_attribute_values(":version", AttributeValue::N(version.to_string())),
        }
    }

    /// Builds a query for an aggregate's items. An expression can contain `aggregateId` itself, because the word is not
    /// reserved. A placeholder would make each request longer, and each byte is signed.
    pub(crate) fn of(&self, aggregate_id: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .expression_attribute_values(":id", AttributeValue::S(aggregate_id.to_owned()))
    }
}

async fn send(query: QueryFluentBuilder) -> Result<Page, StoreError> {
    // Boxed: the future of a call has several KB, and each future that contains it would be moved with them.
    let output = Box::pin(query.send()).await.map_err(|error| TableError::of("Query", error))?;
    Ok((output.items.unwrap_or_default().into_iter().map(Item::from).collect(), output.last_evaluated_key))
}
