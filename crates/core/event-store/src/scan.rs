//! Pages over the whole table, for tools: replaying, rebuilding, verifying.
//!
//! Not part of the port: commands and queries never ask for everything, and the in-memory adapter has nobody who would.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::dynamo::{SdkItem, failed};
use crate::{Aggregate, Delivered, DynamoEventStore, Poison, StoreError, StoredSnapshot, Timestamp, item};

/// What is to be scanned, and how.
#[derive(Debug, Clone)]
pub struct ScanRequest {
    /// Where to look.
    pub scope: Scope,
    /// The commit after which to go on: a page's [`next`](ScannedPage::next), or any commit's own position. `None` at the
    /// beginning.
    pub after: Option<Position>,
    /// Only what was recorded in this range. It saves the transfer and no read capacity. An item whose `recordedAt` is
    /// missing or no text is in every range; one whose `recordedAt` is a text but no instant is in those alone between
    /// whose ends it sorts, which may be none.
    pub recorded: Option<Range<Timestamp>>,
    /// Whether every write acknowledged before the request is seen, for twice the read capacity.
    pub consistent: bool,
}

/// Which part of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Aggregates in no particular order, and the commits of each in the order of their versions.
    Segment {
        /// Which segment, from 0.
        number: u32,
        /// How many there are, 1 to 1,000,000; together they hold every aggregate once.
        of: u32,
    },
    /// The commits of one aggregate, in the order of their versions.
    Aggregate(String),
}

impl Scope {
    /// All of it.
    pub const TABLE: Self = Self::Segment { number: 0, of: 1 };
}

/// A place in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    aggregate_id: String,
    /// As DynamoDB writes it: also an item whose version is no version can end a page.
    version: String,
}

impl Position {
    /// The place of a commit, whether or not there is one.
    #[must_use]
    pub fn new(aggregate_id: impl Into<String>, version: u64) -> Self {
        Self { aggregate_id: aggregate_id.into(), version: version.to_string() }
    }

    fn of(item: &SdkItem) -> Option<Self> {
        let Some(AttributeValue::S(aggregate_id)) = item.get(item::AGGREGATE_ID) else { return None };
        let Some(AttributeValue::N(version)) = item.get(item::VERSION) else { return None };
        Some(Self { aggregate_id: aggregate_id.clone(), version: version.clone() })
    }

    fn key(&self) -> SdkItem {
        HashMap::from([
            (item::AGGREGATE_ID.to_owned(), AttributeValue::S(self.aggregate_id.clone())),
            (item::VERSION.to_owned(), AttributeValue::N(self.version.clone())),
        ])
    }
}

/// `<aggregateId>@<version>`
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.aggregate_id, self.version)
    }
}

/// What one request found.
#[derive(Debug, Clone)]
pub struct ScannedPage<E> {
    /// The commits, and what was to be one; each id is `<aggregateId>@<version>`.
    pub delivered: Vec<Delivered<E>>,
    /// How many items were looked at, those outside the range included.
    pub scanned: u64,
    /// Where to go on; `None` at the end.
    pub next: Option<Position>,
}

/// A page as the SDK hands it over.
struct RawPage {
    items: Option<Vec<SdkItem>>,
    scanned: i32,
    last: Option<SdkItem>,
}

impl DynamoEventStore {
    /// Reads the next page: 1 MB of items at most, which may hold nothing that is asked for and yet not be the last. An
    /// item that cannot be read does not stop it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] and [`StoreError::Refused`], the latter also for a position in another segment.
    pub async fn scan<A: Aggregate>(&self, request: &ScanRequest) -> Result<ScannedPage<A::Event>, StoreError> {
        Ok(self.scan_items::<A, _>(request, |_| ()).await?.0)
    }

    /// Reads the next page with the snapshot that each commit carries, in the same order. It costs nothing more.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    pub async fn scan_with_snapshots<A: Aggregate>(
        &self,
        request: &ScanRequest,
    ) -> Result<(ScannedPage<A::Event>, Vec<Option<StoredSnapshot>>), StoreError> {
        self.scan_items::<A, _>(request, item::stored_snapshot).await
    }

    /// Reads the next page, and takes something more from each item.
    async fn scan_items<A: Aggregate, T>(
        &self,
        request: &ScanRequest,
        take: fn(&serde_dynamo::Item) -> T,
    ) -> Result<(ScannedPage<A::Event>, Vec<T>), StoreError> {
        let (operation, page) = match &request.scope {
            Scope::Segment { number, of } => ("Scan", self.segment_page(request, *number, *of).await?),
            Scope::Aggregate(id) => ("Query", self.aggregate_page(request, id).await?),
        };
        let position = |item: &SdkItem| {
            let source = || "the table's key is not aggregateId and version".into();
            Position::of(item).ok_or_else(|| StoreError::Refused { operation, source: source() })
        };
        let deliver = |item: SdkItem| {
            let id = position(&item)?.to_string();
            let item = serde_dynamo::Item::from(item);
            let (claimed, taken) = (item::key_of(&item), take(&item));
            let record = item::decode::<A>(item).map_err(|error| Poison::new(claimed, &error));
            Ok((Delivered { id, record }, taken))
        };
        let items = page.items.unwrap_or_default().into_iter().map(deliver).collect::<Result<Vec<_>, StoreError>>()?;
        let (delivered, taken) = items.into_iter().unzip();
        let (scanned, next) = (page.scanned.try_into().unwrap_or(0), page.last.as_ref().map(position).transpose()?);
        Ok((ScannedPage { delivered, scanned, next }, taken))
    }

    // No projection: it would change neither the pages nor their price, and a commit's tags have names of their own.
    async fn segment_page(&self, request: &ScanRequest, number: u32, of: u32) -> Result<RawPage, StoreError> {
        let Filter { expression, names, values } = Filter::of(request);
        let scan = self.client.scan().table_name(&self.table).consistent_read(request.consistent);
        let output = scan
            .segment(sdk_number(number))
            .total_segments(sdk_number(of))
            .set_exclusive_start_key(request.after.as_ref().map(Position::key))
            .set_filter_expression(expression)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .send()
            .await
            .map_err(|error| failed("Scan", error))?;
        Ok(RawPage { items: output.items, scanned: output.scanned_count, last: output.last_evaluated_key })
    }

    async fn aggregate_page(&self, request: &ScanRequest, aggregate_id: &str) -> Result<RawPage, StoreError> {
        let Filter { expression, names, values } = Filter::of(request);
        let query = self.client.query().table_name(&self.table).consistent_read(request.consistent);
        let output = query
            .set_exclusive_start_key(request.after.as_ref().map(Position::key))
            .set_filter_expression(expression)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .key_condition_expression("#id = :id")
            .expression_attribute_names("#id", item::AGGREGATE_ID)
            .expression_attribute_values(":id", AttributeValue::S(aggregate_id.to_owned()))
            .send()
            .await
            .map_err(|error| failed("Query", error))?;
        Ok(RawPage { items: output.items, scanned: output.scanned_count, last: output.last_evaluated_key })
    }
}

/// What is beyond the SDK's numbers is far beyond DynamoDB's, which then refuses the request.
fn sdk_number(number: u32) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// The range as DynamoDB applies it to what it has read.
#[derive(Default)]
struct Filter {
    expression: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Filter {
    fn of(request: &ScanRequest) -> Self {
        let Some(Range { start, end }) = request.recorded else { return Self::default() };
        let string = |text: &dyn fmt::Display| AttributeValue::S(text.to_string());
        let values = [(":start", string(&start)), (":end", string(&end)), (":string", string(&"S"))];
        // Texts of a fixed width: their order is the order of the instants. What has no text must not vanish unseen. Whether
        // a text is an instant cannot be asked here.
        let expression = "(#at >= :start AND #at < :end) OR NOT attribute_type(#at, :string)";
        Self {
            expression: Some(expression.to_owned()),
            names: Some(HashMap::from([("#at".to_owned(), item::RECORDED_AT.to_owned())])),
            values: Some(values.map(|(name, value)| (name.to_owned(), value)).into()),
        }
    }
}
