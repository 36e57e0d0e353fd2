//! Bugs of the command handler around its store.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use http_api::QuoteVerifier;
use lambda_http::{Body, Request, RequestExt, Response};
use serde_json::json;
use simulation::world::function::{HttpFunction, Instance, Invocation};
use simulation::{AsDeployed, Release};

/// A function that repeats its rejections without calling the handler again.
pub(crate) struct Remembers {
    pub(crate) handler: Instance,
    pub(crate) refused: Mutex<HashMap<String, Vec<u8>>>,
}

impl HttpFunction for Remembers {
    fn handle(&self, request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        Box::pin(async move {
            let asked = format!("{} {:?}", request.raw_http_path(), request.body());
            if let Some(refusal) = self.refused.lock().unwrap().get(&asked) {
                return Ok(Response::builder().status(409).body(Body::from(refusal.clone())).unwrap());
            }
            let response = self.handler.handle(request).await?;
            if response.status() == 409 {
                self.refused.lock().unwrap().insert(asked, response.body().to_vec());
            }
            Ok(response)
        })
    }
}

/// A function that answers a rejection as a command that changes nothing.
pub(crate) struct Appeases(pub(crate) Instance);

impl HttpFunction for Appeases {
    fn handle(&self, request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        Box::pin(async move {
            let response = self.0.handle(request).await?;
            if response.status() != 409 {
                return Ok(response);
            }
            let reply = json!({ "version": 1, "status": "placed", "events": [] }).to_string();
            Ok(Response::builder().status(200).body(Body::from(reply)).unwrap())
        })
    }
}

/// A function that does not receive `If-Match`.
pub(crate) struct Overlooks(pub(crate) Instance);

impl HttpFunction for Overlooks {
    fn handle(&self, mut request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        request.headers_mut().remove("if-match");
        self.0.handle(request)
    }
}

/// A function that answers the first attempt of each command with `contention`.
pub(crate) struct Contends {
    pub(crate) handler: Instance,
    pub(crate) met: Arc<Mutex<HashSet<String>>>,
}

impl HttpFunction for Contends {
    fn handle(&self, request: Request) -> Invocation<'_, Result<Response<Body>, Infallible>> {
        let key = request.headers().get("idempotency-key").map_or("none", |key| key.to_str().unwrap()).to_owned();
        if self.met.lock().unwrap().insert(key) {
            let problem = json!({ "status": 503, "code": "contention" }).to_string();
            let response = Response::builder().status(503).header("retry-after", "1").body(Body::from(problem));
            return Box::pin(async move { Ok(response.unwrap()) });
        }
        self.handler.handle(request)
    }
}

/// The deployed functions, with a command handler that [`Contends`].
#[derive(Default)]
pub(crate) struct Contended(pub(crate) Arc<Mutex<HashSet<String>>>);

impl Release for Contended {
    fn command_handler(&self, client: Client, quotes: QuoteVerifier) -> Instance {
        Box::new(Contends { handler: AsDeployed.command_handler(client, quotes), met: Arc::clone(&self.0) })
    }
}
