//! Who hears of events: the rules of the bus, their targets, and whom those let in.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use sam_template::{Effect, PolicyStatement, Principal, ResourcePolicy, Rule, Template};
use serde_json::json;

fn rules() -> Vec<Rule> {
    Template::of_this_project().unwrap().rules().unwrap()
}

fn policies() -> Vec<ResourcePolicy> {
    Template::of_this_project().unwrap().resource_policies().unwrap()
}

/// Whether only callers on behalf of a named source pass.
fn names_its_source(statement: &PolicyStatement) -> bool {
    ["ArnEquals", "ArnLike"].iter().any(|test| statement.condition[test].get("aws:SourceArn").is_some())
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

/// Lambda alone needs no source: it takes a role for the function that names it.
#[test]
fn services_are_let_in_on_behalf_of_a_named_source_only() {
    for policy in policies() {
        for statement in policy.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            let trusted = statement.principal == lambda() || names_its_source(statement);
            assert!(trusted, "{} lets in {:?}", policy.logical_id, statement.principal);
            assert_ne!(statement.principal, Principal::Anyone, "{}", policy.logical_id);
        }
    }
}

#[test]
fn queues_topics_and_buckets_keep_out_what_comes_without_tls() {
    let over_plain_http = json!({ "Bool": { "aws:SecureTransport": "false" } });
    // A role is taken through STS, which speaks TLS only.
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
            "OrderedQueuePolicy"
        ]
    );
}
