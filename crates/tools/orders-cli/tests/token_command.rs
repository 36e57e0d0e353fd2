//! `orders token` and `orders local --auth jwt --cors` as an operator runs them: the stack accepts the tokens of the
//! command.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use test_support::running::{ON_FREE_PORTS, Running};

const SHOP: &str = "http://localhost:5173";

fn orders(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
    command.args(arguments).current_dir(folder).env_remove("ORDERS_API").env_remove("ORDERS_TOKEN");
    command
}

/// Runs `orders token` in a folder.
fn token_command(arguments: &[&str], folder: &Path) -> Output {
    orders(&[&["token"], arguments].concat(), folder).output().unwrap()
}

/// Returns the token that `orders token` prints: one line, and no other output.
#[track_caller]
fn token(arguments: &[&str], folder: &Path) -> String {
    let output = token_command(arguments, folder);
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
    let token = stdout.strip_suffix('\n').unwrap();
    assert!(!token.contains(char::is_whitespace) && token.split('.').count() == 3, "{token}");
    token.to_owned()
}

/// Starts a stack in a folder.
fn start(arguments: &[&str], folder: &Path) -> Running {
    Running::start(orders(&[&ON_FREE_PORTS, arguments].concat(), folder))
}

async fn get(stack: &Running, path: &str, token: &str) -> u16 {
    let request = Client::new().get(format!("{}{path}", stack.api())).bearer_auth(token);
    request.send().await.unwrap().status().as_u16()
}

async fn send(stack: &Running, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Client::new().request(method, format!("{}{path}", stack.api()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_token_of_the_command_is_what_the_stack_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start(&["--auth", "jwt"], folder.path());
    let without = send(&stack, Method::GET, "/customers/anna/orders", &[]).await;
    assert_eq!(without.status(), 401);
    assert_eq!(without.headers()["www-authenticate"], "Bearer");

    let anna = token(&["--customer", "anna"], folder.path());
    assert_eq!(get(&stack, "/customers/anna/orders", &anna).await, 200);
    assert_eq!(get(&stack, "/customers/bert/orders", &anna).await, 403);
    let admin = token(&["--admin"], folder.path());
    assert_eq!(get(&stack, "/customers/bert/orders", &admin).await, 200);
    let other = token(&["--subject", "bert", "--scope", "openid orders:read"], folder.path());
    assert_eq!(get(&stack, "/customers/bert/orders", &other).await, 200);
    let useless = token(&["--subject", "bert", "--scope", "openid"], folder.path());
    assert_eq!(get(&stack, "/customers/bert/orders", &useless).await, 403);
}

#[tokio::test]
async fn a_token_for_something_else_is_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stack = start(&["--auth", "jwt"], folder.path());
    let _other = start(&["--auth", "jwt"], other.path());
    for (arguments, place) in [
        (&["--admin", "--audience", "another-api"][..], folder.path()),
        (&["--admin", "--expires-in", "0s"], folder.path()),
        (&["--admin"], other.path()),
    ] {
        assert_eq!(get(&stack, "/customers/anna/orders", &token(arguments, place)).await, 401, "{arguments:?}");
    }
    let data = other.path().join(".order-ledger");
    let theirs = token(&["--admin", "--data", data.to_str().unwrap()], folder.path());
    assert_eq!(get(&stack, "/customers/anna/orders", &theirs).await, 401);
}

#[tokio::test]
async fn a_customer_places_from_a_quote_and_shows_the_order_with_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start(&["--auth", "jwt"], folder.path());
    let anna = token(&["--customer", "anna"], folder.path());
    let quote = orders(&["quote", "--customer", "anna", "--item", "TEA-500:3:999"], folder.path()).output().unwrap();
    let body = json!({ "quote": String::from_utf8(quote.stdout).unwrap().trim_end() });
    let request = Client::new().post(format!("{}/orders", stack.api())).bearer_auth(&anna).json(&body);
    let placed = request.send().await.unwrap();
    assert_eq!(placed.status(), 201);
    let order = placed.json::<Value>().await.unwrap()["orderId"].as_str().unwrap().to_owned();

    let show = || orders(&["show", &order, "--api", stack.api()], folder.path());
    let shown = show().env("ORDERS_TOKEN", &anna).output().unwrap();
    assert!(String::from_utf8(shown.stdout).unwrap().contains("TEA-500"));
    let expired = token(&["--admin", "--expires-in", "0s"], folder.path());
    let refused = show().env("ORDERS_TOKEN", expired).output().unwrap();
    let line = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && line.contains("expired (401 from the gateway)"), "{line}");
    let refused = show().output().unwrap();
    let line = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && line.contains("set ORDERS_TOKEN=$(cargo orders token --admin) (401 from"),
        "{line}"
    );
}

#[tokio::test]
async fn the_lines_of_the_welcome_work_with_their_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start(&["--auth", "jwt", "--data", "it's data"], folder.path());
    let [place, read, list] = stack.welcome.iter().filter(|line| line.starts_with("curl ")).collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", stack.welcome)
    };
    let (status, placed) = pasted(place, folder.path()).await;
    assert_eq!((status, &placed["version"]), (201, &json!(1)), "{placed}");
    let (status, order) = pasted(read, folder.path()).await;
    assert_eq!((status, &order["orderId"]), (200, &placed["orderId"]));
    assert_eq!(pasted(list, folder.path()).await.0, 200);
}

/// Runs a line as a shell with curl would, where `cargo orders` is this build and curl may be missing.
async fn pasted(line: &str, folder: &Path) -> (u16, Value) {
    let line = line.replace("cargo orders", &format!("'{}'", env!("CARGO_BIN_EXE_orders")));
    // The shell quotes and substitutes; then each word is a line.
    let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}\n{line}");
    let output = Command::new("sh").args(["-c", &script]).current_dir(folder).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    let (mut url, mut headers, mut body) = ("", Vec::new(), None);
    let mut words = words.lines();
    while let Some(word) = words.next() {
        match word {
            "-i" => {}
            "-H" => headers.push(words.next().unwrap().split_once(": ").unwrap()),
            "-d" => body = words.next(),
            _ => url = word,
        }
    }
    let mut request = Client::new().request(if body.is_some() { Method::POST } else { Method::GET }, url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.body(body.unwrap_or_default().to_owned()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[test]
fn without_a_key_the_command_names_the_stack_that_makes_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = token_command(&["--admin"], folder.path());
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: there is no key .order-ledger/keys/issuer.pem: start `orders local --auth jwt` first, or name its folder \
         with --data\n"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no key is made");
}

#[tokio::test]
async fn the_key_outlives_a_stack_in_memory_and_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(&["--auth", "jwt", "--in-memory"], folder.path());
    let admin = token(&["--admin"], folder.path());
    drop(first);
    let second = start(&["--auth", "jwt", "--in-memory"], folder.path());
    assert_eq!(get(&second, "/customers/anna/orders", &admin).await, 200);
    assert!(
        second.welcome.iter().any(|line| line.ends_with("whose key is in .order-ledger/keys")),
        "{:?}",
        second.welcome
    );

    let data = folder.path().join(".order-ledger");
    let names = |folder: &Path| fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name()).collect::<Vec<_>>();
    drop(second);
    fs::remove_file(data.join("running.json")).unwrap();
    assert_eq!((names(&data), names(&data.join("keys"))), (vec!["keys".into()], vec!["issuer.pem".into()]));
    let mode = |path: &str| fs::metadata(data.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("keys"), mode("keys/issuer.pem")), (0o700, 0o600));
}

#[tokio::test]
async fn a_page_of_a_named_origin_may_call_the_api() {
    let folder = tempfile::tempdir().unwrap();
    let stack = start(&["--auth", "jwt", "--in-memory", "--cors", SHOP, "--cors", "https://b.c"], folder.path());
    let preflight = [("origin", SHOP), ("access-control-request-method", "POST")];
    let reply = send(&stack, Method::OPTIONS, "/orders", &preflight).await;
    assert_eq!(reply.status(), 204);
    for (name, value) in [
        ("access-control-allow-origin", SHOP),
        ("access-control-allow-methods", "GET,POST"),
        ("access-control-max-age", "7200"),
    ] {
        assert_eq!(reply.headers()[name], value, "{name}");
    }
    let allowed = reply.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.split(',').any(|name| name == "idempotency-key"), "{allowed}");

    let bearer = format!("Bearer {}", token(&["--admin"], folder.path()));
    for (origin, named) in [(SHOP, Some(SHOP)), ("https://b.c", Some("https://b.c")), ("https://evil.example", None)] {
        let headers = [("origin", origin), ("authorization", bearer.as_str())];
        let reply = send(&stack, Method::GET, "/orders/unknown", &headers).await;
        assert_eq!(reply.status(), if named.is_some() { 404 } else { 403 }, "{origin}");
        let header = |name: &str| reply.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("access-control-allow-origin"), named, "{origin}");
        assert_eq!(header("access-control-expose-headers").is_some(), named.is_some(), "{origin}");
    }
}

#[test]
fn an_origin_that_no_browser_sends_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for origin in ["localhost:5173", "http://localhost:5173/", "https://a.example,https://b.example"] {
        let output = orders(&["local", "--in-memory", "--cors", origin], folder.path()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("an origin is http:// or https://, a host and a port, without a path"), "{said}");
    }
}
