//! A query to every route, and the cursors in it.

use http_api::queries::MAX_LIMIT;
use http_api::{
    EventsQuery, IfNoneMatch, ListQuery, OpenOrdersQuery, OrderFilter, OrderView, ParsedQuery, QueryRoute, parse_query,
};
use order_domain::status::OrderStatus;

use crate::command::refused;
use crate::message::Message;

/// Sends a query to every route.
pub fn query(input: &[u8]) {
    let message = Message::read(input);
    let text = String::from_utf8_lossy(message.rest);
    for route in QueryRoute::ALL {
        let request = |text: &str| message.request(route.key(), text, b"");
        let parse = |text: &str| parse_query(&request(text));
        let _ = IfNoneMatch::of(&request(&text)).is_some_and(|known| known.matches(1));
        match parse(&text) {
            Err(problem) => refused(problem, input.len()),
            Ok(parsed) => assert_eq!(parse(&written(&parsed)), Ok(parsed)),
        }
        issued(&text, &parse);
    }
}

/// Returns the query as a caller would write it, with the cursor that the API would issue. It must equal the query that was
/// sent.
fn written(parsed: &ParsedQuery) -> String {
    match parsed {
        ParsedQuery::ListOrders(list) => {
            assert!((1..=MAX_LIMIT).contains(&list.limit));
            let filter = filter(&list.filter);
            let cursor = list.after.as_deref().map(|after| format!("&cursor={}", list.next_cursor(after)));
            format!("limit={}{filter}{}", list.limit, cursor.unwrap_or_default())
        }
        ParsedQuery::ListOpenOrders(list) => {
            assert!((1..=MAX_LIMIT).contains(&list.limit));
            let filter = filter(&list.filter);
            let cursor = list.after.as_deref().map(|after| format!("&cursor={}", list.next_cursor(after)));
            format!("limit={}{filter}{}", list.limit, cursor.unwrap_or_default())
        }
        ParsedQuery::ListEvents(events) => {
            assert!((1..=MAX_LIMIT).contains(&events.limit));
            let cursor = events.after.as_deref().map(|after| format!("&cursor={}", events.next_cursor(after)));
            format!("limit={}{}", events.limit, cursor.unwrap_or_default())
        }
        ParsedQuery::GetOrder(order) => {
            let view = match order.view {
                OrderView::Latest { min_version: None } => "consistent=false".to_owned(),
                OrderView::Latest { min_version: Some(version) } => format!("minVersion={version}"),
                OrderView::Consistent => "consistent=true".to_owned(),
                OrderView::Version(version) => format!("version={version}"),
                OrderView::AsOf(instant) => format!("asOf={instant}"),
            };
            format!("{view}{}", if order.details { "&include=details" } else { "" })
        }
        ParsedQuery::GetCustomerTotals(_) | ParsedQuery::GetOpenApi => String::new(),
    }
}

/// Returns the filters as query parameters, each with its separator.
fn filter(filter: &OrderFilter) -> String {
    let OrderFilter { status, payment_status, fulfillment_status, to_ship, from, to } = filter;
    let parameters = [
        ("status", status.map(|status| status.as_str().to_owned())),
        ("paymentStatus", payment_status.map(|status| status.as_str().to_owned())),
        ("fulfillmentStatus", fulfillment_status.map(|status| status.as_str().to_owned())),
        ("toShip", to_ship.map(|to_ship| to_ship.to_string())),
        ("from", from.map(|from| from.to_string())),
        ("to", to.map(|to| to.to_string())),
    ];
    let given = parameters.into_iter().filter_map(|(name, value)| Some(format!("&{name}={}", value?)));
    given.collect()
}

/// Checks that a cursor at any position is accepted by the list that issued it, and by no other list.
fn issued(position: &str, parse: &dyn Fn(&str) -> Result<ParsedQuery, http_api::Problem>) {
    let after = |query: &str| match parse(query) {
        Ok(
            ParsedQuery::ListOrders(ListQuery { after, .. })
            | ParsedQuery::ListOpenOrders(OpenOrdersQuery { after, .. })
            | ParsedQuery::ListEvents(EventsQuery { after, .. }),
        ) => after,
        Ok(ParsedQuery::GetCustomerTotals(_) | ParsedQuery::GetOrder(_) | ParsedQuery::GetOpenApi) | Err(_) => None,
    };
    let position = Some(position.to_owned());
    match parse("") {
        Ok(ParsedQuery::ListOrders(list)) => {
            let cursor = list.next_cursor(position.as_deref().unwrap_or_default());
            assert_eq!(after(&format!("cursor={cursor}")), position);
            for status in OrderStatus::ALL {
                assert_eq!(after(&format!("cursor={cursor}&status={}", status.as_str())), None);
            }
        }
        Ok(ParsedQuery::ListOpenOrders(list)) => {
            let cursor = list.next_cursor(position.as_deref().unwrap_or_default());
            assert_eq!(after(&format!("cursor={cursor}")), position);
            assert_eq!(after(&format!("cursor={cursor}&status=placed")), None);
        }
        Ok(ParsedQuery::ListEvents(events)) => {
            let cursor = events.next_cursor(position.as_deref().unwrap_or_default());
            assert_eq!(after(&format!("cursor={cursor}")), position);
            assert_eq!(after(&format!("cursor={cursor}A")), None);
        }
        Ok(ParsedQuery::GetCustomerTotals(_) | ParsedQuery::GetOrder(_) | ParsedQuery::GetOpenApi) | Err(_) => {}
    }
}
