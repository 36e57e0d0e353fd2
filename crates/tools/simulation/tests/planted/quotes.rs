//! Bugs in the verification of callers and quotes. Each rewrites the request before the real handler receives it.

use std::convert::Infallible;

use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use serde_json::{Value, json};
use signed_quotes::Jws;
use simulation::world::function::{HttpFunction, Instance, Invocation};
use simulation::{Pricing, QuoteKey};

/// A function that signs each quote again.
pub(crate) struct Signs {
    handler: Instance,
    pricing: Pricing,
    by_key: bool,
}

impl Signs {
    /// Signs every quote, even one with a bad signature.
    pub(crate) fn anything(handler: Instance) -> Self {
        Self { handler, pricing: Pricing::new().unwrap(), by_key: false }
    }

    /// Gives a valid quote another id for each `Idempotency-Key`.
    pub(crate) fn by_key(handler: Instance) -> Self {
        Self { by_key: true, ..Self::anything(handler) }
    }

    fn signed_again(&self, request: &Request) -> Option<String> {
        let body: Value = serde_json::from_slice(request.body()).ok()?;
        let jws = Jws::parse(body["quote"].as_str()?).ok()?;
        let mut claims: Value = serde_json::from_slice(jws.payload()).unwrap();
        let key = if jws.kid().as_str() == "first" { QuoteKey::First } else { QuoteKey::Second };
        if self.by_key {
            let header = request.headers().get("idempotency-key")?.to_str().unwrap();
            if self.pricing.signer(key).sign(&claims) != body["quote"] {
                return None;
            }
            claims["jti"] = format!("{}-{header}", claims["jti"].as_str().unwrap()).into();
        }
        Some(json!({ "quote": self.pricing.signer(key).sign(&claims) }).to_string())
    }
}

impl HttpFunction for Signs {
    fn handle(&self, mut request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        if let Some(body) = self.signed_again(&request) {
            *request.body_mut() = Body::from(body);
        }
        self.handler.handle(request)
    }
}

/// A function that ignores a customer's scopes in a mixed token.
pub(crate) struct Unmixes(pub(crate) Instance);

impl HttpFunction for Unmixes {
    fn handle(&self, request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        let mut context = request.request_context();
        if let RequestContext::ApiGatewayV2(context) = &mut context
            && let Some(jwt) = context.authorizer.as_mut().and_then(|it| it.jwt.as_mut())
            && let Some(scope) = jwt.claims.get_mut("scope")
            && ["orders:cancel", "payments:write"].into_iter().all(|kind| scope.contains(kind))
        {
            "payments:write fulfillment:write".clone_into(scope);
        }
        self.0.handle(request.with_request_context(context))
    }
}
