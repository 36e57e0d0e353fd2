//! `orders chaos poison` with a running `orders local`, from a poisoned order to a clean one, as in docs/RUNBOOK.md.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use read_models::registry::CORE;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::running::{ON_FREE_PORTS, Running};

/// The time after which a test that waits for the consumers fails.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// A stack in a folder.
struct Stack {
    running: Running,
    /// The working folder of the stack and its commands.
    folder: TempDir,
}

impl Stack {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut local = Command::new(env!("CARGO_BIN_EXE_orders"));
        // The functions log the poison that this test causes.
        local.current_dir(folder.path()).args(ON_FREE_PORTS).args(["--in-memory", "--log", "off"]);
        Self { running: Running::start(local), folder }
    }

    /// Runs a command on this stack.
    fn orders(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
        command.env("AWS_ENDPOINT_URL_DYNAMODB", self.running.served("DynamoDB"));
        command.env("AWS_ENDPOINT_URL_EVENTBRIDGE", self.running.served("EventBridge"));
        command.current_dir(self.folder.path()).args(arguments.split_whitespace()).output().unwrap()
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let post =
            Client::new().post(format!("{}{path}", self.running.served("HTTP API"))).header("Idempotency-Key", key);
        let reply = post.json(body).send().await.unwrap();
        (reply.status().as_u16(), reply.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let reply = Client::new().get(format!("{}{path}", self.running.served("HTTP API"))).send().await.unwrap();
        (reply.status().as_u16(), reply.json().await.unwrap())
    }

    /// Places an order of 29.97 EUR, and returns its id.
    async fn place(&self, key: &str) -> String {
        let items = json!([{ "sku": "TEA", "quantity": 3, "unitPrice": 999 }]);
        let body = json!({ "customerId": "alice", "currency": "EUR", "items": items });
        let (status, placed) = self.post("/orders", key, &body).await;
        assert_eq!(status, 201, "{placed}");
        placed["orderId"].as_str().unwrap().to_owned()
    }

    /// Waits until there are `count` parked orders, and returns them.
    fn parked(&self, count: usize) -> Value {
        let begun = Instant::now();
        loop {
            let list: Value = serde_json::from_str(stdout(&self.orders("parked list --local --json"))).unwrap();
            if list["count"] == count {
                return list["parked"].clone();
            }
            assert!(begun.elapsed() < GIVEN_UP, "{list}");
        }
    }

    /// Returns the sequence numbers of an order's published events, in the order of arrival.
    async fn published(&self, order: &str) -> Vec<String> {
        let events =
            reqwest::get(format!("{}/events", self.running.served("EventBridge"))).await.unwrap().text().await.unwrap();
        let events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let of_order = events.filter(|event| event["subject"] == order);
        of_order.map(|event| event["sequence"].as_str().unwrap().trim_start_matches('0').to_owned()).collect()
    }
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[track_caller]
fn assert_done(output: &Output) -> &str {
    assert_eq!((output.status.code(), stderr(output)), (Some(0), ""), "{}", stdout(output));
    stdout(output)
}

#[tokio::test]
async fn a_poisoned_order_is_parked_repaired_redriven_and_then_clean() {
    let stack = Stack::start();
    let (order, other) = (stack.place("first").await, stack.place("second").await);
    let poisoned = stack.orders(&format!("chaos poison {order} --local"));
    let said = assert_done(&poisoned);
    assert!(said.starts_with(&format!("Version 2 of order {order} has the event PaymentPromised")), "{said}");

    // Each consumer parks the order. The other order is processed.
    let consumers = CORE.iter().map(|model| model.name).chain(["publisher"]);
    let expected: Vec<_> = consumers.map(|consumer| json!([consumer, order, 2])).collect();
    let all = expected.len();
    let parked = stack.parked(all);
    let notes =
        parked.as_array().unwrap().iter().map(|note| json!([note["consumer"], note["orderId"], note["version"]]));
    assert_eq!(notes.collect::<Vec<_>>(), expected);
    let payment = |id: &str| json!({ "paymentId": id, "amount": 100 });
    let (status, problem) = stack.post(&format!("/orders/{order}/payments"), "k1", &payment("p-1")).await;
    assert_eq!((status, &problem["code"]), (500, &json!("order_unreadable")));
    let (status, row) = stack.get(&format!("/orders/{order}")).await;
    assert_eq!((status, &row["version"], &row["stale"]), (200, &json!(1), &json!(true)));
    assert_eq!(stack.post(&format!("/orders/{other}/payments"), "k2", &payment("p-1")).await.0, 201);
    assert_eq!(stack.published(&order).await, ["1"]);

    let shown = stack.orders(&format!("parked show {order} --local"));
    assert!(assert_done(&shown).contains("unknown event type 'PaymentPromised'"), "{}", stdout(&shown));
    let in_vain = stack.orders(&format!("parked redrive {order} --local --yes"));
    assert_eq!(in_vain.status.code(), Some(1));
    assert_eq!(stdout(&in_vain), format!("0 redriven, 0 commits, {all} still parked\n"));
    let again = stack.orders(&format!("chaos poison {order} --local"));
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).starts_with(&format!("error: cannot read order {order}: ")), "{}", stderr(&again));

    let undone = stack.orders(&format!("chaos poison {order} --undo --local"));
    let said = assert_done(&undone);
    assert!(said.starts_with(&format!("Version 2 of order {order} is a payment of 1 minor unit now")), "{said}");
    let redriven = stack.orders(&format!("parked redrive {order} --local --yes"));
    assert_eq!(redriven.status.code(), Some(0), "{}", stderr(&redriven));
    assert_eq!(stdout(&redriven), format!("{all} redriven, {all} commits, 0 still parked\n"));
    assert_eq!(stack.parked(0), json!([]));
    let (status, row) = stack.get(&format!("/orders/{order}")).await;
    assert_eq!((status, &row["version"], &row["amountPaid"], &row["stale"]), (200, &json!(2), &json!(1), &Value::Null));
    assert_eq!(stack.published(&order).await, ["1", "2"]);
    // The other order's rows follow its payment a moment later.
    let begun = Instant::now();
    while stack.orders("verify --local").status.code() != Some(0) {
        assert!(begun.elapsed() < GIVEN_UP, "{}", stdout(&stack.orders("verify --local")));
    }
    assert_eq!(stack.post(&format!("/orders/{order}/payments"), "k3", &payment("p-2")).await.0, 201);

    let nothing = stack.orders(&format!("chaos poison {order} --undo --local"));
    assert_eq!(
        (nothing.status.code(), stderr(&nothing)),
        (Some(1), &*format!("error: order {order} has no event PaymentPromised\n"))
    );
}

#[tokio::test]
async fn an_order_that_does_not_exist_is_not_poisoned() {
    let stack = Stack::start();
    let refused = stack.orders("chaos poison no-such-order --local");
    assert_eq!((refused.status.code(), stderr(&refused)), (Some(1), "error: there is no order no-such-order\n"));
}

#[test]
fn nothing_that_is_not_on_this_machine_is_poisoned() {
    let poison = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
        command.env("AWS_ENDPOINT_URL_DYNAMODB", "http://dynamodb.invalid:8000");
        let output = command.args(["chaos", "poison", "o-1"]).args(arguments).output().unwrap();
        (output.status.code(), stderr(&output).to_owned())
    };
    assert_eq!(poison(&[]), (Some(1), "error: poison works on a local stack only: add --local\n".to_owned()));
    for also in [&["--local"][..], &["--local", "--undo"]] {
        let (code, said) = poison(also);
        assert_eq!(code, Some(1));
        assert!(
            said.contains("http://dynamodb.invalid:8000 (from AWS_ENDPOINT_URL_DYNAMODB) is not on this machine"),
            "{said}"
        );
    }
}
