//! One order with its details. Both are folded from its commits, so they have the same version.

use std::collections::BTreeMap;

use event_store::{EventStore, UpTo};
use http_api::replies::size::{MAX_ORDER, response_bytes};
use http_api::replies::{DetailsView, SummaryView};
use http_api::{Caller, Problem};
use order_aggregate::{OrderCommit, Orders};
use order_domain::Order;
use order_domain::values::OrderId;

use crate::details;
use crate::failure::Failure;
use crate::order::placed_metadata;

/// The number of commits in one read. An order with more commits takes more requests, but no more read units. If the
/// details are too large for a reply, reading stops as soon as this is known.
const COMMITS: u64 = 200;

/// Returns the order up to a point, with its details; `None` if there is no such order, or none that the caller may see.
pub(crate) async fn folded<S: EventStore<Orders>>(
    events: &S,
    caller: &Caller,
    order_id: &OrderId,
    up_to: UpTo,
) -> Result<Option<SummaryView>, Failure> {
    let last_version = match up_to {
        UpTo::Head => u64::MAX,
        UpTo::Version(version) => version,
        UpTo::Time(_) => events.load(order_id.as_str(), up_to).await?.version,
    };
    let (mut order, mut details) = (Order::default(), DetailsView::default());
    let mut newest: Option<OrderCommit> = None;
    let mut metadata = BTreeMap::new();
    loop {
        let version = newest.as_ref().map_or(0, |commit| commit.version);
        let wanted = last_version.saturating_sub(version).min(COMMITS);
        let limit = usize::try_from(wanted).unwrap_or(usize::MAX);
        if limit == 0 {
            break;
        }
        let commits = events.commits(order_id.as_str(), version, Some(limit)).await?;
        let is_last = commits.len() < limit;
        for commit in commits {
            order = commit.apply_to::<Orders>(order);
            details::apply(&mut details, &commit);
            if commit.version == 1 {
                metadata = placed_metadata(&commit);
            }
            newest = Some(commit);
        }
        if !order.customer_id().is_some_and(|customer| caller.may_see(customer)) {
            return Ok(None);
        }
        if response_bytes(&details) > MAX_ORDER {
            return Err(Problem::details_too_large().into());
        }
        if is_last {
            break;
        }
    }
    let Some(newest) = newest else { return Ok(None) };
    let placed_at = order_aggregate::placed_at(&newest).unwrap_or(newest.recorded_at);
    let summary = SummaryView::of_order(order_id, &order, placed_at, newest.recorded_at, newest.version);
    let summary = summary.map(|summary| SummaryView { metadata, details: Some(details), ..summary });
    match summary {
        Some(summary) if response_bytes(&summary) > MAX_ORDER => Err(Problem::details_too_large().into()),
        summary @ (Some(_) | None) => Ok(summary),
    }
}
