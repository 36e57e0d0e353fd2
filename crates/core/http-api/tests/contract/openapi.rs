use std::collections::{BTreeMap, BTreeSet};

use http_api::commands::MAX_BODY;
use http_api::invalid::{Fault, Place};
use http_api::problem::QuoteFlaw;
use http_api::replies::{CustomerTotalsView, DetailsView, OpenOrderView, OrdersPage, Stale, SummaryView};
use http_api::{CommandRoute, OPENAPI, ParsedRequest, Problem, QueryRoute, ROUTES, Scope, parse_command, responses};
use order_domain::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use order_domain::{Rejection, stored};
use serde_json::{Value, json};

use super::payload::{body_of, payload, seen};
use super::responses::{INSTANT, at, command_reply, customer_totals, details, events_page, summary};

pub(crate) fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

/// Validates a value against a schema of the document.
#[track_caller]
pub(crate) fn assert_valid(schema: &str, value: &Value) {
    let errors = errors(schema, value);
    assert!(errors.is_empty(), "{schema}: {errors:#?}\n{value:#}");
}

fn errors(schema: &str, value: &Value) -> Vec<String> {
    let root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{schema}"),
        "components": document()["components"]
    });
    let validator = jsonschema::validator_for(&root).unwrap();
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Returns every operation with its route key and its description.
pub(crate) fn operations() -> Vec<(String, Value)> {
    let document = document();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((format!("{} {path}", method.to_uppercase()), operation.clone()));
        }
    }
    operations
}

/// Visits every object of the document.
fn objects(value: &Value, visit: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(members);
            members.values().for_each(|member| objects(member, visit));
        }
        Value::Array(items) => items.iter().for_each(|item| objects(item, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_operations_are_the_routes_and_have_their_names() {
    let described = operations().into_iter().map(|(key, operation)| (key, operation["operationId"].clone()));
    let routes = ROUTES.iter().map(|route| {
        let (first, rest) = route.name.split_at(1);
        (route.key.to_owned(), json!(first.to_lowercase() + rest))
    });
    assert_eq!(described.collect::<BTreeMap<_, _>>(), routes.collect::<BTreeMap<_, _>>(), "docs/openapi.json");
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document();
    let mut used = Vec::new();
    objects(&document, &mut |object| {
        if let Some(Value::String(reference)) = object.get("$ref") {
            used.push(reference.trim_start_matches('#').to_owned());
        }
    });
    for pointer in &used {
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
    for kind in ["schemas", "parameters", "headers", "responses", "links"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(used.contains(&format!("/components/{kind}/{name}")), "{kind}/{name} is not used");
        }
    }
}

#[test]
fn the_parameters_of_a_path_are_described() {
    let document = document();
    for (key, operation) in operations() {
        let described: Vec<_> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| document.pointer(&parameter["$ref"].as_str().unwrap()[1..]).unwrap())
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let wanted: Vec<_> =
            key.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(described, wanted, "{key}");
    }
}

/// Each of these is sufficient: a signature, a token with one of the route's scopes, the admin's token, and no
/// authentication if the deployment allows it.
#[test]
fn every_operation_lists_the_scopes_of_its_route() {
    let scopes: BTreeMap<_, _> = ROUTES.iter().map(|route| (route.key, route.scopes)).collect();
    for (key, operation) in operations() {
        let accepted = scopes[key.as_str()].iter().chain([&Scope::OrdersAdmin]);
        let tokens = accepted.map(|scope| json!({ "jwt": [scope.as_str()] }));
        let wanted: Vec<_> = [json!({ "sigV4": [] })].into_iter().chain(tokens).chain([json!({})]).collect();
        assert_eq!(operation["security"], json!(wanted), "{key}");
    }
}

/// If a path or a body names another customer, the token is rejected. For another customer's order id, the order is not
/// found.
#[test]
fn every_reason_for_a_403_is_described() {
    for (key, operation) in operations() {
        let response = if key == CommandRoute::PlaceOrder.key() {
            "PlacingForbidden"
        } else if key.contains("{customerId}") {
            "Forbidden"
        } else {
            "InsufficientScope"
        };
        assert_eq!(operation["responses"]["403"]["$ref"], format!("#/components/responses/{response}"), "{key}");
    }
}

/// Returns every status that the handlers can send on a route.
fn statuses(key: &str) -> BTreeSet<&'static str> {
    if let Some(route) = CommandRoute::ALL.iter().find(|route| route.key() == key) {
        let every = ["201", "400", "401", "403", "409", "413", "415", "422", "500", "503"];
        // A new order does not exist yet, so it cannot be unknown.
        let further: &[_] = if *route == CommandRoute::PlaceOrder { &[] } else { &["200", "404", "412"] };
        return every.iter().chain(further).copied().collect();
    }
    let further: &[_] = match QueryRoute::ALL.iter().find(|route| route.key() == key).unwrap() {
        QueryRoute::ListOrders => &["500", "503"],
        QueryRoute::GetOrder => &["304", "404", "412", "422", "500", "503"],
        QueryRoute::ListEvents | QueryRoute::GetCustomerTotals | QueryRoute::ListOpenOrders => &["404", "500", "503"],
        QueryRoute::GetOpenApi => &[],
    };
    ["200", "400", "401", "403"].iter().chain(further).copied().collect()
}

/// Only `placeOrder` needs a key, and only with prices, which a parameter cannot express. A quote has an id, every
/// other command names its order, and most name the thing that they record.
#[test]
fn no_request_needs_an_idempotency_key_whatever_its_body() {
    let document = document();
    for route in CommandRoute::ALL {
        let (_, operation) = operations().into_iter().find(|(key, _)| key == route.key()).unwrap();
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let keys: Vec<_> = parameters
            .map(|parameter| document.pointer(&parameter["$ref"].as_str().unwrap()[1..]).unwrap())
            .filter(|parameter| parameter["name"] == "Idempotency-Key")
            .collect();
        assert_eq!(keys.len(), 1, "{}", route.key());
        assert_ne!(keys[0]["required"], true, "{}", route.key());
    }
}

/// The test covers the functions' own replies. Replies of the gateway alone (429) have no such header.
#[test]
fn every_reply_of_a_function_carries_a_correlation_id() {
    let document = document();
    for (key, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = response["$ref"].as_str().map_or(response, |it| document.pointer(&it[1..]).unwrap());
            let described = !response["headers"]["X-Correlation-Id"].is_null();
            assert_eq!(described, status != "429", "{key} {status}");
        }
    }
}

#[test]
fn every_operation_declares_the_statuses_that_can_be_sent() {
    for (key, operation) in operations() {
        let declared: BTreeSet<_> = operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut sent = statuses(&key);
        // The gateway sends this status before it calls a handler.
        sent.insert("429");
        assert_eq!(declared, sent, "{key}");
    }
}

/// A 200 to a command recorded nothing, so a retry is decided again and not replayed.
#[test]
fn only_what_was_recorded_can_be_replayed() {
    for (key, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let replayed = !response["headers"]["Idempotent-Replayed"].is_null();
            assert_eq!(replayed, status == "201", "{key} {status}");
        }
    }
}

/// Returns the schemas of a request, each with its example.
fn requests(content: &Value) -> Vec<(String, Value)> {
    let name = |schema: &Value| schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    match content["schema"]["oneOf"].as_array() {
        None => vec![(name(&content["schema"]), content["example"].clone())],
        Some(schemas) => {
            let examples = ["prices", "quote"].map(|name| content["examples"][name]["value"].clone());
            schemas.iter().map(name).zip(examples).collect()
        }
    }
}

#[test]
fn every_example_of_a_request_is_valid_and_is_understood() {
    let ids = [("orderId", "o-1"), ("paymentId", "p-1"), ("shipmentId", "s-1")];
    for (key, operation) in operations() {
        let Some(content) = operation.pointer("/requestBody/content/application~1json") else { continue };
        for (schema, example) in requests(content) {
            assert_valid(&schema, &example);
            let keyed = || payload(&key, &ids).header("idempotency-key", "k");
            let is_quote = match parse_command(&keyed().body(example.to_string()).request()).unwrap() {
                ParsedRequest::Command(command) => {
                    assert_eq!(command.route.key(), key);
                    false
                }
                ParsedRequest::Quote(_) => true,
            };
            assert_eq!(is_quote, schema == "PlaceOrderFromQuote");

            let mut with_typo = example.clone();
            with_typo["typo"] = json!(1);
            assert!(!errors(&schema, &with_typo).is_empty(), "{schema} lets unknown fields pass");
            assert!(parse_command(&keyed().body(with_typo.to_string()).request()).is_err());
        }
    }
}

#[test]
fn every_example_of_a_reply_is_valid() {
    let mut count = 0;
    objects(&document(), &mut |object| {
        let Some(reference) = object.get("schema").and_then(|schema| schema["$ref"].as_str()) else { return };
        let schema = reference.rsplit('/').next().unwrap();
        let examples = object.get("examples").and_then(Value::as_object);
        let examples = examples.into_iter().flat_map(serde_json::Map::values).map(|example| &example["value"]);
        for example in examples.chain(object.get("example")) {
            assert_valid(schema, example);
            count += 1;
        }
    });
    assert!(count > 25, "{count}");
}

#[test]
fn replies_are_as_described() {
    assert_valid("CommandReply", &serde_json::to_value(command_reply()).unwrap());
    assert_valid("Summary", &serde_json::to_value(summary()).unwrap());
    let stale = SummaryView { stale: Some(Stale::order(4)), ..summary() };
    assert_valid("Summary", &serde_json::to_value(&stale).unwrap());
    let detailed = SummaryView { details: Some(details()), ..summary() };
    assert_valid("Summary", &serde_json::to_value(&detailed).unwrap());
    let none = SummaryView { details: Some(DetailsView::default()), ..summary() };
    assert_valid("Summary", &serde_json::to_value(&none).unwrap());
    for (order, of_page) in [(summary(), None), (stale, Some(Stale::list(2)))] {
        let page = OrdersPage { items: vec![order], next_cursor: Some("x".to_owned()), stale: of_page };
        assert_valid("SummaryPage", &serde_json::to_value(page).unwrap());
    }
    let page =
        OrdersPage { items: vec![OpenOrderView::from(summary())], next_cursor: None, stale: Some(Stale::list(1)) };
    assert_valid("OpenOrdersPage", &serde_json::to_value(page).unwrap());
    assert_valid("CustomerTotals", &serde_json::to_value(customer_totals()).unwrap());
    let stale = CustomerTotalsView { stale: Some(Stale::totals(1)), ..customer_totals() };
    assert_valid("CustomerTotals", &serde_json::to_value(stale).unwrap());
    assert_valid("EventsPage", &serde_json::to_value(events_page()).unwrap());
    assert!(!errors("Summary", &json!({ "orderId": "o-1" })).is_empty(), "the schema lets anything pass");
    for half in [json!({ "stale": true }), json!({ "staleReason": "x" }), json!({ "stale": false, "staleReason": "x" })]
    {
        for (schema, whole) in [
            ("SummaryPage", json!({ "items": [] })),
            ("OpenOrdersPage", json!({ "items": [] })),
            ("CustomerTotals", json!({ "customerId": "c-1", "totals": [] })),
        ] {
            let mut reply = whole;
            assert_valid(schema, &reply);
            reply.as_object_mut().unwrap().extend(half.as_object().unwrap().clone());
            assert!(!errors(schema, &reply).is_empty(), "{schema} lets {half} pass");
        }
    }
}

#[test]
fn problems_are_as_described_and_their_examples_are_what_is_sent() {
    let document = document();
    let example = |response: &str, code: &str| {
        document["components"]["responses"][response]["content"]["application/problem+json"]["examples"][code]["value"]
            .clone()
    };
    let sent = [
        ("Unauthenticated", Problem::unauthenticated("Bearer")),
        ("Forbidden", Problem::forbidden()),
        ("PlacingForbidden", Problem::forbidden()),
        ("PlacingForbidden", Problem::prices_not_trusted()),
        ("PlacingConflict", Problem::quote_id_reused()),
        ("NewOrderRefused", Problem::idempotency_key_reused()),
        ("NewOrderRefused", Problem::quote_expired(at(INSTANT - 123))),
        ("NewOrderRefused", Problem::quote_not_valid(QuoteFlaw::UnknownKey)),
        ("InsufficientScope", Problem::insufficient_scope(&[Scope::PaymentsWrite], "")),
        ("InsufficientScope", Problem::mixed_scopes()),
        ("OrderNotFound", Problem::order_not_found()),
        ("VersionMismatch", Problem::version_mismatch(4)),
        ("InvalidNewOrder", Problem::idempotency_key_required()),
        ("NoSuchPoint", Problem::order_not_found()),
        ("NoSuchPoint", Problem::version_not_reached(4)),
        ("NoSuchPoint", Problem::not_placed_yet(at(INSTANT))),
        ("TotalsNotKept", Problem::totals_not_kept()),
        ("OpenOrdersNotKept", Problem::open_orders_not_kept()),
        ("BodyTooLarge", Problem::body_too_large(MAX_BODY)),
        ("UnsupportedMediaType", Problem::unsupported_media_type()),
        ("DetailsTooLarge", Problem::details_too_large()),
        ("IdempotencyKeyReused", Problem::idempotency_key_reused()),
        ("InternalError", Problem::internal()),
        ("InternalError", Problem::order_unreadable(4)),
        ("Unavailable", Problem::unavailable()),
        ("CommandUnavailable", Problem::unavailable()),
        ("CommandUnavailable", Problem::contention()),
    ];
    for (response, problem) in sent {
        let code = problem.code();
        let body = seen(problem);
        assert_valid("Problem", &body);
        assert_eq!(body, example(response, code));
    }
    let refusal = Rejection::NotPaid { net_paid: 1000, due: order_domain::values::Amount::new(2997).unwrap() };
    assert_eq!(seen(Problem::refused(&refusal)), example("Conflict", "not_paid"));
    let amount = |minor_units| order_domain::values::Amount::new(minor_units).unwrap();
    let refusal = Rejection::TotalNegative { gross: amount(2997), discount: amount(5000) };
    assert_eq!(seen(Problem::refused(&refusal)), example("PlacingConflict", "total_negative"));
    let errors = [
        Fault::new("bad_id", "x").at(Place::Pointer(String::new())),
        Fault::new("bad_id", "x").at(Place::Claim("/items/0/sku".to_owned())),
        Fault::new("bad_cursor", "x").at(Place::Parameter("cursor".to_owned())),
        Fault::new("bad_header", "x").at(Place::Header("if-match")),
    ];
    assert_valid("Problem", &seen(Problem::invalid_request(&errors)));
}

#[test]
fn the_words_of_the_domain_are_all_described() {
    let words = |schema: &str| document()["components"]["schemas"][schema]["enum"].clone();
    let of = |words: Vec<&str>| json!(words);
    assert_eq!(words("OrderStatus"), of(OrderStatus::ALL.iter().map(|word| word.as_str()).collect()));
    let open = OrderStatus::ALL.iter().filter(|word| !word.is_closed()).map(|word| word.as_str()).collect();
    assert_eq!(document()["components"]["parameters"]["openStatus"]["schema"]["enum"], of(open));
    assert_eq!(words("PaymentStatus"), of(PaymentStatus::ALL.iter().map(|word| word.as_str()).collect()));
    assert_eq!(words("FulfillmentStatus"), of(FulfillmentStatus::ALL.iter().map(|word| word.as_str()).collect()));
    assert_eq!(words("EventType"), of(stored::EVENT_TYPES.iter().map(|(name, _)| *name).collect()));
}

#[test]
fn the_description_is_served_as_it_is() {
    let response = responses::openapi();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(body_of(&response)["openapi"], "3.1.0");
}
