//! What the template declares, as the stack needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sam_template::{StreamMapping, Template};

use crate::error::StartError;
use crate::gateway::Route;
use crate::invoker::Functions;
use crate::pump::Source;
use crate::pump::mapping::Policy;

/// Each function's environment: its own variables, and where to find this stack.
pub(crate) fn environments(
    template: &Template,
    dynamodb: &str,
    eventbridge: &str,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, StartError> {
    let local = [
        ("AUTH_MODE", "none"),
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

/// How long each function may take.
pub(crate) fn timeouts(template: &Template) -> Result<BTreeMap<String, Duration>, StartError> {
    let functions = template.functions()?.into_iter();
    Ok(functions.map(|function| (function.name, Duration::from_secs(function.timeout_seconds.into()))).collect())
}

/// The routes of the HTTP API.
pub(crate) fn routes(template: &Template) -> Result<Vec<Route>, StartError> {
    let routes = template.routes()?.into_iter();
    Ok(routes
        .map(|route| Route { key: format!("{} {}", route.method, route.path), function: route.function })
        .collect())
}

/// What the pumps read, and how.
pub(crate) fn sources(template: &Template) -> Result<Vec<Source>, StartError> {
    let source = |mapping: StreamMapping| Source {
        policy: Policy {
            batch_size: usize::try_from(mapping.batch_size).unwrap_or(usize::MAX),
            maximum_retry_attempts: Some(mapping.maximum_retry_attempts),
            maximum_record_age: mapping.maximum_record_age_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            bisect_batch_on_function_error: mapping.bisect_batch_on_function_error,
            report_batch_item_failures: mapping.report_batch_item_failures,
        },
        table: mapping.table,
        function: mapping.function,
    };
    Ok(template.stream_mappings()?.into_iter().map(source).collect())
}

/// Checks that every function is there that a route or a mapping leads to.
pub(crate) fn require(functions: &Functions, routes: &[Route], sources: &[Source]) -> Result<(), StartError> {
    let named = routes.iter().map(|route| &route.function).chain(sources.iter().map(|source| &source.function));
    match named.collect::<BTreeSet<_>>().into_iter().find(|name| !functions.contains_key(*name)) {
        None => Ok(()),
        Some(missing) => Err(StartError::MissingFunction(missing.clone())),
    }
}
