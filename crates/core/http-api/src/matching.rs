//! Matches a request to its route. The check of the caller's scopes and the parser use the same match.

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use order_domain::values::ValueError;

use crate::invalid::{Invalid, Place, note};
use crate::problem::Problem;
use crate::routes::Route;

/// A request and its route.
#[derive(Debug)]
pub struct Routed<'a, R> {
    /// The route.
    pub route: R,
    pub(crate) request: &'a Request,
    pub(crate) parameters: PathParameters,
}

impl<'a, R: Copy> Routed<'a, R> {
    /// Finds the route. API Gateway names it and decodes the parameters. If it names none (`$default`: a function URL,
    /// or `cargo lambda watch`), the path itself is matched without decoding: no character that is allowed in an id
    /// needs encoding.
    pub(crate) fn find(request: &'a Request, routes: &[R], route: fn(R) -> Route) -> Result<Self, Problem> {
        let gateway_key = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                context.route_key.as_deref().filter(|key| *key != "$default")
            }
            Some(_) | None => None,
        };
        let found = match gateway_key {
            Some(key) => {
                let named = routes.iter().copied().find(|it| route(*it).key == key);
                named.map(|named| (named, PathParameters::of_gateway(request, route(named).path)))
            }
            None => routes
                .iter()
                .filter(|it| route(**it).method == request.method().as_str())
                .find_map(|it| Some((*it, PathParameters::of_path(request.raw_http_path(), route(*it).path)?))),
        };
        let (route, parameters) = found.ok_or_else(Problem::route_not_found)?;
        Ok(Self { route, request, parameters })
    }
}

/// The parameters of a path, decoded but not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PathParameters(Vec<(&'static str, String)>);

impl PathParameters {
    /// Returns the parameters that the gateway read from a path.
    fn of_gateway(request: &Request, template: &'static str) -> Self {
        let given = request.path_parameters_ref();
        let value = |name| given.and_then(|given| given.first(name)).unwrap_or_default().to_owned();
        Self(template.split('/').filter_map(parameter_name).map(|name| (name, value(name))).collect())
    }

    /// Returns the parameters of a path; `None` if the path does not match the template.
    fn of_path(path: &str, template: &'static str) -> Option<Self> {
        let mut segments = path.split('/');
        let mut parameters = Vec::new();
        for expected in template.split('/') {
            let segment = segments.next()?;
            match parameter_name(expected) {
                Some(name) => parameters.push((name, segment.to_owned())),
                None if expected == segment => {}
                None => return None,
            }
        }
        segments.next().is_none().then_some(Self(parameters))
    }

    /// Returns the text of a parameter; `None` if the path has no such parameter. The text is empty if the gateway did not
    /// send the parameter, and an empty text is never a valid id.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(key, value)| (*key == name).then_some(value.as_str()))
    }

    /// Reads the id with that name; `None` if the path has none, or if the id is faulty and its fault is recorded.
    pub(crate) fn id<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, ValueError>,
        errors: &mut Vec<Invalid>,
    ) -> Option<T> {
        note(errors, Place::Parameter(name.to_owned()), parse(self.get(name)?))
    }

    /// Returns the template's path with these parameters filled in.
    pub(crate) fn fill(&self, template: &'static str) -> String {
        let value = |segment| parameter_name(segment).and_then(|name| self.get(name)).unwrap_or(segment);
        template.split('/').map(value).collect::<Vec<_>>().join("/")
    }
}

fn parameter_name(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}
