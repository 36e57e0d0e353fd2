//! Compares the parameters, codes and links in the description with the parsers and the problems.

use std::collections::BTreeSet;

use http_api::{CommandRoute, Problem, QueryRoute, parse_command, parse_query};
use order_domain::Rejection;
use serde_json::Value;

use super::openapi::{document, operations};
use super::payload::{payload, seen};

const IDS: [(&str, &str); 4] = [("orderId", "o-1"), ("paymentId", "p-1"), ("shipmentId", "s-1"), ("customerId", "c-1")];

/// Returns the target of a reference, or the value itself.
fn resolved(value: &Value) -> Value {
    value["$ref"].as_str().map_or_else(|| value.clone(), |it| document().pointer(&it[1..]).unwrap().clone())
}

/// Returns the names of an operation's parameters in one place: `path`, `query` or `header`.
fn parameters(operation: &Value, place: &str) -> BTreeSet<String> {
    let all = operation["parameters"].as_array().into_iter().flatten().map(resolved);
    all.filter(|it| it["in"] == place).map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

/// Returns the names of all operations' parameters in one place.
fn all_parameters(place: &str) -> BTreeSet<String> {
    operations().iter().flat_map(|(_, operation)| parameters(operation, place)).collect()
}

/// Returns true if a request is rejected with this error.
fn refused(parsed: Result<(), Problem>, place: &str, name: &str, code: &str) -> bool {
    let Err(problem) = parsed else { return false };
    let errors = seen(problem)["errors"].take();
    errors.as_array().is_some_and(|errors| errors.iter().any(|it| it[place] == name && it["code"] == code))
}

#[test]
fn a_query_takes_the_parameters_that_are_described_and_no_others() {
    for (key, operation) in operations() {
        let described = parameters(&operation, "query");
        if CommandRoute::ALL.iter().any(|route| route.key() == key) {
            assert!(described.is_empty(), "{key}");
            continue;
        }
        for name in all_parameters("query") {
            let request = payload(&key, &IDS).query(&format!("{name}=1")).request();
            let unknown = refused(parse_query(&request).map(drop), "parameter", &name, "unknown_parameter");
            assert_eq!(unknown, !described.contains(&name), "{key} {name}");
        }
    }
}

/// The test sends a blank, which is invalid in every header that can be rejected. `If-None-Match` and
/// `X-Correlation-Id` are never rejected, and `POST /orders` rejects every `If-Match`.
#[test]
fn a_command_reads_the_headers_that_are_described_and_no_others() {
    for (key, operation) in operations() {
        let described = parameters(&operation, "header");
        if QueryRoute::ALL.iter().any(|route| route.key() == key) {
            let conditional = (key == QueryRoute::GetOrder.key()).then_some("If-None-Match");
            let wanted = conditional.into_iter().chain(["X-Correlation-Id"]).map(str::to_owned).collect();
            assert_eq!(described, wanted, "{key}");
            continue;
        }
        for name in all_parameters("header") {
            if (key.as_str(), name.as_str()) == (CommandRoute::PlaceOrder.key(), "If-Match") {
                continue;
            }
            if name == "X-Correlation-Id" {
                assert!(described.contains(&name), "{key}");
                continue;
            }
            let request = payload(&key, &IDS).header(&name, "a b").request();
            let read = refused(parse_command(&request).map(drop), "header", &name.to_lowercase(), "bad_header");
            assert_eq!(read, described.contains(&name), "{key} {name}");
        }
    }
}

/// The test reads the codes of the other problems from the source, because no other place has all of them.
#[test]
fn every_code_of_a_problem_is_described_and_no_other() {
    let quoted = |text: &str| text.split('"').nth(1).map(str::to_owned);
    let rejections = Rejection::CODES.iter().map(|code| (*code).to_owned());
    // This excludes the constructor that passes on a rejection's code. Each of the others begins with its status and
    // its code, on any number of lines.
    let constructors = include_str!("../../src/problem.rs").split("Self::new(").skip(1);
    let problems = constructors.filter(|arguments| !arguments.contains("rejection.code()"));
    let said: BTreeSet<String> = rejections.chain(problems.filter_map(quoted)).collect();
    assert!(said.contains("not_paid") && said.contains("unavailable"), "{said:?}");
    let document = document();
    let described = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"].as_array().unwrap();
    let described: BTreeSet<String> = described.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    assert_eq!(described, said);
}

/// In each file that creates faults, a code is the first argument of `Fault::new`, or an arm of a value's error.
#[test]
fn every_code_of_a_part_of_a_request_is_described_and_no_other() {
    let sources = [
        include_str!("../../src/commands/mod.rs"),
        include_str!("../../src/commands/order.rs"),
        include_str!("../../src/cursor.rs"),
        include_str!("../../src/entity_tags.rs"),
        include_str!("../../src/fields.rs"),
        include_str!("../../src/headers.rs"),
        include_str!("../../src/json.rs"),
        include_str!("../../src/queries.rs"),
        include_str!("../../src/quotes.rs"),
        include_str!("../../src/queries/filter.rs"),
        include_str!("../../src/parameters.rs"),
    ];
    let quoted = |text: &str| text.split('"').nth(1).map(str::to_owned);
    let faults = sources.iter().flat_map(|source| source.split("Fault::new(").skip(1)).filter_map(quoted);
    let values = include_str!("../../src/invalid.rs").lines().filter(|line| line.contains("=> \"")).filter_map(quoted);
    let said: BTreeSet<String> = faults.chain(values).collect();
    assert!(said.contains("bad_reason_code") && said.contains("unknown_field"), "{said:?}");
    let document = document();
    let described = document["components"]["schemas"]["InvalidPart"]["properties"]["code"]["enum"].as_array().unwrap();
    let described: BTreeSet<String> = described.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    assert_eq!(described, said);
}

/// A link sets every parameter of its operation's path, and uses only fields that the operation, the request and the
/// reply have.
#[test]
fn every_link_leads_to_an_operation_with_what_it_asks_for() {
    let mut count = 0;
    for (key, source) in operations() {
        let request = resolved(&source["requestBody"]["content"]["application/json"]["schema"]);
        for response in source["responses"].as_object().unwrap().values() {
            let reply = resolved(&response["content"]["application/json"]["schema"]);
            for link in response["links"].as_object().into_iter().flatten().map(|(_, link)| resolved(link)) {
                let is_target = |(_, target): &(String, Value)| target["operationId"] == link["operationId"];
                let (_, target) = operations().into_iter().find(is_target).unwrap();
                let given = link["parameters"].as_object().unwrap();
                let known = parameters(&target, "path").into_iter().chain(parameters(&target, "query")).collect();
                let names: BTreeSet<String> = given.keys().cloned().collect();
                assert!(names.is_superset(&parameters(&target, "path")) && names.is_subset(&known), "{key}: {link}");
                for expression in given.values().map(|it| it.as_str().unwrap()) {
                    let (schema, name) = match expression.split_once("#/").unwrap() {
                        ("$request.body", name) => (&request, name),
                        ("$response.body", name) => (&reply, name),
                        (other, _) => panic!("{key}: {other}"),
                    };
                    // The pointer leads into an event, whose shape depends on its type.
                    let member = name.split('/').next().unwrap();
                    assert!(schema["required"].as_array().unwrap().contains(&member.into()), "{key}: {expression}");
                }
                count += 1;
            }
        }
    }
    assert!(count > 15, "{count}");
}
