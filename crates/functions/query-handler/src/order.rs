//! One order: now, at a minimum version, or at an earlier version or time; with or without its details.

use std::collections::BTreeMap;

use event_store::store::chain;
use event_store::{EventStore, StoreError, UpTo};
use http_api::replies::SummaryView;
use http_api::{Caller, OrderQuery, OrderView, Problem};
use order_aggregate::{OrderCommit, Orders};
use order_domain::Event;
use order_domain::values::{CustomerId, OrderId};
use parked_orders::ParkedOrderTable;
use read_models::{OrderSummaries, OrderSummaryRow, RowError};

use crate::events::may_see;
use crate::failure::Failure;
use crate::row_view::of_row;
use crate::{detailed, stale};

/// Returns the order in the form that the query asks for.
pub(crate) async fn get<S: EventStore<Orders>>(
    events: &S,
    summaries: &dyn OrderSummaries,
    parked: &ParkedOrderTable,
    caller: &Caller,
    query: &OrderQuery,
) -> Result<SummaryView, Failure> {
    let order_id = &query.order_id;
    match query.view {
        OrderView::Latest { min_version } if !query.details => {
            latest(events, summaries, parked, caller, order_id, min_version).await
        }
        OrderView::Latest { min_version } => newest(events, caller, query, min_version).await,
        OrderView::Consistent => newest(events, caller, query, None).await,
        OrderView::Version(version) => {
            let summary = at(events, caller, query, UpTo::Version(version)).await?;
            let summary = summary.ok_or_else(Problem::order_not_found)?;
            if summary.version < version {
                return Err(Problem::version_not_reached(summary.version).into());
            }
            Ok(SummaryView { as_of: Some(summary.last_updated), ..summary })
        }
        OrderView::AsOf(instant) => match at(events, caller, query, UpTo::Time(instant)).await? {
            Some(summary) => Ok(SummaryView { as_of: Some(instant), ..summary }),
            None => Err(not_there_yet(events, caller, order_id).await?.into()),
        },
    }
}

/// Returns the problem for an instant at which the caller could see no order: either the order was placed later, or no
/// order exists that the caller may see. The first commit distinguishes the two; it is read in this case only.
async fn not_there_yet<S: EventStore<Orders>>(
    events: &S,
    caller: &Caller,
    order_id: &OrderId,
) -> Result<Problem, StoreError> {
    let first = events.commits(order_id.as_str(), 0, Some(1)).await?.pop();
    Ok(match first.filter(|first| may_see(caller, first)) {
        Some(first) => Problem::not_placed_yet(first.recorded_at),
        None => Problem::order_not_found(),
    })
}

/// Returns the order after its newest event, at `min_version` or later. The read is consistent, so the result is never
/// stale.
async fn newest<S: EventStore<Orders>>(
    events: &S,
    caller: &Caller,
    query: &OrderQuery,
    min_version: Option<u64>,
) -> Result<SummaryView, Failure> {
    let summary = at(events, caller, query, UpTo::Head).await?;
    let summary = summary.ok_or_else(Problem::order_not_found)?;
    if summary.version < min_version.unwrap_or(0) {
        return Err(Problem::version_mismatch(summary.version).into());
    }
    Ok(summary)
}

/// Folds the order from its events up to a point, with its details if the query asks for them.
async fn at<S: EventStore<Orders>>(
    events: &S,
    caller: &Caller,
    query: &OrderQuery,
    up_to: UpTo,
) -> Result<Option<SummaryView>, Failure> {
    if query.details {
        detailed::folded(events, caller, &query.order_id, up_to).await
    } else {
        Ok(folded(events, caller, &query.order_id, up_to).await?)
    }
}

/// Returns the row if it exists and has reached `min_version`; otherwise the fold of the events. An order is therefore
/// found as soon as its placing was acknowledged, and a caller never receives an order older than the one they have seen.
/// The newest commit contains the state, so the fold is one small read, however old the row is.
async fn latest<S: EventStore<Orders>>(
    events: &S,
    summaries: &dyn OrderSummaries,
    parked: &ParkedOrderTable,
    caller: &Caller,
    order_id: &OrderId,
    min_version: Option<u64>,
) -> Result<SummaryView, Failure> {
    let wanted = min_version.unwrap_or(0);
    let note = parked.find(&stale::SUMMARY_CONSUMER, order_id.as_str());
    let (row, note) = tokio::join!(readable_row(summaries, order_id), note);
    match row? {
        Some(row) if !CustomerId::parse(&row.customer_id).is_ok_and(|customer| caller.may_see(&customer)) => {
            Err(Problem::order_not_found().into())
        }
        Some(row) if row.version >= wanted => {
            let note = note.transpose().map(stale::note).transpose()?;
            Ok(stale::marked(of_row(row), note.as_slice()))
        }
        Some(_) | None => {
            let summary = folded(events, caller, order_id, UpTo::Head).await?;
            let summary = summary.ok_or_else(Problem::order_not_found)?;
            if summary.version < wanted {
                return Err(Problem::version_mismatch(summary.version).into());
            }
            Ok(summary)
        }
    }
}

/// Returns the row if it exists. A row that cannot be read counts as missing: a newer release may have written it, and the
/// events have the same content.
async fn readable_row(summaries: &dyn OrderSummaries, order_id: &OrderId) -> Result<Option<OrderSummaryRow>, RowError> {
    match summaries.find(order_id.as_str()).await {
        Err(error @ RowError::Unreadable { .. }) => {
            tracing::warn!(order_id = order_id.as_str(), error = chain(&error), "answering from events");
            Ok(None)
        }
        found @ (Ok(_) | Err(RowError::Table(_) | RowError::OutOfTime | RowError::Unwritable { .. })) => found,
    }
}

/// Folds the order from its events up to a point; `None` if there is no such order, or none that the caller may see.
pub(crate) async fn folded<S: EventStore<Orders>>(
    events: &S,
    caller: &Caller,
    order_id: &OrderId,
    up_to: UpTo,
) -> Result<Option<SummaryView>, StoreError> {
    let loaded = events.load(order_id.as_str(), up_to).await?;
    if !loaded.state.customer_id().is_some_and(|customer| caller.may_see(customer)) {
        return Ok(None);
    }
    let Some(newest) = loaded.newest() else { return Ok(None) };
    let placed_at = order_aggregate::placed_at(newest).unwrap_or(newest.recorded_at);
    let summary = SummaryView::of_order(order_id, &loaded.state, placed_at, newest.recorded_at, loaded.version);
    let metadata = match newest.version {
        1 => placed_metadata(newest),
        _ if loaded.state.has_metadata() => metadata(events, order_id).await?,
        _ => BTreeMap::new(),
    };
    Ok(summary.map(|summary| SummaryView { metadata, ..summary }))
}

/// Returns the shop's metadata. It is in the first commit and not in the state, so an order with metadata takes one more
/// read.
async fn metadata<S: EventStore<Orders>>(
    events: &S,
    order_id: &OrderId,
) -> Result<BTreeMap<String, String>, StoreError> {
    let first = events.commits(order_id.as_str(), 0, Some(1)).await?.pop();
    Ok(first.map(|first| placed_metadata(&first)).unwrap_or_default())
}

/// Returns the metadata in an order's first commit.
pub(crate) fn placed_metadata(first: &OrderCommit) -> BTreeMap<String, String> {
    let placed = first
        .events
        .iter()
        .find_map(|recorded| if let Event::OrderPlaced(placed) = &recorded.event { Some(placed) } else { None });
    let notes = placed.map(|placed| placed.metadata.iter()).into_iter().flatten();
    notes.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
