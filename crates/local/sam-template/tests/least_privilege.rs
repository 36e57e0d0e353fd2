//! The permissions of the deployed roles, and the actions that no role may perform, whatever the parameters.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sam_template::{Grant, Template};
use serde_json::json;
use yaml_serde::Value as Yaml;

const TEMPLATE: &str = include_str!("../../../../template.yaml");

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Every parameter in a condition, with a value that gives the condition another result than the default.
const OTHERWISE: [(&str, &str); 16] = [
    ("AuthMode", "jwt"),
    ("ServiceApi", "iam"),
    ("CorsAllowedOrigins", "https://shop.example"),
    ("Tracing", "PassThrough"),
    ("CommandHandlerConcurrency", "1"),
    ("QueryHandlerConcurrency", "1"),
    ("ProjectorConcurrency", "1"),
    ("PublisherConcurrency", "1"),
    ("ProtectData", "false"),
    ("KmsKeyArn", KEY),
    ("MaxReadRequestUnits", "1"),
    ("MaxWriteRequestUnits", "1"),
    ("AlarmEmail", "on-call@example.com"),
    ("LogPublishedEvents", "true"),
    ("FanOutSample", "true"),
    ("OrderedQueueSample", "true"),
];

/// Returns the grants with several sets of parameters: all at their defaults, each alone at another value, and all at other
/// values.
fn granted_ever(template: &Template) -> Vec<Grant> {
    let alone = OTHERWISE.iter().map(std::slice::from_ref);
    let mut grants = Vec::new();
    for parameters in alone.chain([&[][..], &OTHERWISE[..]]) {
        for grant in template.clone().with_parameters(parameters).unwrap().grants().unwrap() {
            if !grants.contains(&grant) {
                grants.push(grant);
            }
        }
    }
    grants
}

fn grants() -> &'static [Grant] {
    static GRANTS: LazyLock<Vec<Grant>> = LazyLock::new(|| granted_ever(&Template::of_this_project().unwrap()));
    &GRANTS
}

/// Returns the statements with an action of a service: `kms:`.
fn of_service(service: &str) -> Vec<&'static Grant> {
    grants().iter().filter(|grant| grant.actions.iter().any(|action| action.starts_with(service))).collect()
}

/// Ensures that the tests below include conditional grants, and that [`OTHERWISE`] covers the template's conditions.
#[test]
fn a_grant_behind_any_condition_is_seen() {
    let template: Yaml = yaml_serde::from_str(TEMPLATE).unwrap();
    let conditions = template["Conditions"].as_mapping().unwrap().keys().map(|name| name.as_str().unwrap());
    let (mut statements, mut planted) = (String::new(), Vec::new());
    for condition in conditions {
        let [met, unmet] = ["Met", "Unmet"].map(|branch| format!("planted:{condition}{branch}"));
        let [grant_met, grant_unmet] =
            [&met, &unmet].map(|action| format!("{{ Effect: Allow, Action: '{action}', Resource: OrderEvents.Arn }}"));
        statements.push_str(&format!("              - !If [{condition}, {grant_met}, {grant_unmet}]\n"));
        planted.extend([met, unmet]);
    }
    let first = "              - Sid: AppendAndLoad\n";
    assert_eq!(TEMPLATE.matches(first).count(), 1);
    let with_more = Template::parse(&TEMPLATE.replace(first, &format!("{statements}{first}"))).unwrap();
    let seen: Vec<String> = granted_ever(&with_more).into_iter().flat_map(|grant| grant.actions).collect();
    let unseen: Vec<&String> = planted.iter().filter(|action| !seen.contains(action)).collect();
    assert!(planted.len() > 2 && unseen.is_empty(), "{unseen:?}");
}

#[test]
fn no_other_role_is_granted_anything() {
    let roles: BTreeSet<&str> = grants().iter().map(|grant| grant.role.as_str()).collect();
    let known = [
        "CommandHandlerRole",
        "DeploymentRole",
        "FanOutRole",
        "OrderedQueuePipeRole",
        "ProjectorRole",
        "PublisherRole",
        "QueryHandlerRole",
    ];
    assert_eq!(roles, BTreeSet::from(known));
}

/// Returns each function's logical id, with its role as written.
fn roles() -> Vec<(String, Yaml)> {
    let template: Yaml = yaml_serde::from_str(TEMPLATE).unwrap();
    let resources = template["Resources"].as_mapping().unwrap();
    let functions =
        resources.iter().filter(|(_, resource)| resource["Type"].as_str() == Some("AWS::Serverless::Function"));
    functions.map(|(id, function)| (id.as_str().unwrap().to_owned(), function["Properties"]["Role"].clone())).collect()
}

/// Returns the permissions of a role as lines of `action resource`, without logging, tracing, and the tables' key.
fn access(role: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for grant in grants().iter().filter(|grant| grant.role == role) {
        let of_the_role =
            |action: &&String| !["logs:", "xray:", "kms:"].iter().any(|service| action.starts_with(service));
        for action in grant.actions.iter().filter(of_the_role) {
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

/// Returns the tables of the read models: those that the projector's variables name, except events and parked orders.
fn read_models() -> Vec<String> {
    let functions = Template::of_this_project().unwrap().functions().unwrap();
    let projector = functions.into_iter().find(|function| function.name == "projector").unwrap();
    let tables = projector.environment.into_iter().filter(|(name, _)| name.ends_with("_TABLE")).map(|(_, table)| table);
    tables.filter(|table| !["OrderEvents", "ParkedOrders"].contains(&table.as_str())).collect()
}

#[test]
fn the_projector_reads_events_and_writes_rows() {
    let read_models = read_models();
    assert!(read_models.len() > 1, "{read_models:?}");
    let rows = read_models.iter().flat_map(|table| ["BatchGetItem", "PutItem"].map(|action| (action, table)));
    let mut expected: Vec<String> = rows.map(|(action, table)| format!("dynamodb:{action} {table}.Arn")).collect();
    let others = [
        "dynamodb:BatchGetItem ParkedOrders.Arn",
        "dynamodb:DeleteItem ParkedOrders.Arn",
        "dynamodb:DescribeStream OrderEvents.StreamArn",
        "dynamodb:GetRecords OrderEvents.StreamArn",
        "dynamodb:GetShardIterator OrderEvents.StreamArn",
        "dynamodb:ListStreams OrderEvents.StreamArn",
        // The sums of a customer are found by a query.
        "dynamodb:Query CustomerTotals.Arn",
        "dynamodb:Query OrderEvents.Arn",
        "dynamodb:Query ParkedOrders.Arn",
        "dynamodb:UpdateItem ParkedOrders.Arn",
        "s3:ListBucket FailedBatches.Arn",
        "s3:PutObject FailedBatches.Arn/*",
    ];
    expected.extend(others.map(str::to_owned));
    expected.sort_unstable();
    assert_eq!(access("ProjectorRole"), expected);
}

/// The publisher reads events only from the stream. It parks orders and never unparks one: only the caller of a redrive
/// does, after publishing the waiting events.
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
            "dynamodb:GetItem CustomerTotals.Arn",
            "dynamodb:GetItem OrderSummaryByCustomer.Arn",
            "dynamodb:GetItem ParkedOrders.Arn",
            "dynamodb:Query CustomerTotals.Arn",
            "dynamodb:Query OrderEvents.Arn",
            "dynamodb:Query OrderSummaryByCustomer.Arn",
            "dynamodb:Query OrderSummaryByCustomer.Arn/index/ByOrder",
            "dynamodb:Query OrdersByStatus.Arn/index/ByStatus",
            "dynamodb:Query ParkedOrders.Arn",
            "dynamodb:Query ParkedOrders.Arn/index/ByCustomer",
        ]
    );
}

/// The function that folds events has no permission to publish, so rebuilding a read model never publishes.
#[test]
fn only_the_publisher_may_write_to_the_bus_and_only_to_this_one() {
    let of_events = of_service("events:");
    assert!(!of_events.is_empty());
    for grant in of_events {
        assert_eq!(grant.role, "PublisherRole");
        assert_eq!(grant.actions, ["events:PutEvents"]);
        assert_eq!(grant.resources, ["OrderBus.Arn"]);
    }
}

/// `PutItem` is allowed. Its condition, and not the role, ensures that it never replaces an event.
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
    assert!(grants().iter().filter(on_order_events).count() >= 4);
    for grant in grants().iter().filter(on_order_events) {
        for action in &grant.actions {
            let operation = action.strip_prefix("dynamodb:").unwrap();
            assert!(harmless.contains(&operation), "{} has {action} on {:?}", grant.role, grant.resources);
        }
    }
}

#[test]
fn no_action_is_a_wildcard() {
    for grant in grants() {
        for action in &grant.actions {
            assert!(!action.contains(['*', '?']), "{} has {action}", grant.role);
        }
    }
}

/// A name with a `*` in it could match OrderEvents.
#[test]
fn only_these_resources_are_wildcards() {
    let mut wildcards = BTreeSet::new();
    for grant in grants() {
        for resource in grant.resources.iter().filter(|resource| resource.contains(['*', '?'])) {
            wildcards.extend(grant.actions.iter().map(|action| (action.split(':').next().unwrap(), resource.as_str())));
        }
    }
    let known = [
        // Reading alarms is granted on all or not at all, and so is tracing.
        ("cloudwatch", "arn:Partition:cloudwatch:Region:AccountId:alarm:*"),
        ("xray", "*"),
        // The versions and aliases of a function, the streams of a log group, the objects of a bucket.
        ("lambda", "CommandHandler.Arn:*"),
        ("lambda", "Projector.Arn:*"),
        ("lambda", "Publisher.Arn:*"),
        ("lambda", "QueryHandler.Arn:*"),
        ("logs", "arn:Partition:logs:Region:AccountId:log-group:/aws/lambda/StackName-command-handler:*"),
        ("logs", "arn:Partition:logs:Region:AccountId:log-group:/aws/lambda/StackName-projector:*"),
        ("logs", "arn:Partition:logs:Region:AccountId:log-group:/aws/lambda/StackName-publisher:*"),
        ("logs", "arn:Partition:logs:Region:AccountId:log-group:/aws/lambda/StackName-query-handler:*"),
        ("s3", "FailedBatches.Arn/*"),
    ];
    assert_eq!(wildcards, BTreeSet::from(known));
}

/// A grant to one function's role is not given to any other.
#[test]
fn every_function_has_a_role_of_its_own() {
    let roles = roles();
    assert_eq!(roles.len(), 4);
    for (function, role) in roles {
        let own: Yaml = yaml_serde::from_str(&format!("!GetAtt {function}Role.Arn")).unwrap();
        assert_eq!(role, own, "{function}");
    }
}

/// The functions cannot create a log group either: it is created with its retention.
#[test]
fn a_function_writes_to_its_own_log_group_alone() {
    let (functions, of_logs) = (Template::of_this_project().unwrap().functions().unwrap(), of_service("logs:"));
    assert_eq!(of_logs.len(), functions.len());
    for (grant, function) in of_logs.into_iter().zip(functions) {
        assert_eq!(grant.role, format!("{}Role", function.logical_id));
        assert_eq!(grant.actions, ["logs:CreateLogStream", "logs:PutLogEvents"], "{}", grant.role);
        let group = format!(":log-group:/aws/lambda/StackName-{}:*", function.name);
        assert!(grant.resources.len() == 1 && grant.resources[0].ends_with(&group), "{:?}", grant.resources);
    }
}

/// A role that only reads cannot encrypt, and no role uses the key for anything except the tables.
#[test]
fn a_customer_managed_key_is_used_through_dynamodb_only() {
    let reads = vec!["kms:Decrypt", "kms:DescribeKey"];
    let writes = vec![
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ];
    let through_dynamodb = json!({ "StringEquals": { "kms:ViaService": "dynamodb.Region.URLSuffix" } });
    let expected = [
        ("CommandHandlerRole", &writes),
        ("QueryHandlerRole", &reads),
        ("ProjectorRole", &writes),
        ("PublisherRole", &writes),
    ];
    let of_keys = of_service("kms:");
    assert_eq!(of_keys.len(), expected.len());
    for (grant, (role, actions)) in of_keys.into_iter().zip(expected) {
        assert_eq!((grant.role.as_str(), &grant.resources[..]), (role, &[KEY.to_owned()][..]));
        assert_eq!(&grant.actions, actions, "{role}");
        assert_eq!(grant.condition.as_ref(), Some(&through_dynamodb), "{role}");
    }
}

/// A condition narrows a grant, so the grant alone does not show the role's permissions. There is no condition without
/// need.
#[test]
fn nothing_else_is_granted_on_a_condition() {
    let on_a_condition = grants().iter().filter(|grant| grant.condition.is_some());
    assert_eq!(on_a_condition.collect::<Vec<_>>(), of_service("kms:"));
}
