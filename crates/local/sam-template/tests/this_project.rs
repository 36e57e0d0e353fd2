//! The required declarations of the project's own template.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use std::time::Duration;

use sam_template::{Function, Schedule, StreamMapping, Template};
use serde_json::json;
use yaml_serde::Value as Yaml;

fn template() -> Template {
    Template::of_this_project().unwrap()
}

fn function(name: &str) -> Function {
    template().functions().unwrap().into_iter().find(|function| function.name == name).unwrap()
}

#[test]
fn order_events_is_keyed_by_aggregate_and_version_and_streams_new_images() {
    let table = template().tables().unwrap().into_iter().find(|table| table.name == "OrderEvents").unwrap();
    assert_eq!(
        table.create_table,
        json!({
            "TableName": "OrderEvents",
            "AttributeDefinitions": [
                { "AttributeName": "aggregateId", "AttributeType": "S" },
                { "AttributeName": "version", "AttributeType": "N" },
            ],
            "KeySchema": [
                { "AttributeName": "aggregateId", "KeyType": "HASH" },
                { "AttributeName": "version", "KeyType": "RANGE" },
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
        })
    );
}

#[test]
fn the_summary_table_has_a_keys_only_index_by_order_and_no_stream() {
    let table = template().tables().unwrap().into_iter().find(|table| table.name == "OrderSummaryByCustomer").unwrap();
    assert_eq!(
        table.create_table["KeySchema"],
        json!([
            { "AttributeName": "customerId", "KeyType": "HASH" },
            { "AttributeName": "placedAtOrderId", "KeyType": "RANGE" },
        ])
    );
    assert_eq!(
        table.create_table["GlobalSecondaryIndexes"],
        json!([{
            "IndexName": "ByOrder",
            "KeySchema": [{ "AttributeName": "orderId", "KeyType": "HASH" }],
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }])
    );
    assert_eq!(table.create_table.get("StreamSpecification"), None);
}

/// Two at most: a third reader of a shard would throttle the others.
#[test]
fn projector_and_publisher_read_the_whole_stream_with_finite_retries() {
    // The parser requires that the mappings start at TRIM_HORIZON and have no filter.
    let mapping = |function: &str, batch_size, maximum_retry_attempts| StreamMapping {
        function: function.to_owned(),
        table: "OrderEvents".to_owned(),
        batch_size,
        maximum_retry_attempts,
        bisect_batch_on_function_error: true,
        report_batch_item_failures: true,
    };
    for id in ["ProjectorStream", "PublisherStream"] {
        let properties = template().resource(id).unwrap().unwrap();
        assert_eq!(properties["DestinationConfig"], json!({ "OnFailure": { "Destination": "FailedBatches.Arn" } }));
        assert_eq!(
            (&properties["MaximumBatchingWindowInSeconds"], &properties["ParallelizationFactor"]),
            (&json!(0), &json!(1))
        );
    }
    assert_eq!(template().stream_mappings().unwrap(), [mapping("projector", 1000, 20), mapping("publisher", 100, 60)]);
}

#[test]
fn the_projector_is_invoked_once_a_minute_by_its_schedule_alone() {
    let schedule = Schedule {
        logical_id: "ProjectorSchedule".to_owned(),
        rate: Duration::from_secs(60),
        function: "projector".to_owned(),
        payload: json!({ "task": "tick" }),
    };
    assert_eq!(template().schedules().unwrap(), [schedule]);
    let permission = template().resource("ProjectorSchedulePermission").unwrap().unwrap();
    assert_eq!(
        permission,
        json!({
            "Action": "lambda:InvokeFunction",
            "FunctionName": "ProjectorAliaslive",
            "Principal": "events.amazonaws.com",
            "SourceArn": "ProjectorSchedule.Arn",
        })
    );
}

/// The next tick does the same work. A waiting older tick would only delay a batch.
#[test]
fn a_tick_that_is_late_or_fails_is_not_repeated() {
    let once = json!({ "MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0 });
    let schedule = template().resource("ProjectorSchedule").unwrap().unwrap();
    assert_eq!(schedule["Targets"][0]["RetryPolicy"], once);
    assert_eq!(template().resource("Projector").unwrap().unwrap()["EventInvokeConfig"], once);
}

#[test]
fn every_function_runs_on_arm64() {
    let template = template();
    let of_all: Yaml = yaml_serde::from_str("[!Ref Architecture]").unwrap();
    assert_eq!(template.document()["Globals"]["Function"]["Architectures"], of_all);
    assert_eq!(template.document()["Parameters"]["Architecture"]["Default"].as_str(), Some("arm64"));
    for function in template.functions().unwrap() {
        let properties = template.resource(&function.logical_id).unwrap().unwrap();
        assert_eq!(properties.get("Architectures"), None, "{}", function.name);
    }
}

#[test]
fn every_function_has_a_log_group_and_no_log_is_kept_for_ever() {
    let template = template().with_parameters(&[("LogPublishedEvents", "true"), ("ServiceApi", "iam")]).unwrap();
    let log_groups =
        template.resources_of_type("AWS::Logs::LogGroup").map(|id| template.resource(id).unwrap().unwrap());
    let log_groups: Vec<_> = log_groups.collect();
    assert!(log_groups.iter().all(|log| log["RetentionInDays"].is_u64()), "{log_groups:?}");
    for function in template.functions().unwrap() {
        let name = format!("/aws/lambda/{}", function.logical_id);
        let log = log_groups.iter().find(|log| log["LogGroupName"] == name).unwrap();
        assert_eq!(log["RetentionInDays"], 30, "{name}");
    }
}

#[test]
fn functions_are_named_as_their_crates() {
    let crates = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions");
    for function in template().functions().unwrap() {
        let main = format!("{crates}/{}/src/main.rs", function.name);
        assert!(std::path::Path::new(&main).exists(), "{} has no {main}", function.logical_id);
    }
}

#[test]
fn functions_find_their_tables_in_the_environment() {
    let command_handler = function("command-handler").environment;
    assert_eq!(command_handler["EVENTS_TABLE"], "OrderEvents");
    assert_eq!(command_handler["AUTH_MODE"], "iam");
    assert_eq!(command_handler["LOG_LEVEL"], "info");
    assert!(!command_handler.contains_key("SUMMARY_TABLE"), "the command side never sees a read model");

    for reader in ["projector", "query-handler"] {
        let environment = function(reader).environment;
        assert_eq!(environment["EVENTS_TABLE"], "OrderEvents", "{reader}");
        assert_eq!(environment["SUMMARY_TABLE"], "OrderSummaryByCustomer", "{reader}");
        assert_eq!(environment["CUSTOMER_TOTALS"], "true", "{reader}");
        assert_eq!(environment["TOTALS_TABLE"], "CustomerTotals", "{reader}");
        assert_eq!(environment["PARKED_TABLE"], "ParkedOrders", "{reader}");
    }
}

#[test]
fn the_publisher_knows_the_bus_and_only_the_table_parked_orders() {
    let publisher = function("publisher").environment;
    assert_eq!(publisher["EVENT_BUS"], "OrderBus");
    let tables: Vec<_> = publisher.iter().filter(|(name, _)| name.ends_with("_TABLE")).collect();
    assert_eq!(tables, [(&"PARKED_TABLE".to_owned(), &"ParkedOrders".to_owned())]);
}

#[test]
fn functions_behind_the_api_answer_before_the_gateway_gives_up() {
    for name in ["command-handler", "query-handler"] {
        assert!(function(name).timeout_seconds < 30, "{name}");
    }
}

#[test]
fn the_publisher_is_given_an_event_bus_of_the_template() {
    let names = template().event_bus_names();
    assert!(names.contains(&function("publisher").environment["EVENT_BUS"]), "{names:?}");
}

#[test]
fn a_reference_to_an_event_bus_is_one_of_its_local_names() {
    let template = Template::parse(
        r"
Resources:
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: any } }
  F:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: f } }
    Properties:
      Timeout: 1
      MemorySize: 128
      Environment: { Variables: { REF: !Ref Bus, NAME: !GetAtt Bus.Name, ARN: !GetAtt Bus.Arn } }
",
    )
    .unwrap();
    let environment = template.functions().unwrap().remove(0).environment;
    assert_eq!(template.event_bus_names(), ["REF", "NAME", "ARN"].map(|name| environment[name].clone()));
}
