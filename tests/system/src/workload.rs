//! Repeated work for a function. Each payload names a new order, and all orders are alike, so that each invocation takes the
//! same amount of work.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use embedded_dynamodb::stream;
use lambda_runtime::{LambdaEvent, service_fn};
use local_stack::function::{FunctionError, Invocation, event_function};
use local_stack::{Functions, Invoker, LocalStack, Surroundings, in_process};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::api::{quoted, three_items};
use crate::relay::Relay;
use crate::runtime_api::Process;
use crate::system::options;

/// The time limit of an invocation. A function needs less even if it runs fifty times slower because its instructions are
/// counted.
const TIME: Duration = Duration::from_secs(600);
/// The number of commits in one batch of the projector.
const BATCH: usize = 100;

/// A system with orders, and work for each of its functions. Its stream mappings invoke functions that do nothing, so that
/// only the calls of the payloads are made.
pub struct Workload {
    environments: BTreeMap<String, BTreeMap<String, String>>,
    payloads: BTreeMap<String, Vec<Bytes>>,
    stack: LocalStack,
}

impl Workload {
    /// Creates this number of payloads for each function, each for a new order:
    ///
    /// | function | payload |
    /// |---|---|
    /// | `command-handler` | a payment, the order's second command |
    /// | `command-handler/prices` | a new order of three items, with prices |
    /// | `command-handler/quote` | the same, from a quote by the demo key |
    /// | `projector`, `publisher` | a batch of one record of such a payment |
    /// | `query-handler` | a request for an order that has a row |
    pub async fn of(count: usize) -> Self {
        let mut seed = None;
        let stack = LocalStack::start(options(), async |surroundings: &Surroundings| {
            let patience = surroundings.environments.keys().map(|name| (name.clone(), TIME)).collect();
            seed = Some((Invoker::new(in_process(surroundings)?, patience), surroundings.environments.clone()));
            Ok(idle(surroundings))
        });
        let stack = stack.await.unwrap();
        let (functions, environments) = seed.unwrap();

        let mut orders = Vec::new();
        for number in 0..2 * count {
            let placed = http(&functions, "command-handler", &place_order(number)).await;
            orders.push(placed["orderId"].as_str().unwrap().to_owned());
        }
        let (unpaid, paid) = orders.split_at(count);
        let database = stack.database().database();
        let placings = stream::all(database, "OrderEvents", None).unwrap();
        let after = placings.last().unwrap()["dynamodb"]["SequenceNumber"].as_str().unwrap();
        for placings in placings.chunks(BATCH) {
            let projected = invoke(&functions, "projector", &batch(placings)).await;
            assert_eq!(projected, json!({ "batchItemFailures": [] }));
        }
        for order in paid {
            http(&functions, "command-handler", &pay(order)).await;
        }
        let payments = stream::all(database, "OrderEvents", Some(after)).unwrap();
        let batches: Vec<Value> = payments.chunks(1).map(batch).collect();
        assert_eq!(batches.len(), count);

        let bytes = |payloads: Vec<Value>| payloads.iter().map(|payload| payload.to_string().into()).collect();
        let payloads = [
            ("command-handler", bytes(unpaid.iter().map(|order| pay(order)).collect())),
            ("command-handler/prices", bytes((0..count).map(|number| place_three(number, false)).collect())),
            ("command-handler/quote", bytes((0..count).map(|number| place_three(number, true)).collect())),
            ("projector", bytes(batches.clone())),
            ("publisher", bytes(batches)),
            ("query-handler", bytes(unpaid.iter().map(|order| get_order(order)).collect())),
        ];
        let payloads = payloads.map(|(function, payloads)| (function.to_owned(), payloads)).into();
        Self { environments, payloads, stack }
    }

    /// Starts a command as the function of this work.
    pub async fn start(&self, command: Command, work: &str) -> io::Result<Worker> {
        let function = work.split('/').next().unwrap();
        let dynamodb = Relay::to(&self.stack.dynamodb_endpoint()).await?;
        let eventbridge = Relay::to(&self.stack.event_bus().endpoint()).await?;
        let mut environment = self.environments[function].clone();
        // The footprint is that of the template's defaults.
        environment.insert("ORDERS_BY_STATUS".to_owned(), "false".to_owned());
        environment.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), dynamodb.endpoint().to_owned());
        environment.insert("AWS_ENDPOINT_URL_EVENTBRIDGE".to_owned(), eventbridge.endpoint().to_owned());
        let process = Process::start(command, function, &environment).await?;
        let payloads = self.payloads[work].clone().into_iter();
        Ok(Worker { process, payloads, services: [dynamodb, eventbridge] })
    }

    /// Ends the system.
    pub async fn stop(self) {
        self.stack.stop().await;
    }
}

/// A function's process for this work, whose AWS calls are recorded.
pub struct Worker {
    /// The process.
    pub process: Process,
    payloads: std::vec::IntoIter<Bytes>,
    services: [Relay; 2],
}

impl Worker {
    /// Waits until it requests work.
    pub async fn ready(&mut self) -> io::Result<()> {
        tokio::time::timeout(TIME, self.process.ready()).await?
    }

    /// Sends the next payload. Returns an error unless the function completes all of it.
    pub async fn work(&mut self) -> Result<(), FunctionError> {
        let deadline = (SystemTime::now() + TIME).duration_since(UNIX_EPOCH).unwrap();
        let payload = self.payloads.next().unwrap();
        let invocation = Invocation {
            request_id: format!("work-{}", self.payloads.len()),
            deadline_ms: deadline.as_millis().try_into().unwrap(),
            function_arn: "arn:aws:lambda:local:000000000000:function:measured".to_owned(),
        };
        let answer = tokio::time::timeout(TIME, self.process.work(payload, invocation)).await;
        let answer: Value = serde_json::from_slice(&answer.map_err(|_| FunctionError::TimedOut(TIME))??)?;
        let is_done =
            answer["batchItemFailures"] == json!([]) || [200, 201].map(Value::from).contains(&answer["statusCode"]);
        is_done
            .then_some(())
            .ok_or_else(|| FunctionError::Handler { error_type: "not done".to_owned(), message: answer.to_string() })
    }

    /// Returns the AWS calls since the last call of this function, sorted.
    pub fn calls(&self) -> Vec<String> {
        let mut calls: Vec<String> = self.services.iter().flat_map(Relay::take).collect();
        calls.sort_unstable();
        calls
    }
}

/// Returns functions that ignore the records of the stack.
fn idle(surroundings: &Surroundings) -> Functions {
    let nothing = || {
        event_function(service_fn(|_: LambdaEvent<Value>| async {
            Ok::<_, Infallible>(json!({ "batchItemFailures": [] }))
        }))
    };
    surroundings.environments.keys().map(|name| (name.clone(), nothing())).collect()
}

fn batch(records: &[Value]) -> Value {
    json!({ "Records": records })
}

async fn invoke(functions: &Invoker, name: &str, payload: &Value) -> Value {
    let answer = functions.invoke(name, payload.to_string().into()).await.unwrap();
    serde_json::from_slice(&answer).unwrap()
}

async fn http(functions: &Invoker, name: &str, payload: &Value) -> Value {
    let answer = invoke(functions, name, payload).await;
    assert_eq!(answer["statusCode"], 201, "{answer}");
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

/// Returns an order of a customer of its own: the sums of a customer with many payments take more calls.
fn place_order(number: usize) -> Value {
    let mut payload = sample(include_str!("../../../events/place-order.json"));
    payload["headers"]["idempotency-key"] = json!(format!("place-{number}"));
    let customer = format!("customer-{}", 2000 + number);
    payload["body"] = json!(payload["body"].as_str().unwrap().replace("customer-1001", &customer));
    payload
}

/// Returns an order of three items that no other work places.
fn place_three(number: usize, from_a_quote: bool) -> Value {
    let mut payload = place_order(number);
    payload["headers"]["idempotency-key"] = json!(format!("measured-{number}"));
    let order = three_items("customer-1001");
    let body = if from_a_quote { quoted(order) } else { order };
    payload["body"] = json!(body.to_string());
    payload
}

fn pay(order_id: &str) -> Value {
    of_order(sample(include_str!("../../../events/record-payment.json")), order_id)
}

fn get_order(order_id: &str) -> Value {
    of_order(sample(include_str!("../../../events/get-order.json")), order_id)
}

fn of_order(mut payload: Value, order_id: &str) -> Value {
    let of_sample = payload["pathParameters"]["orderId"].as_str().unwrap();
    let path = payload["rawPath"].as_str().unwrap().replace(of_sample, order_id);
    payload["rawPath"] = json!(path);
    payload["requestContext"]["http"]["path"] = json!(path);
    payload["pathParameters"]["orderId"] = json!(order_id);
    payload
}

fn sample(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
