use http_api::{EventsQuery, ListQuery, OrderQuery, OrderView, ParsedQuery, Problem, TotalsQuery, parse_query};
use order_domain::status::OrderStatus;
use order_domain::values::{CustomerId, OrderId};

use super::payload::{errors_of, payload, seen};

fn list(query: &str) -> Result<ListQuery, Problem> {
    let request = payload("GET /customers/{customerId}/orders", &[("customerId", "c-1")]).query(query).request();
    parse_query(&request).map(|query| {
        let ParsedQuery::ListOrders(query) = query else { panic!("{query:?}") };
        query
    })
}

fn view(query: &str) -> Result<OrderView, Problem> {
    let request = payload("GET /orders/{orderId}", &[("orderId", "o-1")]).query(query).request();
    parse_query(&request).map(|query| {
        let ParsedQuery::GetOrder(OrderQuery { order_id, view }) = query else { panic!("{query:?}") };
        assert_eq!(order_id.as_str(), "o-1");
        view
    })
}

fn events(query: &str) -> Result<EventsQuery, Problem> {
    let request = payload("GET /orders/{orderId}/events", &[("orderId", "o-1")]).query(query).request();
    parse_query(&request).map(|query| {
        let ParsedQuery::ListEvents(query) = query else { panic!("{query:?}") };
        query
    })
}

#[test]
fn a_list_is_of_20_orders_of_any_status_from_the_newest() {
    let wanted = ListQuery { customer_id: CustomerId::parse("c-1").unwrap(), status: None, limit: 20, after: None };
    assert_eq!(list(""), Ok(wanted));
}

#[test]
fn a_list_takes_every_status() {
    for status in OrderStatus::ALL {
        assert_eq!(list(&format!("status={}", status.as_str())).unwrap().status, Some(*status));
    }
}

#[test]
fn a_limit_is_from_1_to_100() {
    assert_eq!(list("limit=1").unwrap().limit, 1);
    assert_eq!(events("limit=100").unwrap().limit, 100);
    for bad in ["0", "101", "-1", "+5", "1.0", "1e1", "", "ten", "99999999999999999999", "%00", "\u{661}"] {
        let query = format!("limit={bad}");
        assert_eq!(errors_of(list(&query).unwrap_err()), ["limit out_of_range"], "{bad:?}");
        assert_eq!(errors_of(events(&query).unwrap_err()), ["limit out_of_range"], "{bad:?}");
    }
}

#[test]
fn a_cursor_leads_on_in_the_same_list_only() {
    let paid = list("status=paid").unwrap();
    let cursor = paid.next_cursor("2026-11-21T09:30:00.123Z#o-1");
    assert_eq!(
        list(&format!("status=paid&cursor={cursor}")).unwrap().after.as_deref(),
        Some("2026-11-21T09:30:00.123Z#o-1")
    );
    for other in [
        format!("cursor={cursor}"),
        format!("status=placed&cursor={cursor}"),
        "cursor=".to_owned(),
        "cursor=AAAA".to_owned(),
    ] {
        assert_eq!(errors_of(list(&other).unwrap_err()), ["cursor bad_cursor"], "{other}");
    }
    assert_eq!(errors_of(events(&format!("cursor={cursor}")).unwrap_err()), ["cursor bad_cursor"]);

    let cursor = events("").unwrap().next_cursor("42");
    assert_eq!(events(&format!("limit=5&cursor={cursor}")).unwrap().after.as_deref(), Some("42"));
    let other = EventsQuery { order_id: OrderId::parse("o-2").unwrap(), limit: 20, after: None };
    assert_eq!(errors_of(events(&format!("cursor={}", other.next_cursor("42"))).unwrap_err()), ["cursor bad_cursor"]);
}

#[test]
fn totals_are_asked_for_by_customer_and_nothing_else() {
    let ask = |customer: &str, query: &str| {
        let request = payload("GET /customers/{customerId}/totals", &[("customerId", customer)]).query(query).request();
        parse_query(&request)
    };
    let customer_id = CustomerId::parse("c-1").unwrap();
    assert_eq!(ask("c-1", ""), Ok(ParsedQuery::GetCustomerTotals(TotalsQuery { customer_id })));
    assert_eq!(
        errors_of(ask("c-1", "currency=EUR&limit=1").unwrap_err()),
        ["currency unknown_parameter", "limit unknown_parameter"]
    );
    assert_eq!(errors_of(ask("c#1", "").unwrap_err()), ["customerId bad_id"]);
    let by_path = payload("GET /customers/c-1/totals", &[]).request_by_path();
    assert_eq!(parse_query(&by_path), ask("c-1", ""));
}

#[test]
fn an_order_is_wanted_now_at_a_version_or_at_an_instant() {
    assert_eq!(view(""), Ok(OrderView::Latest { min_version: None }));
    assert_eq!(view("minVersion=7"), Ok(OrderView::Latest { min_version: Some(7) }));
    assert_eq!(view("version=9007199254740991"), Ok(OrderView::Version(9_007_199_254_740_991)));
    assert_eq!(view("asOf=2026-11-21T09:30:00.123Z"), Ok(OrderView::AsOf(1_795_253_400_123)));
    assert_eq!(view("asOf=2026-11-21T11:30:00.123%2B02:00"), Ok(OrderView::AsOf(1_795_253_400_123)));
}

#[test]
fn only_one_point_of_its_life_may_be_named() {
    let asked = ["minVersion=1", "version=1", "asOf=2026-11-21T09:30:00Z"];
    for (one, other) in [(0, 1), (1, 2), (0, 2)] {
        let errors = errors_of(view(&format!("{}&{}", asked[one], asked[other])).unwrap_err());
        assert_eq!(errors.len(), 1);
        assert!(errors[0].ends_with(" conflicting_parameters"), "{errors:?}");
    }
    assert_eq!(errors_of(view(&asked.join("&")).unwrap_err()), ["asOf conflicting_parameters"]);
}

#[test]
fn bad_versions_and_timestamps_are_refused() {
    for name in ["minVersion", "version"] {
        for bad in ["0", "-1", "1.0", "9007199254740992", "99999999999999999999", "", "latest"] {
            assert_eq!(
                errors_of(view(&format!("{name}={bad}")).unwrap_err()),
                [format!("{name} out_of_range")],
                "{bad}"
            );
        }
    }
    for bad in ["", "yesterday", "2026-11-21", "2026-11-21T11:30:00+02:00", "2026-02-30T00:00:00Z", "1795253400123"] {
        assert_eq!(errors_of(view(&format!("asOf={bad}")).unwrap_err()), ["asOf bad_timestamp"], "{bad}");
    }
}

#[test]
fn every_error_is_told_at_once() {
    let request = payload("GET /customers/{customerId}/orders", &[("customerId", "c#1")])
        .query("status=happy&limit=0&sort=asc&limt=5&status=paid&cursor=x")
        .request();
    assert_eq!(
        errors_of(parse_query(&request).unwrap_err()),
        [
            "customerId bad_id",
            "status repeated_parameter",
            "limit out_of_range",
            "limt unknown_parameter",
            "sort unknown_parameter"
        ]
    );
    assert_eq!(errors_of(view("version=0&minVersion=0&asOf=0&page=2").unwrap_err()).len(), 4);
}

#[test]
fn an_order_id_that_is_none_is_a_bad_request() {
    for id in ["o#1", "a/b", "a\0", "a\n", "\u{202e}a", "-a", &"a".repeat(65)] {
        for key in ["GET /orders/{orderId}", "GET /orders/{orderId}/events"] {
            let request = payload(key, &[("orderId", id)]).request();
            assert_eq!(errors_of(parse_query(&request).unwrap_err()).len(), 1, "{id:?}");
        }
    }
}

#[test]
fn the_description_of_the_api_is_a_query_of_its_own() {
    let described = |request| parse_query(&request);
    assert_eq!(described(payload("GET /openapi.json", &[]).request()), Ok(ParsedQuery::GetOpenApi));
    assert_eq!(described(payload("GET /openapi.json", &[]).request_by_path()), Ok(ParsedQuery::GetOpenApi));
    let unknown = described(payload("GET /orders", &[]).request_by_path()).unwrap_err();
    assert_eq!(seen(unknown)["code"], "route_not_found");
}
