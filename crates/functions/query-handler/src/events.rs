//! The audit trail of an order, oldest event first.

use event_store::{CommitPage, EventStore};
use http_api::replies::{AuditEvent, EventView, EventsPage};
use http_api::{Caller, EventsQuery, Problem};
use order_aggregate::{OrderCommit, Orders};
use order_domain::values::CustomerId;

use crate::failure::Failure;

/// Returns one page of the trail. A page contains whole commits, so its cursor is a version; currently each commit has one
/// event. A page ends before a commit that cannot be read. The next page begins at that commit and reports the problem. A
/// position beyond the newest commit gets the reply for an unknown order; no reply contains such a cursor.
pub(crate) async fn list<S: EventStore<Orders>>(
    events: &S,
    caller: &Caller,
    query: &EventsQuery,
) -> Result<EventsPage, Failure> {
    let after = match query.after.as_deref().map(str::parse) {
        None => 0,
        Some(Ok(version)) if version <= http_api::queries::MAX_VERSION => version,
        Some(_) => return Err(Failure::bad_cursor()),
    };
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let CommitPage { commits, unreadable, has_more } = events.page(query.order_id.as_str(), after, limit).await?;
    if let Some(error) = unreadable
        && commits.is_empty()
    {
        // The unreadable commit does not show the order's owner. The first commit does, if it can be read.
        let first = if after > 0 { events.page(query.order_id.as_str(), 0, 1).await?.commits.pop() } else { None };
        let is_visible = first.is_some_and(|first| may_see(caller, &first));
        return Err(if is_visible { Failure::Visible(error) } else { error.into() });
    }
    if !commits.first().is_some_and(|first| may_see(caller, first)) {
        return Err(Problem::order_not_found().into());
    }
    let last = commits.last().filter(|_| has_more).map(|commit| commit.version.to_string());
    let items = commits.iter().map(|commit| audit_events(caller, commit)).collect::<Result<Vec<_>, Problem>>()?;
    Ok(EventsPage {
        items: items.into_iter().flatten().collect(),
        next_cursor: last.map(|position| query.next_cursor(&position)),
    })
}

/// Returns true if the caller may see the order of a commit.
pub(crate) fn may_see(caller: &Caller, commit: &OrderCommit) -> bool {
    let customer = order_aggregate::customer_id(commit).map(CustomerId::parse);
    customer.is_some_and(|customer| customer.is_ok_and(|customer| caller.may_see(&customer)))
}

/// Returns the events of a commit. A customer sees the request of a commit only if they made it themselves. Other requests
/// would reveal who works for the shop, and the key with which to repeat another caller's request.
fn audit_events(caller: &Caller, commit: &OrderCommit) -> Result<Vec<AuditEvent>, Problem> {
    let request = &commit.request;
    let is_shown = caller.sees_everyone() || request.actor == caller.actor();
    let events = commit.events.iter().map(|recorded| {
        let event = EventView::of(&recorded.event, recorded.event_id, commit.version, commit.recorded_at)?;
        if !is_shown {
            return Ok(AuditEvent::by_staff(event));
        }
        Ok(AuditEvent {
            event,
            actor: request.actor.clone(),
            request_id: Some(request.request_id.clone()),
            correlation_id: request.correlation_id.clone(),
            causation_id: request.causation_id.clone(),
        })
    });
    events.collect()
}
