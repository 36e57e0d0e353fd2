//! The route of a request, found by the rules of API Gateway's HTTP APIs («Create routes for HTTP APIs in API Gateway»).
//!
//! A literal segment precedes a variable. Path variables are percent-decoded after the path is split, so `%2F` is part of a
//! value. No template has a route for every method, for the rest of a path, or for the rest of the requests. The reader of
//! the template rejects these routes.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::jwt_authorizer::JwtAuthorizer;

/// A route of the API: the requests that match, and their function.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method and the path: `POST /orders/{orderId}/payments`.
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

/// The precedence of a match: for each segment, true if it is a variable. The lowest rank wins.
type Rank = Vec<bool>;

/// The routes of one API.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routes(Vec<Route>);

impl Routes {
    pub(crate) fn new(routes: Vec<Route>) -> Self {
        Self(routes)
    }

    /// Returns the most specific route for a method and an encoded path.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Matched<'_>> {
        let matching = self.0.iter().filter_map(|route| matches(route, method, path));
        matching.min_by(|left, right| left.0.cmp(&right.0)).map(|(_, matched)| matched)
    }
}

fn matches<'a>(route: &'a Route, method: &str, path: &str) -> Option<(Rank, Matched<'a>)> {
    let pattern = route.key.strip_prefix(method)?.strip_prefix(' ')?;
    let mut given = path.split('/');
    let mut rank = Vec::new();
    let mut path_parameters = BTreeMap::new();
    for segment in pattern.split('/') {
        let given = given.next().map(decoded)?;
        let variable = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        rank.push(variable.is_some());
        match variable {
            Some(name) if !given.is_empty() => drop(path_parameters.insert(name.to_owned(), given)),
            None if given == segment => {}
            Some(_) | None => return None,
        }
    }
    given.next().is_none().then_some((rank, Matched { route, path_parameters }))
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
        let keys = ["GET /orders/{orderId}", "GET /orders/export", "POST /orders", "DELETE /orders/{id}"];
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
        leads("DELETE", "/orders/export", "DELETE /orders/{id}", &[("id", "export")]);
    }

    #[test]
    fn path_variables_are_decoded_after_the_path_is_split() {
        leads("GET", "/orders/a%2Fb%20c", "GET /orders/{orderId}", &[("orderId", "a/b c")]);
        leads("GET", "/orders/%00", "GET /orders/{orderId}", &[("orderId", "\0")]);
    }

    #[test]
    fn a_request_without_a_route_is_not_found() {
        for (method, path) in
            [("GET", "/"), ("PUT", "/orders"), ("POST", "/orders/"), ("GET", "/orders/a/b"), ("get", "/orders/a/b")]
        {
            assert!(routes().find(method, path).is_none(), "{method} {path}");
        }
    }
}
