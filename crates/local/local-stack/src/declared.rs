//! The template's declarations, in the form that the stack needs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sam_template::{CorsConfiguration, HttpApi, Schedule, StreamMapping, Template};
use signed_quotes::DEMO_AUDIENCE;

use crate::error::StartError;
use crate::gateway::{Authorization, JwtAuthorizer, Route};
use crate::invoker::Functions;
use crate::issuer::LocalIssuer;
use crate::stack::Authentication;

/// Returns the template as it is deployed on this machine, with the configured callers, pages and quotes.
pub(crate) fn deployed(
    template: Template,
    authentication: &Authentication,
    cors_origins: &[String],
    quote_keys: &str,
) -> Result<Template, StartError> {
    let mut parameters = match authentication {
        Authentication::None => vec![("AuthMode", "none")],
        Authentication::Jwt(_) => {
            vec![("AuthMode", "jwt"), ("JwtIssuer", LocalIssuer::URL), ("JwtAudience", LocalIssuer::AUDIENCE)]
        }
    };
    let origins = cors_origins.join(",");
    if !origins.is_empty() {
        parameters.push(("CorsAllowedOrigins", &origins));
    }
    if !quote_keys.is_empty() {
        parameters.extend([("QuoteKeys", quote_keys), ("QuoteAudience", DEMO_AUDIENCE)]);
    }
    Ok(template.with_parameters(&parameters)?)
}

/// Returns each function's environment: its own variables, and the addresses of this stack.
pub(crate) fn environments(
    template: &Template,
    dynamodb: &str,
    eventbridge: &str,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, StartError> {
    let local = [
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", eventbridge),
        ("AWS_REGION", "local"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    let functions = template.functions()?.into_iter().map(|function| {
        let mut environment = function.environment;
        environment.extend(local.map(|(name, value)| (name.to_owned(), value.to_owned())));
        (function.name, environment)
    });
    Ok(functions.collect())
}

/// Returns the time-out of each function.
pub(crate) fn timeouts(template: &Template) -> Result<BTreeMap<String, Duration>, StartError> {
    let functions = template.functions()?.into_iter();
    Ok(functions.map(|function| (function.name, Duration::from_secs(function.timeout_seconds.into()))).collect())
}

/// The HTTP API: the first one that is deployed. Another API would serve the same functions to other callers.
pub(crate) struct Api {
    pub(crate) routes: Vec<Route>,
    pub(crate) cors: Option<CorsConfiguration>,
}

impl Api {
    pub(crate) fn of(template: &Template, authentication: &Authentication) -> Result<Self, StartError> {
        let Some(HttpApi { logical_id, cors }) = template.http_apis()?.into_iter().next() else {
            return Ok(Self { routes: Vec::new(), cors: None });
        };
        let mut routes = Vec::new();
        for route in template.routes()?.into_iter().filter(|route| route.api == logical_id) {
            let key = format!("{} {}", route.method, route.path);
            let authorization = match (route.authorization.as_str(), route.authorizer, authentication) {
                ("NONE", ..) => Authorization::None,
                ("JWT", Some(id), Authentication::Jwt(issuer)) => {
                    let declared = template.jwt_authorizer(&id)?;
                    let authorizer = JwtAuthorizer::new(declared.issuer, declared.audience, issuer.keys());
                    Authorization::Jwt { authorizer, scopes: route.scopes }
                }
                (other, ..) => return Err(StartError::Authorization { route: key, authorization: other.to_owned() }),
            };
            routes.push(Route { key, function: route.function, authorization });
        }
        Ok(Self { routes, cors })
    }
}

/// Checks that every function exists that a route, a mapping or a schedule leads to.
pub(crate) fn require(
    functions: &Functions,
    routes: &[Route],
    mappings: &[StreamMapping],
    schedules: &[Schedule],
) -> Result<(), StartError> {
    let named = routes.iter().map(|route| &route.function).chain(mappings.iter().map(|mapping| &mapping.function));
    let named = named.chain(schedules.iter().map(|schedule| &schedule.function));
    match named.collect::<BTreeSet<_>>().into_iter().find(|name| !functions.contains_key(*name)) {
        None => Ok(()),
        Some(missing) => Err(StartError::MissingFunction(missing.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_serves_the_listed_routes_and_no_others() {
        let template = Template::of_this_project().unwrap();
        let template = deployed(template, &Authentication::None, &[], "").unwrap();
        let api = Api::of(&template, &Authentication::None).unwrap();
        let served: BTreeMap<_, _> = api.routes.iter().map(|it| (it.key.as_str(), it.function.as_str())).collect();
        let listed: BTreeMap<_, _> = http_api::ROUTES.iter().map(|route| (route.key, route.function)).collect();
        assert_eq!(served, listed, "the gateway of the local stack");
    }
}
