//! The receivers of events: the rules of the bus, their targets, and the policies of the targets.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use sam_template::{Effect, PolicyStatement, Principal, ResourcePolicy, Rule, Template};
use serde_json::json;
use yaml_serde::{Mapping, Value as Yaml};

fn rules() -> Vec<Rule> {
    Template::of_this_project().unwrap().rules().unwrap()
}

fn policies() -> Vec<ResourcePolicy> {
    Template::of_this_project().unwrap().resource_policies().unwrap()
}

/// Returns true if the statement allows only callers that act for a named source.
fn names_its_source(statement: &PolicyStatement) -> bool {
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

fn lambda() -> Principal {
    Principal::Services(vec!["lambda.amazonaws.com".to_owned()])
}

#[test]
fn every_target_of_every_rule_has_a_dead_letter_queue() {
    assert!(!rules().is_empty());
    for rule in rules() {
        assert!(!rule.targets.is_empty(), "{}", rule.logical_id);
        for target in rule.targets {
            let queue = target.dead_letter_queue.as_deref();
            assert_eq!(queue, Some("UndeliveredEvents.Arn"), "{} to {}", rule.logical_id, target.arn);
        }
    }
}

/// EventBridge does not retry an event that a queue without a policy rejects. In the reverse order, a rule is deleted
/// before the policy.
#[test]
fn every_rule_waits_for_the_policies_of_the_queues_it_fills() {
    let policies = of_type("AWS::SQS::QueuePolicy");
    for rule in rules() {
        let targets = rule.targets.iter().flat_map(|target| [Some(&target.arn), target.dead_letter_queue.as_ref()]);
        let queues = of_type("AWS::SQS::Queue").into_iter().map(|(queue, _)| queue);
        let filled = queues.filter(|queue| targets.clone().flatten().any(|arn| *arn == format!("{queue}.Arn")));
        let mut needed: Vec<&str> = Vec::new();
        for queue in filled {
            let queue: Yaml = yaml_serde::from_str(&format!("!Ref {queue}")).unwrap();
            let of_queue = policies
                .iter()
                .filter(|(_, policy)| policy["Properties"]["Queues"].as_sequence().unwrap().contains(&queue));
            needed.extend(of_queue.map(|(id, _)| id.as_str()));
        }
        needed.sort_unstable();
        assert!(!needed.is_empty(), "{}", rule.logical_id);
        assert_eq!(waits_for(&rule.logical_id), needed, "{}", rule.logical_id);
    }
}

/// It publishes up to a day's events as soon as it exists.
#[test]
fn the_publisher_waits_for_the_archive_and_for_the_queue_of_undelivered_events() {
    assert_eq!(waits_for("PublisherStream"), ["OrderEventsArchive", "UndeliveredEventsPolicy"]);
}

#[test]
fn what_cannot_be_taken_from_a_queue_is_kept_in_another_of_its_kind() {
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
    for rule in rules() {
        assert_eq!(rule.bus, "OrderBus", "{}", rule.logical_id);
        assert_eq!(rule.event_pattern["source"], json!(["order-ledger"]), "{}", rule.logical_id);
    }
}

#[test]
fn replays_are_logged_and_reach_no_other_subscription() {
    let taking_replays: Vec<String> = rules()
        .into_iter()
        .filter(|rule| rule.event_pattern["detail"]["replayname"] != json!([{ "exists": false }]))
        .map(|rule| rule.logical_id)
        .collect();
    assert_eq!(taking_replays, ["PublishedEventsRule"]);
}

/// A published event shows everything that a customer ordered.
#[test]
fn what_events_hold_is_in_no_log_unless_that_is_asked_for() {
    let logged = |parameters: &[(&str, &str)]| {
        let template = Template::of_this_project().unwrap().with_parameters(parameters).unwrap();
        let deployed = rules().into_iter().filter(|rule| template.resource(&rule.logical_id).unwrap().is_some());
        deployed.flat_map(|rule| rule.targets).filter(|target| target.arn.contains(":logs:")).count()
    };
    assert_eq!(logged(&[]), 0);
    assert_eq!(logged(&[("LogPublishedEvents", "true")]), 1);
}

/// Lambda needs no source: it assumes a role for the function that names the role. The creation of a log stream needs none
/// either, because EventBridge does not name a source for it.
#[test]
fn services_are_let_in_on_behalf_of_a_named_source_only() {
    for policy in policies() {
        for statement in policy.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            let harmless = statement.principal == lambda() || statement.actions == ["logs:CreateLogStream"];
            let trusted = harmless || names_its_source(statement);
            assert!(trusted, "{} lets in {:?}", policy.logical_id, statement.principal);
            assert_ne!(statement.principal, Principal::Anyone, "{}", policy.logical_id);
        }
    }
}

#[test]
fn queues_topics_and_buckets_keep_out_what_comes_without_tls() {
    let over_plain_http = json!({ "Bool": { "aws:SecureTransport": "false" } });
    // STS, which issues the credentials of a role, and CloudWatch Logs accept only TLS.
    let of_resources = policies().into_iter().filter(|policy| policy.logical_id.ends_with("Policy"));
    let mut names = Vec::new();
    for policy in of_resources {
        let keeps_out = policy.statements.iter().any(|statement| {
            statement.effect == Effect::Deny
                && statement.principal == Principal::Anyone
                && statement.condition == over_plain_http
        });
        assert!(keeps_out, "{}", policy.logical_id);
        names.push(policy.logical_id);
    }
    assert_eq!(
        names,
        [
            "FailedBatchesPolicy",
            "UndeliveredEventsPolicy",
            "FanOutTopicPolicy",
            "OrderedQueueInboxPolicy",
            "OrderedQueuePolicy",
            "AlarmTopicPolicy",
        ]
    );
}
