//! Pages over the whole table, for the tools that replay, rebuild and verify.
//!
//! The port does not include it: commands and queries never read the whole table, and no caller needs it in memory.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::dynamo::SdkItem;
use crate::{Aggregate, Delivered, DynamoEventStore, Poison, StoreError, StoredSnapshot, TableError, Timestamp, item};

/// A request for one page of a scan.
#[derive(Debug, Clone)]
pub struct ScanRequest {
    /// The part of the table to scan.
    pub scope: Scope,
    /// The commit after which to continue: a page's [`next`](ScannedPage::next), or the position of any commit. `None`
    /// starts at the beginning.
    pub after: Option<Position>,
    /// The time range to return. It saves transfer, but no read capacity. Two special cases:
    ///
    /// - An item whose `recordedAt` is missing or is not a text is in every range.
    /// - An item whose `recordedAt` is a text but not an instant is in the ranges whose ends it sorts between. There
    ///   may be none.
    pub recorded: Option<Range<Timestamp>>,
    /// True if the scan must see every write acknowledged before the request, which doubles the read capacity.
    pub consistent: bool,
}

/// A part of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// A segment: aggregates in no particular order, and the commits of each in version order.
    Segment {
        /// The number of the segment, from 0.
        number: u32,
        /// The number of segments, 1 to 1,000,000. Together they contain every aggregate once.
        of: u32,
    },
    /// The commits of one aggregate, in version order.
    Aggregate(String),
}

impl Scope {
    /// The whole table.
    pub const TABLE: Self = Self::Segment { number: 0, of: 1 };
}

/// A position in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    aggregate_id: String,
    /// The version as DynamoDB writes it, because an item with an invalid version can also end a page.
    version: String,
}

impl Position {
    /// Creates the position of a commit, which need not exist.
    #[must_use]
    pub fn new(aggregate_id: impl Into<String>, version: u64) -> Self {
        Self { aggregate_id: aggregate_id.into(), version: version.to_string() }
    }

    pub(crate) fn of(item: &SdkItem) -> Option<Self> {
        let Some(AttributeValue::S(aggregate_id)) = item.get(item::AGGREGATE_ID) else { return None };
        let Some(AttributeValue::N(version)) = item.get(item::VERSION) else { return None };
        Some(Self { aggregate_id: aggregate_id.clone(), version: version.clone() })
    }

    /// Returns the aggregate and the version, as far as they can be read.
    pub(crate) fn claimed(self) -> Option<(String, u64)> {
        Some((self.aggregate_id, self.version.parse().ok()?))
    }

    pub(crate) fn key(&self) -> SdkItem {
        HashMap::from([
            (item::AGGREGATE_ID.to_owned(), AttributeValue::S(self.aggregate_id.clone())),
            (item::VERSION.to_owned(), AttributeValue::N(self.version.clone())),
        ])
    }
}

/// Writes `<aggregateId>@<version>`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.aggregate_id, self.version)
    }
}

/// The result of one request.
#[derive(Debug, Clone)]
pub struct ScannedPage<E> {
    /// The commits and the unreadable items; each id is `<aggregateId>@<version>`.
    pub delivered: Vec<Delivered<E>>,
    /// The number of items read, including those outside the range.
    pub scanned: u64,
    /// The position at which to continue; `None` at the end.
    pub next: Option<Position>,
}

/// The items of a page, the number of items read, and the key of the last one, as the SDK returns them.
type RawPage = (Option<Vec<SdkItem>>, i32, Option<SdkItem>);

/// The range as a filter that DynamoDB applies after reading. The texts have a fixed width, so their order is the order of
/// the instants. An item without a text must still be returned, so that it is not overlooked. DynamoDB cannot check here
/// whether a text is an instant.
const IN_RANGE: &str = "(#at >= :start AND #at < :end) OR NOT attribute_type(#at, :string)";

impl DynamoEventStore {
    /// Reads the next page of at most 1 MB of items. A page can be empty without being the last. An item that cannot be
    /// read does not stop the scan.
    ///
    /// # Errors
    /// Returns [`StoreError::Table`]. A position in another segment is refused.
    pub async fn scan<A: Aggregate>(&self, request: &ScanRequest) -> Result<ScannedPage<A::Event>, StoreError> {
        Ok(self.scan_items::<A, _>(request, |_| ()).await?.0)
    }

    /// Reads the next page with the snapshot of each commit, in the same order. The snapshots cost nothing extra.
    ///
    /// # Errors
    /// Returns the same errors as [`scan`](Self::scan).
    pub async fn scan_with_snapshots<A: Aggregate>(
        &self,
        request: &ScanRequest,
    ) -> Result<(ScannedPage<A::Event>, Vec<Option<StoredSnapshot>>), StoreError> {
        self.scan_items::<A, _>(request, item::take_snapshot).await
    }

    /// Reads the next page, and extracts one more value from each item.
    async fn scan_items<A: Aggregate, T>(
        &self,
        request: &ScanRequest,
        take: fn(&mut SdkItem) -> T,
    ) -> Result<(ScannedPage<A::Event>, Vec<T>), StoreError> {
        let (operation, (items, scanned, last)) = match &request.scope {
            Scope::Segment { number, of } => ("Scan", self.segment_page(request, *number, *of).await?),
            Scope::Aggregate(id) => ("Query", self.aggregate_page(request, id).await?),
        };
        let position = |item: &SdkItem| {
            let refused = || TableError::refused(operation, "the table's key is not aggregateId and version");
            Position::of(item).ok_or_else(refused)
        };
        let deliver = |mut item: SdkItem| {
            let position = position(&item)?;
            let (id, taken) = (position.to_string(), take(&mut item));
            let record = item::decode_sdk::<A>(item).map_err(|error| Poison::new(position.claimed(), &error));
            Ok((Delivered { id, record }, taken))
        };
        let items = items.unwrap_or_default().into_iter().map(deliver).collect::<Result<Vec<_>, StoreError>>()?;
        let (delivered, taken) = items.into_iter().unzip();
        let (scanned, next) = (scanned.try_into().unwrap_or(0), last.as_ref().map(position).transpose()?);
        Ok((ScannedPage { delivered, scanned, next }, taken))
    }

    // There is no projection: it would change neither the pages nor their price, and the names of a commit's tags vary.
    async fn segment_page(&self, request: &ScanRequest, number: u32, of: u32) -> Result<RawPage, StoreError> {
        let mut scan = self.client.scan().table_name(&self.table).consistent_read(request.consistent);
        if let Some(Range { start, end }) = request.recorded {
            scan = scan
                .filter_expression(IN_RANGE)
                .expression_attribute_names("#at", item::RECORDED_AT)
                .expression_attribute_values(":start", string(start))
                .expression_attribute_values(":end", string(end))
                .expression_attribute_values(":string", string("S"));
        }
        let scan = scan.segment(sdk_number(number)).total_segments(sdk_number(of));
        let output = scan.set_exclusive_start_key(request.after.as_ref().map(Position::key)).send().await;
        let output = output.map_err(|error| TableError::of("Scan", error))?;
        Ok((output.items, output.scanned_count, output.last_evaluated_key))
    }

    async fn aggregate_page(&self, request: &ScanRequest, aggregate_id: &str) -> Result<RawPage, StoreError> {
        let mut query =
            self.of(aggregate_id).key_condition_expression("aggregateId = :id").consistent_read(request.consistent);
        if let Some(Range { start, end }) = request.recorded {
            query = query
                .filter_expression(IN_RANGE)
                .expression_attribute_names("#at", item::RECORDED_AT)
                .expression_attribute_values(":start", string(start))
                .expression_attribute_values(":end", string(end))
                .expression_attribute_values(":string", string("S"));
        }
        let output = query.set_exclusive_start_key(request.after.as_ref().map(Position::key)).send().await;
        let output = output.map_err(|error| TableError::of("Query", error))?;
        Ok((output.items, output.scanned_count, output.last_evaluated_key))
    }
}

fn string(text: impl fmt::Display) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

/// Converts a number for the SDK. A number that the SDK cannot represent is also far above DynamoDB's limit, so
/// DynamoDB rejects the request.
fn sdk_number(number: u32) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
