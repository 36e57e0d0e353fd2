//! The routes and scopes of the template, the handlers and the OpenAPI document are the same.

use std::collections::BTreeMap;

use http_api::{CommandRoute, OPENAPI, QueryRoute, Scope};
use sam_template::Template;
use serde_json::{Value, json};

/// For each route, the function that answers, and the scopes of which a token needs one.
type Contract = BTreeMap<String, (String, Vec<String>)>;

fn of_the_template() -> Contract {
    let tokens = [("AuthMode", "jwt"), ("JwtIssuer", "https://id.example/"), ("JwtAudience", "shop")];
    let template = Template::of_this_project().unwrap().with_parameters(&tokens).unwrap();
    let routes = template.routes().unwrap().into_iter();
    routes.map(|route| (format!("{} {}", route.method, route.path), (route.function, route.scopes))).collect()
}

fn of_the_handlers() -> Contract {
    let entry = |key: &str, function: &str, scopes: &[Scope]| {
        let scopes = scopes.iter().chain([&Scope::OrdersAdmin]).map(|it| it.as_str().to_owned());
        (key.to_owned(), (function.to_owned(), scopes.collect()))
    };
    let commands = CommandRoute::ALL.iter().map(|it| entry(it.key(), "command-handler", it.scopes()));
    commands.chain(QueryRoute::ALL.iter().map(|it| entry(it.key(), "query-handler", it.scopes()))).collect()
}

fn of_the_description() -> Contract {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut contract = Contract::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let function = if operation["tags"] == json!(["commands"]) { "command-handler" } else { "query-handler" };
            let ways = operation["security"].as_array().unwrap().iter();
            let scopes = ways.filter_map(|way| Some(way["jwt"].get(0)?.as_str()?.to_owned())).collect();
            contract.insert(format!("{} {path}", method.to_uppercase()), (function.to_owned(), scopes));
        }
    }
    contract
}

#[test]
fn template_handlers_and_openapi_have_the_same_routes_and_scopes() {
    assert_eq!(of_the_template(), of_the_handlers());
    assert_eq!(of_the_description(), of_the_handlers());
}
