//! The route of a request, found by the rules of API Gateway's HTTP APIs («Create routes for HTTP APIs in API Gateway»).
//!
//! A literal segment precedes a variable, a variable precedes a greedy one (`{proxy+}`), a named method precedes `ANY`, and
//! `$default` matches the rest. Path variables are percent-decoded after the path is split, so `%2F` is part of a value.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::jwt_authorizer::JwtAuthorizer;

/// A route of the API: the requests that match, and their function.
#[derive(Debug, Clone)]
pub struct Route {
    /// `POST /orders/{orderId}/payments`, or `$default`.
    pub key: String,
    /// The function that answers.
    pub function: String,
    /// The authentication of its callers.
    pub authorization: Authorization,
}

/// The authentication of a route's callers.
#[derive(Debug, Clone)]
pub enum Authorization {
    /// The gateway authenticates no caller.
    None,
    /// The caller needs a token that the authorizer accepts and, if the route has scopes, one of these scopes.
    Jwt {
        /// The check of tokens: the issuer and the audiences that it accepts.
        authorizer: JwtAuthorizer,
        /// The route's scopes.
        scopes: Vec<String>,
    },
}

/// The route for a request's method and path.
#[derive(Debug)]
pub(crate) struct Matched<'a> {
    pub(crate) route: &'a Route,
    pub(crate) path_parameters: BTreeMap<String, String>,
}

/// The precedence of a match, segment by segment and then by method; the lowest rank wins.
type Rank = (Vec<u8>, bool);

/// The routes of one API.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routes(Vec<Route>);

impl Routes {
    pub(crate) fn new(routes: Vec<Route>) -> Self {
        Self(routes)
    }

    /// Returns the most specific route for a method and an encoded path.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Matched<'_>> {
        let best =
            self.0.iter().filter_map(|route| matches(route, method, path)).min_by(|left, right| left.0.cmp(&right.0));
        let default = || self.0.iter().find(|route| route.key == "$default");
        best.map(|(_, matched)| matched)
            .or_else(|| default().map(|route| Matched { route, path_parameters: BTreeMap::new() }))
    }
}

fn matches<'a>(route: &'a Route, method: &str, path: &str) -> Option<(Rank, Matched<'a>)> {
    let (wanted, pattern) = route.key.split_once(' ')?;
    if wanted != method && wanted != "ANY" {
        return None;
    }
    let mut given = path.split('/');
    let mut rank = Vec::new();
    let mut path_parameters = BTreeMap::new();
    for segment in pattern.split('/') {
        match variable(segment) {
            None => {
                rank.push(0);
                given.next().filter(|given| decoded(given) == segment)?;
            }
            Some(Variable::One(name)) => {
                rank.push(1);
                let value = given.next().filter(|value| !value.is_empty())?;
                path_parameters.insert(name.to_owned(), decoded(value));
            }
            Some(Variable::Greedy(name)) => {
                rank.push(2);
                let rest: Vec<&str> = given.by_ref().collect();
                path_parameters.insert(name.to_owned(), decoded(&rest.join("/")));
            }
        }
    }
    given.next().is_none().then_some(((rank, wanted == "ANY"), Matched { route, path_parameters }))
}

enum Variable<'a> {
    One(&'a str),
    Greedy(&'a str),
}

fn variable(segment: &str) -> Option<Variable<'_>> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    Some(name.strip_suffix('+').map_or(Variable::One(name), Variable::Greedy))
}

/// Returns percent-decoded text. Bytes that are not UTF-8 become replacement characters, which no id accepts.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(key: &str) -> Route {
        Route { key: key.to_owned(), function: "f".to_owned(), authorization: Authorization::None }
    }

    fn routes() -> Routes {
        let keys =
            ["GET /orders/{orderId}", "GET /orders/export", "POST /orders", "ANY /orders/{id}", "GET /files/{path+}"];
        Routes::new(keys.map(route).into())
    }

    #[track_caller]
    fn leads(method: &str, path: &str, key: &str, parameters: &[(&str, &str)]) {
        let routes = routes();
        let matched = routes.find(method, path).unwrap();
        let expected = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!((matched.route.key.as_str(), matched.path_parameters), (key, expected));
    }

    #[test]
    fn the_most_specific_route_wins() {
        leads("GET", "/orders/o-1", "GET /orders/{orderId}", &[("orderId", "o-1")]);
        leads("GET", "/orders/export", "GET /orders/export", &[]);
        leads("DELETE", "/orders/o-1", "ANY /orders/{id}", &[("id", "o-1")]);
        leads("GET", "/files/a/b", "GET /files/{path+}", &[("path", "a/b")]);
    }

    #[test]
    fn path_variables_are_decoded_after_the_path_is_split() {
        leads("GET", "/orders/a%2Fb%20c", "GET /orders/{orderId}", &[("orderId", "a/b c")]);
        leads("GET", "/orders/%00", "GET /orders/{orderId}", &[("orderId", "\0")]);
    }

    #[test]
    fn what_no_route_names_leads_nowhere() {
        for (method, path) in
            [("GET", "/"), ("PUT", "/orders"), ("POST", "/orders/"), ("GET", "/orders/a/b"), ("get", "/orders/a/b")]
        {
            assert!(routes().find(method, path).is_none(), "{method} {path}");
        }
    }

    #[test]
    fn the_default_route_catches_the_rest() {
        let routes = Routes::new(vec![route("$default")]);
        assert_eq!(routes.find("PATCH", "/anything").unwrap().route.key, "$default");
    }
}
