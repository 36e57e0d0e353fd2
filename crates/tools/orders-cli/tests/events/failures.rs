//! Failures before any work: each message names the location and the remedy, and the command leaves no file.

use std::process::{Command, Output};

use test_support::recorded::Recorded;

use crate::service::{refusal, service};
use crate::{bus, orders, output, stderr};

/// The commands that work on tables, without the arguments that select the location.
const COMMANDS: [&[&str]; 6] = [
    &["verify"],
    &["rebuild", "--yes"],
    &["replay", "--yes", "--from", "2026-11-21T09:00:00Z"],
    &["parked", "list"],
    &["parked", "show", "o-1"],
    &["parked", "redrive", "--all"],
];

/// The names that a command requires in an account.
fn names(command: &[&str]) -> Vec<&'static str> {
    let mut names = Vec::new();
    if !command.starts_with(&["parked", "list"]) {
        names.extend(["--table", "OrderEvents=Events"]);
    }
    if ["verify", "rebuild"].contains(&command[0]) || command.starts_with(&["parked", "redrive"]) {
        names.extend(["--table", "OrderSummaryByCustomer=Rows", "--table", "CustomerTotals=Totals"]);
    }
    if command[0] == "replay" || command.starts_with(&["parked", "redrive"]) {
        names.extend(["--bus", "Bus"]);
    }
    if command[0] == "parked" {
        names.extend(["--table", "ParkedOrders=Parked"]);
    }
    names
}

/// Runs a command in an empty folder, which must stay empty.
async fn run(mut command: Command) -> Output {
    let folder = tempfile::tempdir().unwrap();
    command.current_dir(folder.path());
    let done = output(command).await;
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{}", stderr(&done));
    done
}

/// A command in an account whose services are at a URL.
fn in_account(command: &[&str], url: &str) -> Command {
    with_credentials(&[command, &names(command)].concat(), url)
}

/// The same command with credentials.
fn with_credentials(command: &[&str], url: &str) -> Command {
    let mut account = orders(command);
    account.env_clear();
    account
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKID")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_ENDPOINT_URL_DYNAMODB", url)
        .env("AWS_ENDPOINT_URL_EVENTBRIDGE", url);
    account
}

#[tokio::test]
async fn without_a_stack_each_command_names_the_address_and_the_remedy() {
    let default = "error: cannot reach DynamoDB at http://127.0.0.1:1 (from AWS_ENDPOINT_URL_DYNAMODB): connection refused. \
                   Is `orders local` running?\n";
    for command in COMMANDS {
        let mut local = orders(command);
        local.arg("--local").env("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1");
        // A replay checks both services at the same time.
        let bus = bus().await;
        local.env("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.endpoint());
        let done = run(local).await;
        assert_eq!(stderr(&done), default, "{command:?}");
    }
}

#[tokio::test]
async fn a_bus_that_is_not_there_is_named_with_its_address() {
    let recorded = Recorded::nothing().await;
    let mut replay = orders(&["replay", "--local", "--from", "2026-11-21T09:00:00Z"]);
    replay
        .env("AWS_ENDPOINT_URL_DYNAMODB", recorded.dynamodb.endpoint())
        .env("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:1/");
    let done = run(replay).await;
    let expected = "error: cannot reach EventBridge at http://127.0.0.1:1 (from AWS_ENDPOINT_URL_EVENTBRIDGE): connection \
                    refused. Is `orders local` running?\n";
    assert_eq!(stderr(&done), expected);
}

#[tokio::test]
async fn a_table_that_is_not_there_is_named_with_its_place() {
    let (recorded, bus) = (Recorded::nothing().await, bus().await);
    for command in COMMANDS {
        let table =
            if command.starts_with(&["parked", "list"]) { "ParkedOrders=Missing" } else { "OrderEvents=Missing" };
        let mut local = orders(command);
        local
            .args(["--local", "--table", table])
            .env("AWS_ENDPOINT_URL_DYNAMODB", recorded.dynamodb.endpoint())
            .env("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.endpoint());
        let done = run(local).await;
        assert_eq!(stderr(&done), "error: there is no table Missing in the local stack\n", "{command:?}");
    }
    let url = service(|_| Some(refusal("ResourceNotFoundException", "Requested resource not found")));
    let done = run(in_account(&["parked", "list"], &url)).await;
    let expected =
        "error: there is no table Parked in eu-west-1: check the name, the Region and the account of the credentials\n";
    assert_eq!(stderr(&done), expected);
}

#[tokio::test]
async fn without_credentials_or_region_each_command_says_what_to_do() {
    for command in COMMANDS {
        let mut unsigned = in_account(command, "http://127.0.0.1:1");
        unsigned.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        unsigned.env("AWS_EC2_METADATA_DISABLED", "true");
        let done = run(unsigned).await;
        let expected = "error: no AWS credentials are found: sign in and run `eval \"$(aws configure export-credentials --format \
                        env)\"`, or add --local for the local stack: ";
        assert!(stderr(&done).starts_with(expected), "{command:?}: {}", stderr(&done));

        let mut nowhere = in_account(command, "http://127.0.0.1:1");
        nowhere.env_remove("AWS_REGION").env("AWS_EC2_METADATA_DISABLED", "true");
        let done = run(nowhere).await;
        let expected = "error: no AWS Region is set: set AWS_REGION, or add --local for the local stack\n";
        assert_eq!(stderr(&done), expected, "{command:?}");
    }
}

#[tokio::test]
async fn a_missing_permission_is_named_with_a_link() {
    let denied =
        "User: arn:aws:iam::123456789012:user/anna is not authorized to perform: dynamodb:Scan on resource: Parked";
    let url =
        service(move |call| (!call.target.ends_with("PutEvents")).then(|| refusal("AccessDeniedException", denied)));
    for command in COMMANDS {
        let done = run(in_account(command, &url)).await;
        let said = stderr(&done);
        assert!(said.contains(denied), "{command:?}: {said}");
        let remedy = "\nGrant the caller this permission: docs/RUNBOOK.md lists what each command needs.\n";
        assert!(said.ends_with(remedy), "{command:?}: {said}");
    }
}

#[tokio::test]
async fn a_local_stack_that_refuses_a_call_is_an_error_without_permissions() {
    let url = service(|_| Some(refusal("AccessDeniedException", "this host is not allowed")));
    for command in COMMANDS {
        let mut local = orders(command);
        local.arg("--local").env("AWS_ENDPOINT_URL_DYNAMODB", &url).env("AWS_ENDPOINT_URL_EVENTBRIDGE", &url);
        let done = run(local).await;
        let said = stderr(&done);
        assert!(said.starts_with("error: cannot find ") && said.contains("this host is not allowed"), "{said}");
        assert!(!said.contains("Grant the caller"), "{command:?}: {said}");
    }
}

#[tokio::test]
async fn credentials_that_aws_rejects_are_to_be_renewed() {
    let message = "The security token included in the request is expired";
    let url = service(move |_| Some(refusal("ExpiredTokenException", message)));
    for command in COMMANDS {
        let done = run(in_account(command, &url)).await;
        let said = stderr(&done);
        assert!(said.contains(message) && said.contains("\nAWS does not accept the credentials: sign in"), "{said}");
    }
}

#[tokio::test]
async fn a_caller_that_may_not_describe_the_bus_may_publish() {
    let recorded = Recorded::nothing().await;
    recorded.orders(1).await;
    let url = service(|call| {
        Some(if call.target.ends_with("PutEvents") {
            (200, r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"},{"EventId":"2"}]}"#.to_owned())
        } else {
            refusal("AccessDeniedException", "no")
        })
    });
    let folder = tempfile::tempdir().unwrap();
    let mut replay = with_credentials(
        &[
            "replay",
            "--yes",
            "--table",
            "OrderEvents=OrderEvents",
            "--bus",
            "OrderBus",
            "--from",
            "2026-11-21T09:00:00Z",
        ],
        &url,
    );
    replay.current_dir(folder.path()).env("AWS_ENDPOINT_URL_DYNAMODB", recorded.dynamodb.endpoint());
    let done = output(replay).await;
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(stderr(&done).starts_with("events:DescribeEventBus is not granted: "), "{}", stderr(&done));
}
