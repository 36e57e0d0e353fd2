//! The callers that the APIs accept, under each `AuthMode`: identities and scopes, rejected parameters, and pages.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use std::collections::{BTreeMap, BTreeSet};

use http_api::ROUTES;
use sam_template::{Route, Template};
use serde_json::{Value, json};

/// All parameters that `AuthMode=jwt` needs.
const TOKENS: [(&str, &str); 3] =
    [("AuthMode", "jwt"), ("JwtIssuer", "https://id.example/"), ("JwtAudience", "shop,desk")];

/// The same parameters, with a second API for signed requests.
const TOKENS_AND_SIGNATURES: [(&str, &str); 4] = [TOKENS[0], TOKENS[1], TOKENS[2], ("ServiceApi", "iam")];

fn deployed(parameters: &[(&str, &str)]) -> Template {
    Template::of_this_project().unwrap().with_parameters(parameters).unwrap()
}

fn routes(parameters: &[(&str, &str)]) -> Vec<Route> {
    let routes = deployed(parameters).routes().unwrap();
    assert_eq!(routes.len(), ROUTES.len());
    routes
}

#[test]
fn signed_requests_are_the_default_on_every_route() {
    for route in routes(&[]) {
        assert_eq!(
            (route.authorization.as_str(), route.authorizer),
            ("AWS_IAM", None),
            "{} {}",
            route.method,
            route.path
        );
        assert!(route.scopes.is_empty(), "{} {}", route.method, route.path);
    }
}

#[test]
fn routes_take_unauthenticated_requests_only_with_auth_mode_none() {
    for route in routes(&[("AuthMode", "none")]) {
        assert_eq!((route.authorization.as_str(), route.authorizer), ("NONE", None), "{} {}", route.method, route.path);
    }
}

/// Returns the scopes of which a token must have one, by route, without the last one (`orders:admin`).
fn scopes(routes: &[Route], admin: &str) -> BTreeMap<String, Vec<String>> {
    let scopes = routes.iter().map(|route| {
        let key = format!("{} {}", route.method, route.path);
        let (last, others) = route.scopes.split_last().unwrap();
        assert_eq!(last, admin, "{key}");
        (key, others.to_vec())
    });
    scopes.collect()
}

#[test]
fn every_route_asks_for_a_token_with_auth_mode_jwt() {
    for route in routes(&TOKENS) {
        assert_eq!(route.authorization, "JWT", "{} {}", route.method, route.path);
        assert_eq!(route.authorizer.as_deref(), Some("JwtAuthorizer"), "{} {}", route.method, route.path);
    }
}

/// A scope without the prefix would allow a token of another application of the same issuer.
#[test]
fn a_scope_prefix_stands_before_every_scope_of_every_route() {
    let plain = scopes(&routes(&TOKENS), "orders:admin");
    let parameters = [TOKENS[0], TOKENS[1], TOKENS[2], ("ScopePrefix", "shop/")];
    let prefixed = scopes(&routes(&parameters), "shop/orders:admin");
    let expected =
        plain.into_iter().map(|(key, scopes)| (key, scopes.into_iter().map(|scope| format!("shop/{scope}")).collect()));
    assert_eq!(prefixed, expected.collect::<BTreeMap<String, Vec<String>>>());
}

/// Returns method, path and function of the routes of an API.
fn reached(routes: &[Route], api: &str) -> BTreeSet<[String; 3]> {
    let of_the_api = routes.iter().filter(|route| route.api == api);
    of_the_api.map(|route| [&route.method, &route.path, &route.function].map(String::clone)).collect()
}

#[test]
fn the_service_api_has_every_route_for_signed_requests() {
    let routes = deployed(&TOKENS_AND_SIGNATURES).routes().unwrap();
    assert_eq!(reached(&routes, "ServiceHttpApi"), reached(&routes, "HttpApi"));
    assert_eq!(routes.len(), 2 * ROUTES.len());
    for route in routes {
        let expected = match route.api.as_str() {
            "HttpApi" => ("JWT", Some("JwtAuthorizer")),
            _ => ("AWS_IAM", None),
        };
        let key = format!("{} {} {}", route.api, route.method, route.path);
        assert_eq!((route.authorization.as_str(), route.authorizer.as_deref()), expected, "{key}");
        assert_eq!(route.scopes.is_empty(), route.api == "ServiceHttpApi", "{key}");
    }
}

/// Each resource belongs to this API, and not to the API for tokens.
#[test]
fn a_service_api_is_deployed_whole_or_not_at_all() {
    let template = Template::of_this_project().unwrap();
    let ids: Vec<&str> =
        template.document()["Resources"].as_mapping().unwrap().keys().map(|id| id.as_str().unwrap()).collect();
    let mut of_the_service_api = 0;
    for id in ids.iter().filter(|id| id.starts_with("Service")) {
        assert_eq!(deployed(&TOKENS).resource(id).unwrap(), None, "{id}");
        let properties = deployed(&TOKENS_AND_SIGNATURES).resource(id).unwrap().unwrap();
        if let Some(api) = properties.get("ApiId") {
            assert_eq!(api, "ServiceHttpApi", "{id}");
        }
        if let Some(target) = properties.get("Target") {
            let integration = target.as_str().unwrap().strip_prefix("integrations/").unwrap();
            assert!(integration.starts_with("Service"), "{id} leads to {integration}");
        }
        of_the_service_api += 1;
    }
    assert_eq!(
        of_the_service_api,
        7 + ROUTES.len(),
        "API, stage, log group, two integrations, two permissions, the routes"
    );
}

/// Returns the API Gateway requests that may invoke a function: `HttpApi/*/POST/orders*`.
#[test]
fn each_api_may_invoke_the_functions_by_their_own_methods() {
    let template = deployed(&TOKENS_AND_SIGNATURES);
    for (permission, function, requests) in [
        ("CommandPermission", "CommandHandlerAliaslive", "HttpApi/*/POST/orders*"),
        ("QueryPermission", "QueryHandlerAliaslive", "HttpApi/*/GET/*"),
        ("ServiceRoutesCommandPermission", "CommandHandlerAliaslive", "ServiceHttpApi/*/POST/orders*"),
        ("ServiceRoutesQueryPermission", "QueryHandlerAliaslive", "ServiceHttpApi/*/GET/*"),
    ] {
        let properties = template.resource(permission).unwrap().unwrap();
        assert_eq!(
            properties,
            json!({
                "Action": "lambda:InvokeFunction",
                "FunctionName": function,
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": format!("arn:Partition:execute-api:Region:AccountId:{requests}"),
            }),
            "{permission}"
        );
    }
}

#[test]
fn the_authorizer_checks_issuer_and_audience_with_jwt_only() {
    let authorizer = deployed(&TOKENS).resource("JwtAuthorizer").unwrap().unwrap();
    assert_eq!(authorizer["AuthorizerType"], "JWT");
    assert_eq!(authorizer["IdentitySource"], json!(["$request.header.Authorization"]));
    assert_eq!(
        authorizer["JwtConfiguration"],
        json!({ "Issuer": "https://id.example/", "Audience": ["shop", "desk"] })
    );
    for mode in ["iam", "none"] {
        assert_eq!(deployed(&[("AuthMode", mode)]).resource("JwtAuthorizer").unwrap(), None, "{mode}");
    }
}

#[test]
fn a_route_leads_to_its_authorizer_and_its_api() {
    let template = deployed(&TOKENS);
    let [api] = &template.http_apis().unwrap()[..] else { unreachable!("one API") };
    for route in template.routes().unwrap().iter().filter(|route| route.api == api.logical_id) {
        let authorizer = template.jwt_authorizer(route.authorizer.as_deref().unwrap()).unwrap();
        assert_eq!(
            (authorizer.issuer.as_str(), authorizer.audience),
            (TOKENS[1].1, vec!["shop".into(), "desk".into()])
        );
    }
    assert_eq!(api.logical_id, "HttpApi");
}

/// Returns the values of a variable of the functions behind the APIs.
fn variable(parameters: &[(&str, &str)], name: &str) -> Vec<String> {
    let functions = deployed(parameters).functions().unwrap();
    functions.into_iter().filter_map(|mut function| function.environment.remove(name)).collect()
}

/// Otherwise the functions would reject every caller that the gateway accepts, or trust an identity that the gateway never
/// checks.
#[test]
fn the_functions_accept_the_identities_that_the_gateway_checks() {
    for (mode, service_api, accepted) in
        [("iam", "none", "iam"), ("jwt", "none", "jwt"), ("jwt", "iam", "jwt+iam"), ("none", "none", "none")]
    {
        let parameters = [("AuthMode", mode), ("ServiceApi", service_api)];
        assert_eq!(variable(&parameters, "AUTH_MODE"), [accepted, accepted], "{mode} {service_api}");
    }
}

#[test]
fn the_functions_read_tokens_as_the_parameters_say() {
    for (name, parameter, default, given) in [
        ("CUSTOMER_CLAIM", "CustomerClaim", "sub", "https://shop.example/customer"),
        ("CUSTOMER_CLAIM_PREFIX", "CustomerClaimPrefix", "", "auth0|"),
        ("SCOPE_PREFIX", "ScopePrefix", "", "order-ledger/"),
    ] {
        assert_eq!(variable(&TOKENS, name), [default, default], "{name}");
        assert_eq!(variable(&[(parameter, given)], name), [given, given], "{name}");
    }
}

#[test]
fn a_service_api_is_refused_unless_the_first_api_takes_tokens() {
    for mode in ["iam", "none"] {
        let refusals = deployed(&[("AuthMode", mode), ("ServiceApi", "iam")]).refusals().unwrap();
        assert_eq!(refusals.len(), 1, "{mode}");
        assert!(refusals[0].starts_with("ServiceApi=iam needs AuthMode=jwt."), "{refusals:?}");
    }
    assert_eq!(deployed(&TOKENS_AND_SIGNATURES).refusals().unwrap(), [""; 0]);
}

#[test]
fn tokens_without_an_issuer_or_an_audience_are_refused() {
    let refusals = deployed(&[("AuthMode", "jwt")]).refusals().unwrap();
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    assert!(refusals[0].starts_with("AuthMode=jwt needs JwtIssuer"), "{refusals:?}");
    assert!(refusals[1].starts_with("AuthMode=jwt needs JwtAudience"), "{refusals:?}");
    assert!(deployed(&TOKENS).refusals().unwrap().is_empty());
}

#[test]
fn only_a_development_stage_may_use_auth_mode_none() {
    for stage in ["prod", "production", "live", "prod-eu", "prd", "staging"] {
        let refusals = deployed(&[("Stage", stage), ("AuthMode", "none")]).refusals().unwrap();
        assert_eq!(refusals.len(), 1, "{stage}");
        assert!(refusals[0].starts_with("With AuthMode=none, every caller may do everything."), "{refusals:?}");
        assert!(deployed(&[("Stage", stage)]).refusals().unwrap().is_empty(), "{stage}");
    }
    for stage in ["dev", "sandbox", "test"] {
        assert!(deployed(&[("Stage", stage), ("AuthMode", "none")]).refusals().unwrap().is_empty(), "{stage}");
    }
}

fn cors(parameters: &[(&str, &str)]) -> Option<Value> {
    deployed(parameters).resource("HttpApi").unwrap().unwrap().get("CorsConfiguration").cloned()
}

#[test]
fn only_pages_of_named_sites_may_call_the_api() {
    assert_eq!(cors(&[]), None);
    assert_eq!(cors(&TOKENS), None);
    let named = cors(&[("CorsAllowedOrigins", "https://shop.example,https://desk.example")]).unwrap();
    assert_eq!(named["AllowOrigins"], json!(["https://shop.example", "https://desk.example"]));
    assert_eq!(named.get("AllowCredentials"), None);
}

#[test]
fn no_page_may_call_the_service_api() {
    let mut parameters = TOKENS_AND_SIGNATURES.to_vec();
    parameters.push(("CorsAllowedOrigins", "https://shop.example"));
    let apis = deployed(&parameters).http_apis().unwrap();
    let with_cors: Vec<_> = apis.iter().map(|api| (api.logical_id.as_str(), api.cors.is_some())).collect();
    assert_eq!(with_cors, [("HttpApi", true), ("ServiceHttpApi", false)]);
}

#[test]
fn the_cors_configuration_of_an_api_can_be_read() {
    let read = |parameters: &[(&str, &str)]| deployed(parameters).http_apis().unwrap().remove(0).cors;
    assert_eq!(read(&[]), None);
    let cors = read(&[("CorsAllowedOrigins", "https://shop.example,https://desk.example")]).unwrap();
    assert_eq!(cors.allow_origins, ["https://shop.example", "https://desk.example"]);
    assert_eq!(cors.max_age, Some(7200));
    assert!(cors.allow_headers.contains(&"authorization".to_owned()), "{cors:?}");
    assert!(cors.expose_headers.contains(&"etag".to_owned()), "{cors:?}");
}

#[test]
fn a_page_may_use_every_method_of_the_routes() {
    let mut methods: Vec<String> = routes(&[]).into_iter().map(|route| route.method).collect();
    methods.sort_unstable();
    methods.dedup();
    assert_eq!(cors(&[("CorsAllowedOrigins", "https://shop.example")]).unwrap()["AllowMethods"], json!(methods));
}

/// The line is JSON, and the same for every mode and API. It has no text that a client wrote and does not name the caller:
/// a caller's ARN may end in an e-mail address.
#[test]
fn the_access_logs_name_no_caller() {
    let line = |parameters: &[(&str, &str)], stage: &str| -> Value {
        let stage = deployed(parameters).resource(stage).unwrap().unwrap();
        serde_json::from_str(stage["AccessLogSettings"]["Format"].as_str().unwrap()).unwrap()
    };
    let default = line(&[], "HttpApiStage");
    assert_eq!(default, line(&TOKENS, "HttpApiStage"));
    assert_eq!(default, line(&[("AuthMode", "none")], "HttpApiStage"));
    assert_eq!(default, line(&TOKENS_AND_SIGNATURES, "ServiceHttpApiStage"));
    let fields: Vec<String> = default.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        fields,
        [
            "authorizerError",
            "integrationError",
            "integrationLatency",
            "requestId",
            "requestTime",
            "responseLatency",
            "routeKey",
            "status",
        ]
    );
}

/// The demo key signs for this audience, and the demo key is public.
#[test]
fn the_audience_of_the_local_stack_is_refused() {
    let refusals = deployed(&[("QuoteAudience", "order-ledger-local")]).refusals().unwrap();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert!(refusals[0].starts_with("QuoteAudience=order-ledger-local is"), "{refusals:?}");
}
