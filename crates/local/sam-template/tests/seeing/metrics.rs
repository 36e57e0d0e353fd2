//! The existing metrics: those that the crate `function-setup` lists, and the AWS metrics that are watched here.

use std::collections::BTreeMap;

/// A metric that an alarm or the dashboard reads.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// The dimensions with their values; `None` for a value that a search leaves open.
    pub(crate) dimensions: BTreeMap<String, Option<String>>,
}

/// Returns the further dimension of each metric of the functions, beside `function_name`, from the table in the module
/// docs.
pub(crate) fn of_the_functions() -> BTreeMap<&'static str, Option<&'static str>> {
    let rows = include_str!("../../../../functions/function-setup/src/metrics.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        (cells[0], Some(cells[2]).filter(|dimension| !dimension.is_empty()))
    })
    .collect()
}

/// The namespaces, dimensions and names, from AWS's documentation of each service.
const OF_AWS: [(&str, &[&str], &[&str]); 7] = [
    ("AWS/ApiGateway", &["ApiId"], &["4xx", "5xx", "Count", "IntegrationLatency", "Latency"]),
    (
        "AWS/DynamoDB",
        &["TableName"],
        &["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents"],
    ),
    ("AWS/DynamoDB", &["GlobalSecondaryIndexName", "TableName"], &["WriteThrottleEvents"]),
    (
        "AWS/Lambda",
        &["FunctionName"],
        &[
            "ConcurrentExecutions",
            "DestinationDeliveryFailures",
            "Duration",
            "Errors",
            "Invocations",
            "IteratorAge",
            "Throttles",
        ],
    ),
    // Only mappings that enable the metric write it.
    ("AWS/Lambda", &["EventSourceMappingUUID"], &["OnFailureDestinationDeliveredEventCount"]),
    ("AWS/SQS", &["QueueName"], &["ApproximateNumberOfMessagesVisible"]),
    // The template's own metric filter.
    ("OrderLedger/${AWS::StackName}", &[], &["AppendOnlyViolations"]),
];

/// Panics unless the metric is written with these dimensions.
#[track_caller]
pub(crate) fn assert_written(watched: &Watched) {
    let dimensions: Vec<&str> = watched.dimensions.keys().map(String::as_str).collect();
    if watched.namespace != "OrderLedger" {
        let known = OF_AWS.iter().any(|(namespace, of_these, names)| {
            *namespace == watched.namespace && *of_these == dimensions && names.contains(&watched.name.as_str())
        });
        assert!(known, "{watched:?}");
        return;
    }
    let ours = of_the_functions();
    let further = ours.get(watched.name.as_str());
    let mut written: Vec<&str> = further.copied().flatten().into_iter().chain(["function_name"]).collect();
    written.sort_unstable();
    assert!(further.is_some() && written == dimensions, "{watched:?}");
    if let Some(Some(consumer)) = watched.dimensions.get("consumer") {
        assert!(consumers().contains(&consumer.as_str()), "{watched:?}");
    }
}

/// The consumers of the stream: the registered read models, and the publisher.
pub(crate) fn consumers() -> Vec<&'static str> {
    let registry = include_str!("../../../../core/read-models/src/registry.rs");
    let of_line = |line: &'static str| line.trim().strip_prefix("name: ")?.strip_suffix("::NAME,");
    let mut consumers: Vec<&str> = registry.lines().filter_map(of_line).collect();
    let publisher = include_str!("../../../../core/parked-orders/src/consumer.rs");
    let of_line =
        |line: &'static str| line.trim().strip_prefix("pub const PUBLISHER: Self = Self::new(\"")?.strip_suffix("\");");
    consumers.extend(publisher.lines().filter_map(of_line));
    consumers
}

#[test]
fn the_functions_list_their_metrics() {
    let metrics = of_the_functions();
    assert!(metrics.len() >= 12, "{metrics:?}");
    assert_eq!(metrics["CommandsRefused"], Some("code"));
    assert_eq!(metrics["OrdersParked"], Some("consumer"));
    assert_eq!(metrics["EventsPublished"], None);
}
