//! What the deployed roles may do, and what nobody may.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use sam_template::{Grant, Template};
use serde_json::json;
use serde_norway::Value as Yaml;

fn grants() -> Vec<Grant> {
    Template::of_this_project().unwrap().grants().unwrap()
}

/// Each function's logical id, with its role as it is written.
fn roles() -> Vec<(String, Yaml)> {
    let template: Yaml = serde_norway::from_str(include_str!("../../../template.yaml")).unwrap();
    let resources = template["Resources"].as_mapping().unwrap();
    let functions =
        resources.iter().filter(|(_, resource)| resource["Type"].as_str() == Some("AWS::Serverless::Function"));
    functions.map(|(id, function)| (id.as_str().unwrap().to_owned(), function["Properties"]["Role"].clone())).collect()
}

/// `action resource`, one line each, of what a role may do beside logging and tracing.
fn access(role: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for grant in grants().iter().filter(|grant| grant.role == role) {
        let not_its_own = |action: &&String| !action.starts_with("logs:") && !action.starts_with("xray:");
        for action in grant.actions.iter().filter(not_its_own) {
            lines.extend(grant.resources.iter().map(|resource| format!("{action} {resource}")));
        }
    }
    lines.sort_unstable();
    lines
}

#[test]
fn the_command_handler_appends_and_reads_events_and_nothing_else() {
    assert_eq!(access("CommandHandlerRole"), ["dynamodb:PutItem OrderEvents.Arn", "dynamodb:Query OrderEvents.Arn"]);
}

#[test]
fn the_projector_reads_events_and_writes_rows() {
    assert_eq!(
        access("ProjectorRole"),
        [
            "dynamodb:BatchGetItem CustomerTotals.Arn",
            "dynamodb:BatchGetItem OrderSummaryByCustomer.Arn",
            "dynamodb:BatchGetItem ParkedOrders.Arn",
            "dynamodb:DeleteItem ParkedOrders.Arn",
            "dynamodb:DescribeStream OrderEvents.StreamArn",
            "dynamodb:GetRecords OrderEvents.StreamArn",
            "dynamodb:GetShardIterator OrderEvents.StreamArn",
            "dynamodb:ListStreams OrderEvents.StreamArn",
            "dynamodb:PutItem CustomerTotals.Arn",
            "dynamodb:PutItem OrderSummaryByCustomer.Arn",
            "dynamodb:Query CustomerTotals.Arn",
            "dynamodb:Query OrderEvents.Arn",
            "dynamodb:Query ParkedOrders.Arn",
            "dynamodb:UpdateItem ParkedOrders.Arn",
            "s3:ListBucket FailedBatches.Arn",
            "s3:PutObject FailedBatches.Arn/*",
        ]
    );
}

/// Of the events it can only follow the stream. It parks orders, and never takes one out again: that is for whoever published
/// what was held.
#[test]
fn the_publisher_follows_the_stream_and_puts_events_on_the_bus() {
    assert_eq!(
        access("PublisherRole"),
        [
            "dynamodb:BatchGetItem ParkedOrders.Arn",
            "dynamodb:DescribeStream OrderEvents.StreamArn",
            "dynamodb:GetRecords OrderEvents.StreamArn",
            "dynamodb:GetShardIterator OrderEvents.StreamArn",
            "dynamodb:ListStreams OrderEvents.StreamArn",
            "dynamodb:Query ParkedOrders.Arn",
            "dynamodb:UpdateItem ParkedOrders.Arn",
            "events:PutEvents OrderBus.Arn",
            "s3:ListBucket FailedBatches.Arn",
            "s3:PutObject FailedBatches.Arn/*",
        ]
    );
}

#[test]
fn the_sample_subscriptions_pass_events_on_and_nothing_else() {
    assert_eq!(access("FanOutRole"), ["sns:Publish FanOutTopic"]);
    assert_eq!(
        access("OrderedQueuePipeRole"),
        [
            "sqs:DeleteMessage OrderedQueueInbox.Arn",
            "sqs:GetQueueAttributes OrderedQueueInbox.Arn",
            "sqs:ReceiveMessage OrderedQueueInbox.Arn",
            "sqs:SendMessage OrderedQueue.Arn",
        ]
    );
}

#[test]
fn the_query_handler_only_reads() {
    assert_eq!(
        access("QueryHandlerRole"),
        [
            "dynamodb:GetItem OrderSummaryByCustomer.Arn",
            "dynamodb:GetItem ParkedOrders.Arn",
            "dynamodb:Query CustomerTotals.Arn",
            "dynamodb:Query OrderEvents.Arn",
            "dynamodb:Query OrderSummaryByCustomer.Arn",
            "dynamodb:Query OrderSummaryByCustomer.Arn/index/ByOrder",
            "dynamodb:Query ParkedOrders.Arn/index/ByCustomer",
        ]
    );
}

/// Rebuilding a read model never publishes: the function that folds events could not if it tried.
#[test]
fn only_the_publisher_may_write_to_the_bus_and_only_to_this_one() {
    let grants = grants();
    let of_events: Vec<_> =
        grants.iter().filter(|grant| grant.actions.iter().any(|action| action.starts_with("events:"))).collect();
    assert!(!of_events.is_empty());
    for grant in of_events {
        assert_eq!(grant.role, "PublisherRole");
        assert_eq!(grant.actions, ["events:PutEvents"]);
        assert_eq!(grant.resources, ["OrderBus.Arn"]);
    }
}

/// `PutItem` stays: that it never replaces an event is the condition's doing, not the role's.
#[test]
fn no_role_may_update_delete_or_write_batches_on_order_events() {
    let harmless = [
        "BatchGetItem",
        "DescribeStream",
        "GetItem",
        "GetRecords",
        "GetShardIterator",
        "ListStreams",
        "PutItem",
        "Query",
    ];
    let on_order_events = |grant: &&Grant| grant.resources.iter().any(|resource| resource.contains("OrderEvents"));
    let grants = grants();
    assert!(grants.iter().filter(on_order_events).count() >= 4);
    for grant in grants.iter().filter(on_order_events) {
        for action in &grant.actions {
            let operation = action.strip_prefix("dynamodb:").unwrap();
            assert!(harmless.contains(&operation), "{} has {action} on {:?}", grant.role, grant.resources);
        }
    }
}

#[test]
fn only_tracing_is_granted_on_every_resource_and_no_action_is_a_wildcard() {
    for grant in grants() {
        for action in &grant.actions {
            assert!(!action.contains('*'), "{} has {action}", grant.role);
            let everywhere = grant.resources.iter().any(|resource| resource == "*");
            assert_eq!(everywhere, action.starts_with("xray:"), "{} has {action} on {:?}", grant.role, grant.resources);
        }
    }
}

/// What is granted to one function is granted to no other.
#[test]
fn every_function_has_a_role_of_its_own() {
    let roles = roles();
    assert_eq!(roles.len(), 4);
    for (function, role) in roles {
        let own: Yaml = serde_norway::from_str(&format!("!GetAtt {function}Role.Arn")).unwrap();
        assert_eq!(role, own, "{function}");
    }
}

/// They cannot make a group either: it is made with its retention.
#[test]
fn a_function_writes_to_its_own_log_group_alone() {
    for function in Template::of_this_project().unwrap().functions().unwrap() {
        let role = format!("{}Role", function.logical_id);
        let grants = grants();
        let of_logs: Vec<&Grant> = grants
            .iter()
            .filter(|grant| grant.role == role && grant.actions.iter().any(|action| action.starts_with("logs:")))
            .collect();
        let [grant] = of_logs[..] else { unreachable!("{role} has one statement on logs") };
        assert_eq!(grant.actions, ["logs:CreateLogStream", "logs:PutLogEvents"], "{role}");
        let group = format!(":log-group:/aws/lambda/StackName-{}:*", function.name);
        assert!(grant.resources.len() == 1 && grant.resources[0].ends_with(&group), "{:?}", grant.resources);
    }
}

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Whoever only reads cannot encrypt, and nobody uses the key for anything but the tables.
#[test]
fn a_key_of_ones_own_is_used_through_dynamodb_alone_and_by_queries_to_decrypt() {
    let template = Template::of_this_project().unwrap().with_parameters(&[("KmsKeyArn", KEY)]).unwrap();
    let with_a_key = template.grants().unwrap();
    let reads = vec!["kms:Decrypt", "kms:DescribeKey"];
    let writes = vec![
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ];
    for (role, actions) in [
        ("CommandHandlerRole", &writes),
        ("ProjectorRole", &writes),
        ("PublisherRole", &writes),
        ("QueryHandlerRole", &reads),
    ] {
        let of_key: Vec<&Grant> =
            with_a_key.iter().filter(|grant| grant.role == role && grant.resources == [KEY]).collect();
        let [grant] = of_key[..] else { unreachable!("{role} has one statement on the key") };
        assert_eq!(&grant.actions, actions, "{role}");
        let through_dynamodb = json!({ "StringEquals": { "kms:ViaService": "dynamodb.Region.URLSuffix" } });
        assert_eq!(grant.condition, Some(through_dynamodb), "{role}");
    }
    let without: Vec<Grant> =
        grants().into_iter().filter(|grant| grant.actions.iter().any(|action| action.starts_with("kms:"))).collect();
    assert_eq!(without, []);
}

/// A condition narrows a grant; what a role may do is not to be told from it, so there is none without need.
#[test]
fn nothing_else_is_granted_on_a_condition() {
    assert_eq!(grants().into_iter().filter(|grant| grant.condition.is_some()).collect::<Vec<_>>(), []);
}
