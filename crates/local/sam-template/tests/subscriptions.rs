//! The receivers of events: the rules of the bus, their targets, and the policies of the targets.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use std::collections::BTreeSet;

use sam_template::Template;
use serde::Deserialize;
use serde_json::{Value, json};
use yaml_serde::{Mapping, Value as Yaml};

/// Returns the template with every receiver of events.
fn template() -> Template {
    let parameters = [
        ("AlarmEmail", "on-call@example.com"),
        ("FanOutSample", "true"),
        ("LogPublishedEvents", "true"),
        ("OrderedQueueSample", "true"),
        ("ServiceApi", "iam"),
    ];
    Template::of_this_project().unwrap().with_parameters(&parameters).unwrap()
}

/// Returns the rules of the bus, each with its logical id and its properties.
fn rules() -> Vec<(String, Value)> {
    let template = template();
    let rules = template.resources_of_type("AWS::Events::Rule");
    let rules = rules.map(|id| (id.to_owned(), template.resource(id).unwrap().unwrap()));
    rules.filter(|(_, rule)| rule.get("ScheduleExpression").is_none()).collect()
}

/// Returns the targets of a rule, each with its queue for events that it did not accept.
fn targets(rule: &Value) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let targets = rule["Targets"].as_array().unwrap().iter();
    targets.map(|target| (text(&target["Arn"]).unwrap(), text(&target["DeadLetterConfig"]["Arn"]))).collect()
}

/// A statement of a policy. Another form of statement fails the tests, so that no principal is overlooked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: String,
    principal: Principal,
    action: Value,
    #[serde(rename = "Resource")]
    _resource: Option<Value>,
    #[serde(default)]
    condition: Value,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Principal {
    Anyone(String),
    Services(Services),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Services {
    service: Value,
}

/// Returns the policies of queues, topics, buckets, log groups and roles, each with the logical id of its resource.
fn policies() -> Vec<(String, Vec<Statement>)> {
    let template = template();
    // The documents of separate policies for log groups are texts, which this test does not parse.
    assert_eq!(template.resources_of_type("AWS::Logs::ResourcePolicy").count(), 0);
    let mut policies = Vec::new();
    for (kind, document) in [
        ("AWS::S3::BucketPolicy", "PolicyDocument"),
        ("AWS::SNS::TopicPolicy", "PolicyDocument"),
        ("AWS::SQS::QueuePolicy", "PolicyDocument"),
        ("AWS::Logs::LogGroup", "ResourcePolicyDocument"),
        ("AWS::IAM::Role", "AssumeRolePolicyDocument"),
    ] {
        for id in template.resources_of_type(kind) {
            let Some(resource) = template.resource(id).unwrap() else { continue };
            let Some(document) = resource.get(document) else { continue };
            policies.push((id.to_owned(), serde_json::from_value(document["Statement"].clone()).unwrap()));
        }
    }
    policies
}

/// Returns true if the statement allows only callers that act for a named source.
fn names_its_source(statement: &Statement) -> bool {
    ["ArnEquals", "ArnLike"].iter().any(|test| statement.condition[test].get("aws:SourceArn").is_some())
}

/// Returns the template's resources as written.
fn resources() -> Mapping {
    Template::of_this_project().unwrap().document()["Resources"].as_mapping().unwrap().clone()
}

/// Returns the resources of a type, each with its logical id.
fn of_type(kind: &str) -> Vec<(String, Yaml)> {
    let resources = resources().into_iter().filter(|(_, resource)| resource["Type"].as_str() == Some(kind));
    resources.map(|(id, resource)| (id.as_str().unwrap().to_owned(), resource)).collect()
}

/// Returns the resources that a resource depends on.
fn waits_for(id: &str) -> Vec<String> {
    let named = resources()[id]["DependsOn"].clone();
    let named = named.as_sequence().cloned().unwrap_or_else(|| vec![named]);
    named.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

#[test]
fn every_target_of_every_rule_has_a_dead_letter_queue() {
    assert!(!rules().is_empty());
    for (id, rule) in rules() {
        assert!(!targets(&rule).is_empty(), "{id}");
        for (arn, queue) in targets(&rule) {
            assert_eq!(queue.as_deref(), Some("UndeliveredEvents.Arn"), "{id} to {arn}");
        }
    }
}

/// EventBridge does not retry an event that a queue without a policy rejects. In the reverse order, a rule is deleted
/// before the policy.
#[test]
fn every_rule_waits_for_the_policies_of_the_queues_it_fills() {
    let policies = of_type("AWS::SQS::QueuePolicy");
    for (id, rule) in rules() {
        let receivers: Vec<_> =
            targets(&rule).into_iter().flat_map(|(arn, queue)| [Some(arn), queue]).flatten().collect();
        let queues = of_type("AWS::SQS::Queue").into_iter().map(|(queue, _)| queue);
        let filled = queues.filter(|queue| receivers.contains(&format!("{queue}.Arn")));
        let mut needed: Vec<&str> = Vec::new();
        for queue in filled {
            let queue: Yaml = yaml_serde::from_str(&format!("!Ref {queue}")).unwrap();
            let of_queue = policies
                .iter()
                .filter(|(_, policy)| policy["Properties"]["Queues"].as_sequence().unwrap().contains(&queue));
            needed.extend(of_queue.map(|(id, _)| id.as_str()));
        }
        needed.sort_unstable();
        assert!(!needed.is_empty(), "{id}");
        assert_eq!(waits_for(&id), needed, "{id}");
    }
}

/// It publishes up to a day's events as soon as it exists.
#[test]
fn the_publisher_is_deployed_after_archive_and_dead_letter_queue() {
    assert_eq!(waits_for("PublisherStream"), ["OrderEventsArchive", "UndeliveredEventsPolicy"]);
}

#[test]
fn each_queue_has_a_dead_letter_queue_of_its_kind() {
    let queues = of_type("AWS::SQS::Queue");
    let fifo = |queue: &Yaml| queue["Properties"]["FifoQueue"].as_bool().unwrap_or(false);
    let kept: Vec<_> = queues
        .iter()
        .filter_map(|(id, queue)| {
            let kept_in = queue["Properties"].get("RedrivePolicy")?.get("deadLetterTargetArn");
            let (other, _) = queues.iter().find(|(other, another)| {
                let arn: Yaml = yaml_serde::from_str(&format!("!GetAtt {other}.Arn")).unwrap();
                kept_in == Some(&arn) && fifo(another) == fifo(queue)
            })?;
            Some((id.as_str(), other.as_str()))
        })
        .collect();
    assert_eq!(kept, [("OrderedQueueInbox", "UndeliveredEvents"), ("OrderedQueue", "OrderedQueueFailures")]);
}

#[test]
fn every_rule_listens_to_this_bus_and_to_order_ledger_alone() {
    for (id, rule) in rules() {
        assert_eq!(rule["EventBusName"], "OrderBus", "{id}");
        assert_eq!(rule["EventPattern"]["source"], json!(["order-ledger"]), "{id}");
    }
}

#[test]
fn replays_are_logged_and_reach_no_other_subscription() {
    let taking_replays: Vec<String> = rules()
        .into_iter()
        .filter(|(_, rule)| rule["EventPattern"]["detail"]["replayname"] != json!([{ "exists": false }]))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(taking_replays, ["PublishedEventsRule"]);
}

/// A published event shows everything that a customer ordered.
#[test]
fn events_are_logged_only_with_log_published_events() {
    let logged = |parameters: &[(&str, &str)]| {
        let template = Template::of_this_project().unwrap().with_parameters(parameters).unwrap();
        let deployed = rules().into_iter().filter(|(id, _)| template.resource(id).unwrap().is_some());
        deployed.flat_map(|(_, rule)| targets(&rule)).filter(|(arn, _)| arn.contains(":logs:")).count()
    };
    assert_eq!(logged(&[]), 0);
    assert_eq!(logged(&[("LogPublishedEvents", "true")]), 1);
}

/// Lambda needs no source: it assumes a role for the function that names the role. The creation of a log stream needs none
/// either, because EventBridge does not name a source for it.
#[test]
fn services_are_let_in_on_behalf_of_a_named_source_only() {
    let lambda = Principal::Services(Services { service: json!("lambda.amazonaws.com") });
    for (id, statements) in policies() {
        for statement in statements.iter().filter(|statement| statement.effect == "Allow") {
            let needs_none = statement.principal == lambda || statement.action == "logs:CreateLogStream";
            let is_trusted = needs_none || names_its_source(statement);
            assert!(is_trusted, "{id} lets in {:?}", statement.principal);
            assert!(matches!(statement.principal, Principal::Services(_)), "{id}");
        }
    }
}

#[test]
fn queues_topics_and_buckets_keep_out_what_comes_without_tls() {
    let over_plain_http = json!({ "Bool": { "aws:SecureTransport": "false" } });
    // STS, which issues the credentials of a role, and CloudWatch Logs accept only TLS.
    let mut names = BTreeSet::new();
    for (id, statements) in policies().into_iter().filter(|(id, _)| id.ends_with("Policy")) {
        let keeps_out = statements.iter().any(|statement| {
            statement.effect == "Deny"
                && statement.principal == Principal::Anyone("*".to_owned())
                && statement.condition == over_plain_http
        });
        assert!(keeps_out, "{id}");
        names.insert(id);
    }
    let known = [
        "AlarmTopicPolicy",
        "FailedBatchesPolicy",
        "FanOutTopicPolicy",
        "OrderedQueueInboxPolicy",
        "OrderedQueuePolicy",
        "UndeliveredEventsPolicy",
    ];
    assert!(names.iter().eq(known.iter()), "{names:?}");
}
