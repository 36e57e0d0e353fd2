//! What the deployed roles may do, and what nobody may.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use sam_template::{Grant, Template};

fn grants() -> Vec<Grant> {
    Template::of_this_project().unwrap().grants().unwrap()
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
