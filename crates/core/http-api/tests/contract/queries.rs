use http_api::{
    EventsQuery, ListQuery, OpenOrdersQuery, OrderFilter, OrderQuery, OrderView, ParsedQuery, Problem, TotalsQuery,
    parse_query,
};
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use order_domain::values::{CustomerId, OrderId};

use super::payload::{errors_of, payload, seen};
use super::responses::{INSTANT, at};

fn list(query: &str) -> Result<ListQuery, Problem> {
    let request = payload("GET /customers/{customerId}/orders", &[("customerId", "c-1")]).query(query).request();
    parse_query(&request).map(|query| {
        let ParsedQuery::ListOrders(query) = query else { panic!("{query:?}") };
        query
    })
}

fn order(query: &str) -> Result<OrderQuery, Problem> {
    let request = payload("GET /orders/{orderId}", &[("orderId", "o-1")]).query(query).request();
    parse_query(&request).map(|query| {
        let ParsedQuery::GetOrder(order) = query else { panic!("{query:?}") };
        assert_eq!(order.order_id.as_str(), "o-1");
        order
    })
}

fn view(query: &str) -> Result<OrderView, Problem> {
    order(query).map(|order| order.view)
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
    let customer_id = CustomerId::parse("c-1").unwrap();
    let wanted = ListQuery { customer_id, filter: OrderFilter::default(), limit: 20, after: None };
    assert_eq!(list(""), Ok(wanted));
}

fn filter(query: &str) -> OrderFilter {
    list(query).unwrap().filter
}

#[test]
fn a_list_takes_every_status() {
    for status in OrderStatus::ALL {
        assert_eq!(filter(&format!("status={}", status.as_str())).status, Some(*status));
    }
    for status in PaymentStatus::ALL {
        assert_eq!(filter(&format!("paymentStatus={}", status.as_str())).payment_status, Some(*status));
    }
    for status in FulfillmentStatus::ALL {
        assert_eq!(filter(&format!("fulfillmentStatus={}", status.as_str())).fulfillment_status, Some(*status));
    }
}

#[test]
fn the_filters_of_a_list_can_be_combined() {
    let query = "status=paid&paymentStatus=credit_owed&fulfillmentStatus=unfulfilled&toShip=true\
                 &from=2026-11-21T09:30:00.123Z&to=2026-11-21T10:30:00.123%2B01:00";
    let wanted = OrderFilter {
        status: Some(OrderStatus::Paid),
        payment_status: Some(PaymentStatus::CreditOwed),
        fulfillment_status: Some(FulfillmentStatus::Unfulfilled),
        to_ship: Some(true),
        from: Some(at(INSTANT)),
        to: Some(at(INSTANT)),
    };
    assert_eq!(filter(query), wanted);
    assert_eq!(filter("toShip=false"), OrderFilter { to_ship: Some(false), ..OrderFilter::default() });
}

#[test]
fn a_filter_of_another_word_is_refused() {
    for (query, errors) in [
        ("status=unpaid", vec!["status unknown_status"]),
        ("status=", vec!["status unknown_status"]),
        ("paymentStatus=delivered", vec!["paymentStatus unknown_status"]),
        ("paymentStatus=Paid", vec!["paymentStatus unknown_status"]),
        ("fulfillmentStatus=placed", vec!["fulfillmentStatus unknown_status"]),
        ("toShip=1", vec!["toShip not_a_boolean"]),
        ("toShip=True", vec!["toShip not_a_boolean"]),
        ("toShip=", vec!["toShip not_a_boolean"]),
        ("toShip=true&toShip=true", vec!["toShip repeated_parameter"]),
        ("from=yesterday&to=2026-11-21", vec!["from bad_timestamp", "to bad_timestamp"]),
        ("paymentstatus=paid", vec!["paymentstatus unknown_parameter"]),
    ] {
        assert_eq!(errors_of(list(query).unwrap_err()), errors, "{query}");
    }
}

#[test]
fn a_range_that_begins_after_its_end_is_refused() {
    let range = |from: &str, to: &str| list(&format!("from=2026-11-21T09:30:00{from}&to=2026-11-21T09:30:00{to}"));
    for (from, to) in [(".001Z", "Z"), ("Z", "%2B00:01"), ("-00:01", "Z")] {
        assert_eq!(errors_of(range(from, to).unwrap_err()), ["from conflicting_parameters"], "{from} {to}");
    }
    for (from, to) in [("Z", "Z"), ("Z", ".001Z"), ("%2B00:01", "Z")] {
        assert!(range(from, to).is_ok(), "{from} {to}");
    }
}

#[test]
fn a_cursor_is_bound_to_every_filter() {
    const EACH: [&str; 6] = [
        "status=paid",
        "paymentStatus=paid",
        "fulfillmentStatus=shipped",
        "toShip=true",
        "from=2026-11-21T09:30:00Z",
        "to=2026-11-21T09:30:00Z",
    ];
    let further = ["", "toShip=false", "from=2026-11-21T09:30:01Z", "to=2026-11-21T09:30:01Z"];
    let queries: Vec<_> = EACH.into_iter().chain(further).collect();
    for issuer in &queries {
        let cursor = list(issuer).unwrap().next_cursor("p");
        for taker in &queries {
            let after = list(&format!("{taker}&cursor={cursor}")).map(|list| list.after);
            assert_eq!(after.is_ok(), issuer == taker, "{issuer} {taker}");
        }
        assert!(list(&format!("{}&cursor={cursor}", EACH.join("&"))).is_err(), "{issuer}");
    }
    // The same instant in another notation is the same filter.
    let cursor = list(EACH[4]).unwrap().next_cursor("p");
    assert!(list(&format!("from=2026-11-21T10:30:00.000%2B01:00&cursor={cursor}")).is_ok());
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
    assert_eq!(view("asOf=2026-11-21T09:30:00.123Z"), Ok(OrderView::AsOf(at(INSTANT))));
    assert_eq!(view("asOf=2026-11-21T11:30:00.123%2B02:00"), Ok(OrderView::AsOf(at(INSTANT))));
}

#[test]
fn consistent_takes_two_words_and_include_one() {
    assert_eq!(view("consistent=true"), Ok(OrderView::Consistent));
    assert_eq!(view("consistent=false"), Ok(OrderView::Latest { min_version: None }));
    assert_eq!(view("consistent=false&version=3"), Ok(OrderView::Version(3)));
    for bad in ["", "1", "TRUE", "yes", "true%00"] {
        assert_eq!(errors_of(order(&format!("consistent={bad}")).unwrap_err()), ["consistent not_a_boolean"], "{bad}");
    }
    for view in ["", "minVersion=2", "version=2", "asOf=2026-11-21T09:30:00Z", "consistent=true"] {
        assert!(!order(view).unwrap().details);
        assert!(order(&format!("{view}&include=details")).unwrap().details, "{view}");
    }
    for bad in ["", "detail", "Details", "details,events", "details%20"] {
        assert_eq!(errors_of(order(&format!("include={bad}")).unwrap_err()), ["include unknown_include"], "{bad}");
    }
    assert_eq!(errors_of(order("include=details&include=details").unwrap_err()), ["include repeated_parameter"]);
}

#[test]
fn only_one_point_of_its_life_may_be_named() {
    let asked = ["minVersion=1", "version=1", "asOf=2026-11-21T09:30:00Z", "consistent=true"];
    for (one, other) in [(0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)] {
        let errors = errors_of(view(&format!("{}&{}", asked[one], asked[other])).unwrap_err());
        assert_eq!(errors.len(), 1);
        assert!(errors[0].ends_with(" conflicting_parameters"), "{errors:?}");
    }
    assert_eq!(errors_of(view(&asked.join("&")).unwrap_err()), ["consistent conflicting_parameters"]);
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
fn every_error_is_reported_at_once() {
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
    let unknown = described(payload("GET /payments", &[]).request_by_path()).unwrap_err();
    assert_eq!(seen(unknown)["code"], "route_not_found");
}

fn open_orders(query: &str) -> Result<OpenOrdersQuery, Problem> {
    let request = payload("GET /orders", &[]).query(query).request();
    parse_query(&request).map(|query| {
        let ParsedQuery::ListOpenOrders(query) = query else { panic!("{query:?}") };
        query
    })
}

#[test]
fn the_list_of_open_orders_takes_the_filters_of_a_customers_list() {
    let query = open_orders("status=paid&toShip=true&limit=5").unwrap();
    let filter = OrderFilter { status: Some(OrderStatus::Paid), to_ship: Some(true), ..OrderFilter::default() };
    assert_eq!((query.filter, query.limit, query.after), (filter, 5, None));
    assert_eq!(errors_of(open_orders("customerId=c-1").unwrap_err()), ["customerId unknown_parameter"]);
}

#[test]
fn a_closed_status_of_the_open_orders_is_rejected() {
    for status in OrderStatus::ALL {
        let query = open_orders(&format!("status={}", status.as_str()));
        assert_eq!(query.is_err(), status.is_closed(), "{status:?}");
        if let Err(problem) = query {
            assert_eq!(errors_of(problem), ["status closed_status"]);
        }
    }
}

#[test]
fn a_cursor_of_the_open_orders_is_bound_to_their_filters() {
    let cursor = open_orders("status=paid").unwrap().next_cursor("x#o-1");
    assert_eq!(open_orders(&format!("status=paid&cursor={cursor}")).unwrap().after.as_deref(), Some("x#o-1"));
    for query in ["", "status=placed", "status=paid&toShip=true"] {
        assert_eq!(
            errors_of(open_orders(&format!("{query}&cursor={cursor}")).unwrap_err()),
            ["cursor bad_cursor"],
            "{query}"
        );
    }
    assert!(list(&format!("status=paid&cursor={cursor}")).is_err(), "a customer's list");
}
