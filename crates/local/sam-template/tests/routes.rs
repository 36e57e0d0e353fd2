//! Compares every place of the deployment that repeats the list of routes with that list: [`http_api::ROUTES`].
//!
//! The OpenAPI document is compared in `http-api`, the gateway of the local stack in `local-stack`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use http_api::{ROUTES, Route, Scope};
use sam_template::Template;
use serde_json::Value;

const MANIFEST: &str = include_str!("../../../../Cargo.toml");
const ACCESS_MATRIX: &str = include_str!("../../../../tests/access_matrix.json");

/// A place that lists routes, and its lines.
struct Place {
    name: &'static str,
    lines: Vec<String>,
    /// Returns the line of a route, as this place writes it.
    line: fn(&Route) -> String,
}

impl Place {
    /// Returns the differences between the place and the list of routes.
    fn differences(&self) -> Vec<String> {
        let mut surplus = self.lines.clone();
        let mut differences = Vec::new();
        for route in ROUTES {
            let wanted = (self.line)(route);
            match surplus.iter().position(|line| *line == wanted) {
                Some(index) => drop(surplus.swap_remove(index)),
                None => differences.push(format!("{} lacks: {wanted}", self.name)),
            }
        }
        surplus.sort_unstable();
        differences.extend(surplus.iter().map(|line| format!("{} has, and should not: {line}", self.name)));
        differences
    }
}

/// Returns method, path, function and scopes of the routes of an API.
fn declared(api: &str) -> Vec<String> {
    let parameters = [("AuthMode", "jwt"), ("JwtIssuer", "https://id.example/"), ("JwtAudience", "shop")];
    let template = Template::of_this_project().unwrap().with_parameters(&parameters).unwrap();
    let template = template.with_parameters(&[("ServiceApi", "iam")]).unwrap();
    let routes = template.routes().unwrap().into_iter().filter(|route| route.api == api);
    routes
        .map(|route| format!("{} {} -> {} [{}]", route.method, route.path, route.function, route.scopes.join(" ")))
        .collect()
}

fn route_for_tokens(route: &Route) -> String {
    let accepted: Vec<&str> = route.scopes.iter().chain([&Scope::OrdersAdmin]).map(|scope| scope.as_str()).collect();
    format!("{} -> {} [{}]", route.key, route.function, accepted.join(" "))
}

/// Returns the routes of `cargo lambda watch`, each with its function, and with its method where a path has two
/// functions.
fn watch_router() -> Vec<String> {
    let (_, router) = MANIFEST.split_once("[workspace.metadata.lambda.watch.router]").unwrap();
    let lines = router.lines().filter(|line| line.starts_with('"')).map(|line| line.split_once(" = ").unwrap());
    let of_line = |(path, functions): (&str, &str)| match functions.strip_prefix('[') {
        None => vec![format!("{path} = {functions}")],
        Some(entries) => entries
            .split("{ function = ")
            .skip(1)
            .map(|entry| {
                let (function, method) = entry.split_once(", method = \"").unwrap();
                format!("{path} = {function} for {}", method.split_once('"').unwrap().0)
            })
            .collect(),
    };
    lines.flat_map(of_line).collect()
}

fn watched(route: &Route) -> String {
    let line = format!("{:?} = {:?}", route.path, route.function);
    let has_two_functions = ROUTES.iter().any(|other| other.path == route.path && other.function != route.function);
    if has_two_functions { format!("{line} for {}", route.method) } else { line }
}

fn access_matrix() -> Vec<String> {
    let matrix: Value = serde_json::from_str(ACCESS_MATRIX).unwrap();
    let rows = matrix["rows"].as_array().unwrap().iter();
    // A route has an additional row for each member of the body that needs a separate right.
    let routes = rows.filter(|row| row["member"].is_null()).map(|row| row["route"].as_str().unwrap().to_owned());
    routes.collect()
}

#[test]
fn no_place_lacks_a_route_or_has_one_that_is_not_listed() {
    let key = |route: &Route| route.key.to_owned();
    let places = [
        Place { name: "template.yaml, HttpApi", lines: declared("HttpApi"), line: route_for_tokens },
        Place {
            name: "template.yaml, ServiceHttpApi",
            lines: declared("ServiceHttpApi"),
            line: |route| format!("{} -> {} []", route.key, route.function),
        },
        Place { name: "Cargo.toml, workspace.metadata.lambda.watch.router", lines: watch_router(), line: watched },
        Place { name: "tests/access_matrix.json", lines: access_matrix(), line: key },
    ];
    let differences: Vec<String> = places.iter().flat_map(Place::differences).collect();
    assert!(differences.is_empty(), "\n{}\n", differences.join("\n"));
}
