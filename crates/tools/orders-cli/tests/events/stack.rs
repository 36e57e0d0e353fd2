//! `--stack`: a CloudFormation stack's outputs contain all names, in the form of a DescribeStacks response.

use std::process::{Command, Output};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{BillingMode, KeyType};
use embedded_dynamodb::ANY_PORT;
use embedded_eventbridge::{EmbeddedEventBridge, LogLocation};
use event_store::DynamoEventStore;
use parked_orders::{Consumer, ParkRequest, ParkedOrderTable};
use test_support::recorded::{Recorded, arrived, events_of, sorted};

use crate::service::{Call, service};
use crate::{orders, output, stderr, stdout};

const SUMMARY_CONSUMER: Consumer = Consumer::new("OrderSummaryByCustomer");
const TOTALS_CONSUMER: Consumer = Consumer::new("CustomerTotals");

/// The names that CloudFormation generated, by output, and the table of the template whose schema each has.
const TABLES: [(&str, &str, &str); 4] = [
    ("OrderEventsTable", "shop-OrderEvents-1B2C3D", "OrderEvents"),
    ("OrderSummaryByCustomerTable", "shop-OrderSummaryByCustomer-4E5F6G", "OrderSummaryByCustomer"),
    ("CustomerTotalsTable", "shop-CustomerTotals-7H8I9J", "CustomerTotals"),
    ("ParkedOrdersTable", "shop-ParkedOrders-0K1L2M", "ParkedOrders"),
];
const BUS: &str = "shop-orders";

/// An account with one stack, `shop`.
struct Account {
    recorded: Recorded,
    bus: EmbeddedEventBridge,
    cloudformation: String,
}

impl Account {
    async fn with_orders(count: u64) -> Self {
        Self::with(count, &[("CustomerTotalsKept", "true")]).await
    }

    /// Creates an account whose stack has these outputs in addition to the names.
    async fn with(count: u64, outputs: &'static [(&str, &str)]) -> Self {
        let mut recorded = Recorded::nothing().await;
        for (_, name, like) in TABLES {
            copy_table(&recorded.dynamodb.client(), like, name).await;
        }
        recorded.store = DynamoEventStore::new(recorded.dynamodb.client(), TABLES[0].1);
        recorded.orders(count).await;
        let bus = EmbeddedEventBridge::start(ANY_PORT, [BUS.to_owned()], LogLocation::Temporary).await.unwrap();
        Self { recorded, bus, cloudformation: service(|call| describe_stacks(call, outputs)) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = orders(arguments);
        command
            .env_clear()
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKID")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_ENDPOINT_URL_DYNAMODB", self.recorded.dynamodb.endpoint())
            .env("AWS_ENDPOINT_URL_EVENTBRIDGE", self.bus.endpoint())
            .env("AWS_ENDPOINT_URL_CLOUDFORMATION", &self.cloudformation);
        command
    }

    /// Runs a command in a folder of its own.
    async fn run(&self, arguments: &[&str]) -> Output {
        let folder = tempfile::tempdir().unwrap();
        let mut command = self.command(arguments);
        command.current_dir(folder.path());
        output(command).await
    }
}

/// Creates a table with the key schema of another one.
async fn copy_table(client: &Client, like: &str, name: &str) {
    let table = client.describe_table().table_name(like).send().await.unwrap().table.unwrap();
    let keys = table.key_schema.unwrap();
    assert_eq!(keys[0].key_type, KeyType::Hash);
    let is_key = |attribute: &str| keys.iter().any(|key| key.attribute_name == attribute);
    let attributes = table.attribute_definitions.unwrap().into_iter().filter(|it| is_key(&it.attribute_name));
    let create = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let create = create.set_attribute_definitions(Some(attributes.collect()));
    create.set_key_schema(Some(keys.clone())).send().await.unwrap();
}

/// Returns CloudFormation's response as its API reference describes it: the outputs with the names, and `more`.
fn describe_stacks(call: &Call, more: &[(&str, &str)]) -> Option<(u16, String)> {
    assert!(call.authorization.contains("/eu-west-1/cloudformation/aws4_request"), "{}", call.authorization);
    let xmlns = "http://cloudformation.amazonaws.com/doc/2010-05-15/";
    if call.body != "Action=DescribeStacks&Version=2010-05-15&StackName=shop" {
        let name = call.body.rsplit('=').next()?;
        return Some((
            400,
            format!(
                "<ErrorResponse xmlns=\"{xmlns}\">\n  <Error>\n    <Type>Sender</Type>\n    <Code>ValidationError</Code>\n    \
                 <Message>Stack with id {name} does not exist</Message>\n  </Error>\n  <RequestId>r</RequestId>\n</ErrorResponse>\n"
            ),
        ));
    }
    let output = |(name, value): (&str, &str)| {
        format!(
            "          <member>\n            <OutputKey>{name}</OutputKey>\n            <OutputValue>{value}</OutputValue>\n            \
             <Description>A table &amp; more.</Description>\n          </member>\n"
        )
    };
    let outputs = TABLES.map(|(name, value, _)| (name, value)).into_iter().chain([("OrderBusName", BUS)]);
    let outputs = outputs.chain(more.iter().copied());
    let outputs: String = outputs.map(output).collect();
    Some((
        200,
        format!(
            "<DescribeStacksResponse xmlns=\"{xmlns}\">\n  <DescribeStacksResult>\n    <Stacks>\n      <member>\n        \
             <StackName>shop</StackName>\n        <StackId>arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1</StackId>\n        \
             <StackStatus>UPDATE_COMPLETE</StackStatus>\n        <Parameters>\n          <member>\n            \
             <ParameterKey>Stage</ParameterKey>\n            <ParameterValue>prod</ParameterValue>\n          </member>\n        \
             </Parameters>\n        <Outputs>\n{outputs}        </Outputs>\n        <Tags/>\n      </member>\n    </Stacks>\n  \
             </DescribeStacksResult>\n  <ResponseMetadata>\n    <RequestId>r</RequestId>\n  </ResponseMetadata>\n\
             </DescribeStacksResponse>\n"
        ),
    ))
}

#[tokio::test]
async fn the_name_of_a_stack_is_all_that_a_command_needs() {
    let account = Account::with_orders(3).await;
    let parked = ParkedOrderTable::new(account.recorded.dynamodb.client(), TABLES[3].1);
    let (aggregate_id, reason) = ("o-1".to_owned(), "try it".to_owned());
    let parking = ParkRequest { aggregate_id, customer_id: None, version: 2, held_up_to: 2, reason };
    parked.park(&Consumer::PUBLISHER, &parking).await.unwrap();
    for (arguments, expected) in [
        (&["rebuild", "--yes"][..], "Rebuild of shop-CustomerTotals-7H8I9J and shop-OrderSummaryByCustomer-4E5F6G"),
        (&["verify"], "compared with shop-OrderEvents-1B2C3D"),
        (&["parked", "list"], "try it"),
        (&["parked", "show", "o-1"], "PaymentReceived"),
        (&["parked", "redrive", "--all", "--yes"], "1 redriven"),
        (
            &["replay", "--yes", "--from", "2026-11-21T09:00:00Z", "--rate", "100000"],
            "from shop-OrderEvents-1B2C3D to shop-orders",
        ),
    ] {
        let done = account.run(&[arguments, &["--stack", "shop"]].concat()).await;
        assert_eq!(done.status.code(), Some(0), "{arguments:?}: {}", stderr(&done));
        assert!(stdout(&done).contains(expected), "{arguments:?}: {}", stdout(&done));
    }
    let arrived = arrived(&account.bus.published().await);
    assert_eq!(arrived[0], "o-1@0000000002", "redriven");
    assert_eq!(sorted(arrived[1..].to_vec()), events_of(3));
}

#[tokio::test]
async fn an_option_wins_over_an_output_of_the_stack() {
    let account = Account::with_orders(1).await;
    let done = account.run(&["parked", "list", "--stack", "shop", "--table", "ParkedOrders=ParkedOrders"]).await;
    assert_eq!((done.status.code(), stdout(&done)), (Some(0), "no orders are parked\n"));
    let done = account.run(&["verify", "--stack", "shop", "--table", "OrderEvents=Missing"]).await;
    let expected = "error: there is no table Missing in eu-west-1: check the name, the Region and the account of the credentials\n";
    assert_eq!((done.status.code(), stderr(&done)), (Some(1), expected));
}

/// The test first deletes the stack's table of totals, so a command that uses it would fail.
#[tokio::test]
async fn a_stack_that_keeps_no_totals_is_rebuilt_verified_and_redriven() {
    let account = Account::with(3, &[("CustomerTotalsKept", "false")]).await;
    let client = account.recorded.dynamodb.client();
    client.delete_table().table_name(TABLES[2].1).send().await.unwrap();
    let parked = ParkedOrderTable::new(client, TABLES[3].1);
    for consumer in [SUMMARY_CONSUMER, TOTALS_CONSUMER] {
        let (aggregate_id, reason) = ("o-1".to_owned(), "try it".to_owned());
        let parking = ParkRequest { aggregate_id, customer_id: None, version: 2, held_up_to: 2, reason };
        parked.park(&consumer, &parking).await.unwrap();
    }
    let left_out = "stack shop does not keep CustomerTotals: it is left out\n";
    for (arguments, expected) in [
        (&["rebuild", "--yes"][..], "Rebuild of shop-OrderSummaryByCustomer-4E5F6G from shop-OrderEvents-1B2C3D"),
        (&["verify"], "shop-OrderSummaryByCustomer-4E5F6G compared with shop-OrderEvents-1B2C3D"),
        (&["verify", "--repair", "--yes"], "shop-OrderSummaryByCustomer-4E5F6G compared with"),
        (&["parked", "redrive", "--all", "--yes"], "1 redriven, 1 commits, 0 still parked"),
    ] {
        let done = account.run(&[arguments, &["--stack", "shop"]].concat()).await;
        assert_eq!(done.status.code(), Some(0), "{arguments:?}: {}", stderr(&done));
        assert!(stdout(&done).contains(expected), "{arguments:?}: {}", stdout(&done));
        assert!(stderr(&done).contains(left_out), "{arguments:?}: {}", stderr(&done));
        assert!(!stdout(&done).contains("CustomerTotals"), "{arguments:?}: {}", stdout(&done));
    }
    assert!(parked.find(&SUMMARY_CONSUMER, "o-1").await.unwrap().is_none());
    assert!(parked.find(&TOTALS_CONSUMER, "o-1").await.unwrap().is_some(), "its note stays");
    // A table that is named in an option is not left out.
    let done = account
        .run(&["parked", "redrive", "--all", "--yes", "--stack", "shop", "--table", "CustomerTotals=CustomerTotals"])
        .await;
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(parked.find(&TOTALS_CONSUMER, "o-1").await.unwrap().is_none());
}

#[tokio::test]
async fn a_stack_that_cannot_be_read_is_one_clear_line() {
    let account = Account::with_orders(1).await;
    let done = account.run(&["verify", "--stack", "nosuch"]).await;
    let expected =
        "error: there is no stack nosuch in eu-west-1: check the name, the Region and the account of the credentials\n";
    assert_eq!((done.status.code(), stderr(&done)), (Some(1), expected));

    let mut unreachable = account.command(&["verify", "--stack", "shop"]);
    unreachable.env("AWS_ENDPOINT_URL_CLOUDFORMATION", "http://127.0.0.1:1");
    let done = output(unreachable).await;
    let expected = "error: cannot reach CloudFormation at http://127.0.0.1:1: connection refused. Check the Region and the network\n";
    assert_eq!((done.status.code(), stderr(&done)), (Some(1), expected));

    let denied = service(|_| {
        let message = "User: u is not authorized to perform: cloudformation:DescribeStacks";
        Some((
            403,
            format!(
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>"
            ),
        ))
    });
    let mut refused = account.command(&["verify", "--stack", "shop"]);
    refused.env("AWS_ENDPOINT_URL_CLOUDFORMATION", denied);
    let done = output(refused).await;
    let said = stderr(&done);
    assert!(
        said.contains("AccessDenied: User: u is not authorized to perform: cloudformation:DescribeStacks\n"),
        "{said}"
    );
    assert!(
        said.ends_with("\nGrant the caller this permission: docs/RUNBOOK.md lists what each command needs.\n"),
        "{said}"
    );
}

#[test]
fn a_stack_is_in_an_account_and_not_on_this_machine() {
    for command in [&["verify"][..], &["rebuild"], &["replay", "--from", "2026-11-21T09:00:00Z"], &["parked", "list"]] {
        let refused = orders(&[command, &["--stack", "shop", "--local"]].concat()).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{command:?}");
        assert!(stderr(&refused).contains("cannot be used with"), "{}", stderr(&refused));
    }
}
