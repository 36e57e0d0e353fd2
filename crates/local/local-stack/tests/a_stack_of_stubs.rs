//! The local stack from end to end, with two stubs. One receives a command over HTTP and writes it to a table. The other
//! reads that table's stream and puts the records on an event bus.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_lambda_events::event::dynamodb::Event;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use lambda_http::{Body, Request, RequestExt, service_fn as http_service};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use local_stack::function::{MAX_RESPONSE, event_function, http_function};
use local_stack::{
    Admission, Authentication, DataLocation, Faults, Functions, LocalStack, Options, StartError, Surroundings,
};
use sam_template::Template;
use serde_json::{Value, json};

const TEMPLATE: &str = r"
Transform: AWS::Serverless-2016-10-31
Parameters:
  AuthMode: { Type: String, Default: iam }
Resources:
  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: { StreamViewType: NEW_IMAGE }
  Bus:
    Type: AWS::Events::EventBus
    Properties: { Name: any }
  Writer:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: writer } }
    Properties: { Timeout: 10, MemorySize: 128, Environment: { Variables: { TABLE: !Ref Things, AUTH_MODE: !Ref AuthMode } } }
  Reader:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: reader } }
    Properties: { Timeout: 10, MemorySize: 128, Environment: { Variables: { BUS: !Ref Bus } } }
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: any, ProtocolType: HTTP }
  WriterIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: { IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Writer.Arn, PayloadFormatVersion: '2.0' }
  PutThing:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: PUT /things/{id}
      AuthorizationType: NONE
      Target: !Sub integrations/${WriterIntegration}
  ReaderMapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !GetAtt Reader.Arn
      EventSourceArn: !GetAtt Things.StreamArn
      StartingPosition: TRIM_HORIZON
      BatchSize: 10
      MaximumRetryAttempts: 1
      BisectBatchOnFunctionError: true
      FunctionResponseTypes: [ReportBatchItemFailures]
";

/// The ids that the reader received, in order.
type Seen = Arc<Mutex<Vec<String>>>;

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn options(data: DataLocation) -> Options {
    let template = Template::parse(TEMPLATE).unwrap();
    Options {
        data,
        http: any_port(),
        dynamodb: any_port(),
        eventbridge: any_port(),
        admission: Admission::default(),
        authentication: Authentication::None,
        cors_origins: Vec::new(),
        quote_keys: String::new(),
        template,
    }
}

async fn start(data: DataLocation, seen: &Seen) -> Result<LocalStack, StartError> {
    LocalStack::start(options(data), async |surroundings| Ok(functions(surroundings, seen))).await
}

fn functions(surroundings: &Surroundings, seen: &Seen) -> Functions {
    let client = surroundings.dynamodb.clone();
    let environment = surroundings.environments["writer"].clone();
    let writer =
        http_function(http_service(move |request: Request| write(client.clone(), environment.clone(), request)));
    let seen = Arc::clone(seen);
    let bus = (surroundings.eventbridge.clone(), surroundings.environments["reader"]["BUS"].clone());
    let reader = move |event: LambdaEvent<Event>| read(Arc::clone(&seen), bus.clone(), event.payload);
    let reader = event_function(service_fn(reader));
    [("writer".to_owned(), writer), ("reader".to_owned(), reader)].into()
}

async fn write(
    client: aws_sdk_dynamodb::Client,
    environment: BTreeMap<String, String>,
    request: Request,
) -> Result<http::Response<Body>, Error> {
    let id = request.path_parameters_ref().and_then(|path| path.first("id")).unwrap_or_default().to_owned();
    assert_ne!(id, "panic");
    if id == "too-large" {
        return Ok(http::Response::new("x".repeat(MAX_RESPONSE).into()));
    }
    client.put_item().table_name(&environment["TABLE"]).item("id", AttributeValue::S(id.clone())).send().await?;
    let body = json!({ "id": id, "authMode": environment["AUTH_MODE"] }).to_string();
    Ok(http::Response::builder().status(201).header("content-type", "application/json").body(body.into())?)
}

/// Always fails on `poison`, and reports its sequence number.
async fn read(seen: Seen, bus: (aws_sdk_eventbridge::Client, String), event: Event) -> Result<Value, Error> {
    for record in event.records {
        let image: BTreeMap<String, String> = serde_dynamo::from_item(record.change.new_image)?;
        if image["id"] == "poison" {
            return Ok(json!({ "batchItemFailures": [{ "itemIdentifier": record.change.sequence_number }] }));
        }
        publish(&bus, &image["id"]).await?;
        seen.lock().unwrap().push(image["id"].clone());
    }
    Ok(json!({ "batchItemFailures": [] }))
}

async fn publish((client, bus): &(aws_sdk_eventbridge::Client, String), id: &str) -> Result<(), Error> {
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(bus)
        .source("things")
        .detail_type("ThingPut")
        .time(DateTime::from_secs(0))
        .detail(json!({ "id": id }).to_string())
        .build();
    let output = client.put_events().entries(entry).send().await?;
    if output.failed_entry_count() == 0 { Ok(()) } else { Err("the bus refused it".into()) }
}

async fn put(stack: &LocalStack, id: &str) -> (u16, Value) {
    let answer = reqwest::Client::new().put(format!("{}/things/{id}", stack.api_url())).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_command_over_http_reaches_the_table_and_its_reader() {
    let seen = Seen::default();
    let stack = start(DataLocation::InMemory, &seen).await.unwrap();
    assert_eq!(put(&stack, "a%2Fb").await, (201, json!({ "id": "a/b", "authMode": "none" })));
    put(&stack, "c").await;
    stack.drained().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["a/b", "c"]);
    assert_eq!(stack.event_bus().published().await, [json!({ "id": "a/b" }), json!({ "id": "c" })]);
    stack.stop().await;
}

#[tokio::test]
async fn the_gateway_speaks_for_itself_where_no_function_answers() {
    let stack = start(DataLocation::InMemory, &Seen::default()).await.unwrap();
    let client = reqwest::Client::new();
    let get = client.get(format!("{}/things/a", stack.api_url())).send().await.unwrap();
    assert_eq!((get.status().as_u16(), get.text().await.unwrap()), (404, r#"{"message":"Not Found"}"#.to_owned()));
    for failing in ["panic", "too-large"] {
        assert_eq!(put(&stack, failing).await, (500, json!({ "message": "Internal Server Error" })), "{failing}");
    }
    let huge =
        client.put(format!("{}/things/a", stack.api_url())).body(vec![b'x'; 11 * 1024 * 1024]).send().await.unwrap();
    assert_eq!(
        (huge.status().as_u16(), huge.text().await.unwrap()),
        (413, r#"{"message":"Request Entity Too Large"}"#.to_owned())
    );
    stack.stop().await;
}

#[tokio::test]
async fn a_poison_record_is_discarded_and_the_others_pass() {
    let folder = tempfile::tempdir().unwrap();
    let seen = Seen::default();
    let stack = start(DataLocation::Folder(folder.path().to_owned()), &seen).await.unwrap();
    for id in ["a", "poison", "b"] {
        put(&stack, id).await;
    }
    stack.drained().await.unwrap();
    stack.stop().await;
    let mut distinct = seen.lock().unwrap().clone();
    distinct.dedup();
    assert_eq!(distinct, ["a", "b"]);
    let discarded = std::fs::read_to_string(folder.path().join("reader-discarded.ndjson")).unwrap();
    let record: Value = serde_json::from_str(discarded.lines().next().unwrap()).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(record["payload"]["Records"][0]["dynamodb"]["Keys"]["id"]["S"], "poison");
    assert_eq!(discarded.lines().count(), 1);
}

#[tokio::test]
async fn a_restart_resumes_at_the_checkpoint_and_a_lost_checkpoint_starts_over() {
    let folder = tempfile::tempdir().unwrap();
    let data = || DataLocation::Folder(folder.path().to_owned());
    let run = async |id: &str| {
        let seen = Seen::default();
        let stack = start(data(), &seen).await.unwrap();
        put(&stack, id).await;
        stack.drained().await.unwrap();
        stack.stop().await;
        Arc::try_unwrap(seen).unwrap_or_default().into_inner().unwrap()
    };
    assert_eq!(run("a").await, ["a"]);
    assert_eq!(run("b").await, ["b"]);
    remove(&folder.path().join("reader-checkpoint.json"));
    assert_eq!(run("c").await, ["a", "b", "c"]);
    let published = std::fs::read_to_string(folder.path().join("events.ndjson")).unwrap();
    let ids = published.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone());
    assert_eq!(ids.collect::<Vec<_>>(), ["a", "b", "a", "b", "c"]);
}

#[tokio::test]
async fn events_that_the_bus_rejects_are_retried() {
    let seen = Seen::default();
    let stack = start(DataLocation::InMemory, &seen).await.unwrap();
    stack.event_bus().set_faults(Faults { entries_percent: 100, ..Faults::default() });
    put(&stack, "a").await;
    // The record is discarded after its one retry.
    stack.drained_by("reader").await.unwrap();
    assert_eq!((stack.event_bus().fired().entries, stack.event_bus().counts().accepted), (2, 0));
    stack.event_bus().set_faults(Faults::default());
    put(&stack, "b").await;
    stack.drained_by("reader").await.unwrap();
    assert_eq!(stack.event_bus().published().await, [json!({ "id": "b" })]);
    let error = stack.drained_by("writer").await.unwrap_err();
    assert_eq!(error.to_string(), "the function writer reads no stream");
    stack.stop().await;
}

#[tokio::test]
async fn a_function_receives_the_addresses_of_the_stack() {
    let folder = tempfile::tempdir().unwrap();
    let mut environment = BTreeMap::new();
    let functions = async |surroundings: &Surroundings| {
        environment = surroundings.environments["reader"].clone();
        Ok(functions(surroundings, &Seen::default()))
    };
    let stack = LocalStack::start(options(DataLocation::Folder(folder.path().to_owned())), functions).await.unwrap();
    assert_eq!(environment["AWS_ENDPOINT_URL_DYNAMODB"], stack.dynamodb_endpoint());
    assert_eq!(environment["AWS_ENDPOINT_URL_EVENTBRIDGE"], stack.event_bus().endpoint());
    assert_eq!(environment["BUS"], "Bus");
    stack.stop().await;
}

/// Returns all files in a folder and its subfolders, with path and content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.insert(path.display().to_string(), Vec::new());
            files.extend(self::files(&path));
        } else {
            files.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
    files
}

/// Returns options with which a start fails, before, while and after its parts start, and the beginning of each error.
fn failing(taken: SocketAddr) -> Vec<(Options, &'static str)> {
    let options = || options(DataLocation::InMemory);
    let with = |text: &str| Template::parse(text).unwrap();
    let signed = with(&TEMPLATE.replace("AuthorizationType: NONE", "AuthorizationType: AWS_IAM"));
    let unusable_table = with(&TEMPLATE.replace("KeyType: HASH", "KeyType: NONE"));
    vec![
        (Options { template: signed, ..options() }, "cannot serve PUT /things/{id}"),
        (Options { http: taken, ..options() }, "cannot serve the HTTP API"),
        (Options { dynamodb: taken, ..options() }, "cannot serve DynamoDB"),
        (Options { template: unusable_table, ..options() }, "cannot start the embedded DynamoDB"),
        (Options { eventbridge: taken, ..options() }, "cannot serve EventBridge"),
        (Options { eventbridge: ([0, 0, 0, 0], 0).into(), ..options() }, "cannot serve EventBridge"),
        (options(), "the template names the function reader"),
    ]
}

/// Returns the error of a start without functions.
async fn start_in_vain(options: Options, data: DataLocation) -> String {
    let start = LocalStack::start(Options { data, ..options }, async |_: &Surroundings| Ok(Functions::new()));
    start.await.err().unwrap().to_string()
}

#[tokio::test]
async fn a_start_that_fails_leaves_nothing() {
    let listener = std::net::TcpListener::bind(any_port()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = DataLocation::Folder(folder.path().join("new").join("nested"));
    for (options, expected) in failing(listener.local_addr().unwrap()) {
        let error = start_in_vain(options, data.clone()).await;
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(files(folder.path()), BTreeMap::new(), "{error}");
    }
    let start = LocalStack::start(options(data), async |_: &Surroundings| Err("no functions".into()));
    assert_eq!(start.await.err().unwrap().to_string(), "cannot set up the functions");
    assert_eq!(files(folder.path()), BTreeMap::new());
}

#[tokio::test]
async fn a_start_that_fails_leaves_data_of_before() {
    let listener = std::net::TcpListener::bind(any_port()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = DataLocation::Folder(folder.path().to_owned());
    let stack = start(data.clone(), &Seen::default()).await.unwrap();
    put(&stack, "a").await;
    stack.drained().await.unwrap();
    stack.stop().await;
    let names = || files(folder.path()).into_keys().collect::<Vec<_>>();
    let before = names();
    for (options, expected) in failing(listener.local_addr().unwrap()) {
        let error = start_in_vain(options, data.clone()).await;
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(names(), before, "{error}");
    }
    let seen = Seen::default();
    let stack = start(data, &seen).await.unwrap();
    put(&stack, "b").await;
    stack.drained().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["b"], "the checkpoint is kept");
    assert_eq!(stack.event_bus().published().await, [json!({ "id": "a" }), json!({ "id": "b" })]);
    let items = stack.database().client().scan().table_name("Things").send().await.unwrap();
    assert_eq!(items.count(), 2);
    stack.stop().await;
}

fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn an_address_in_use_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataLocation::Folder(folder.path().to_owned());
    let stack = start(data.clone(), &Seen::default()).await.unwrap();
    let taken = |url: String| url.trim_start_matches("http://").parse::<SocketAddr>().unwrap();
    let (http, dynamodb) = (taken(stack.api_url()), taken(stack.dynamodb_endpoint()));
    let eventbridge = taken(stack.event_bus().endpoint());

    let refusal = async |options: Options| {
        let started = LocalStack::start(options, async |_: &Surroundings| Ok(Functions::new())).await;
        started.err().unwrap().to_string()
    };
    let in_memory = || options(DataLocation::InMemory);
    let folder_in_use = format!("another instance is using the data folder {}", folder.path().display());
    assert_eq!(refusal(options(data)).await, folder_in_use);
    assert_eq!(
        refusal(Options { http, ..in_memory() }).await,
        format!("cannot serve the HTTP API: {http} is already in use")
    );
    assert_eq!(
        refusal(Options { dynamodb, ..in_memory() }).await,
        format!("cannot serve DynamoDB: {dynamodb} is already in use")
    );
    assert_eq!(
        refusal(Options { eventbridge, ..in_memory() }).await,
        format!("cannot serve EventBridge: {eventbridge} is already in use")
    );
    let signed = Template::parse(&TEMPLATE.replace("AuthorizationType: NONE", "AuthorizationType: AWS_IAM")).unwrap();
    assert_eq!(
        refusal(Options { template: signed, ..in_memory() }).await,
        "cannot serve PUT /things/{id}: its authorization is AWS_IAM, which this stack does not check"
    );
    assert_eq!(refusal(in_memory()).await, "the template names the function reader, which this stack does not have");
    stack.stop().await;
}
