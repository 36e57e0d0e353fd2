//! The declarations that this consumer's own template must contain.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use sam_template::Template;
use serde_json::{Value, json};
use yaml_serde::Value as Yaml;

const TEMPLATE: &str = include_str!("../template.yaml");

/// Returns the properties of the function.
fn function() -> Yaml {
    let template: Yaml = yaml_serde::from_str(TEMPLATE).unwrap();
    template["Resources"]["LoyaltyPoints"]["Properties"].clone()
}

#[test]
fn the_rule_lets_the_samples_through() {
    let pattern = &function()["Events"]["OrderPlaced"]["Properties"]["Pattern"];
    let pattern = serde_json::to_value(pattern).unwrap();
    for sample in [include_str!("../events/order-placed.json"), include_str!("../events/order-placed-replayed.json")] {
        let event: Value = serde_json::from_str(sample).unwrap();
        assert_eq!(pattern, json!({ "source": [event["source"]], "detail-type": [event["detail-type"]] }));
        assert_eq!(event["detail"]["type"], event["detail-type"]);
    }
}

#[test]
fn the_function_finds_its_table_in_the_environment() {
    let expected: Yaml = yaml_serde::from_str("CREDITS_TABLE: !Ref LoyaltyCredits").unwrap();
    assert_eq!(function()["Environment"]["Variables"], expected);
}

#[test]
fn an_event_that_fails_ends_in_the_queue_whichever_way_it_fails() {
    let queue: Yaml = yaml_serde::from_str("!GetAtt MissedEvents.Arn").unwrap();
    let function = function();
    assert_eq!(function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"], queue);
    assert_eq!(function["Events"]["OrderPlaced"]["Properties"]["DeadLetterConfig"]["Arn"], queue);
}

/// EventBridge does not retry an event that the queue rejects because its policy is missing. SAM's rule waits only for the
/// function.
#[test]
fn the_queue_lets_the_rule_in_before_there_is_one() {
    let template: Yaml = yaml_serde::from_str(TEMPLATE).unwrap();
    assert_eq!(template["Resources"]["LoyaltyPoints"]["DependsOn"].as_str(), Some("MissedEventsPolicy"));

    let text = |value: &Yaml| {
        let Yaml::Tagged(sub) = value else { unreachable!("{value:?} is not a text with parameters") };
        sub.value.as_str().unwrap().to_owned()
    };
    let rule = text(&function()["Events"]["OrderPlaced"]["Properties"]["RuleName"]);
    let policy = &template["Resources"]["MissedEventsPolicy"]["Properties"]["PolicyDocument"]["Statement"];
    let let_in = text(&policy[0]["Condition"]["ArnEquals"]["aws:SourceArn"]);
    assert!(let_in.ends_with(&format!(":rule/${{EventBusName}}/{rule}")), "{let_in} is not {rule}");
}

#[test]
fn the_function_may_add_to_its_table_and_nothing_more() {
    let grants = Template::parse(TEMPLATE).unwrap().grants().unwrap();
    let on_the_table = grants.iter().filter(|grant| grant.resources == ["LoyaltyCredits.Arn"]);
    assert_eq!(on_the_table.flat_map(|grant| &grant.actions).collect::<Vec<_>>(), ["dynamodb:PutItem"]);
    let mut on_anything = grants.iter().filter(|grant| grant.resources == ["*"]).flat_map(|grant| &grant.actions);
    assert!(on_anything.all(|action| action.starts_with("xray:")), "{grants:?}");
}
