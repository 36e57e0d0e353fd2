//! A template with other parameters than its defaults: conditions, the values that depend on them, and rules that reject.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its subject has failed")]

use sam_template::Template;
use serde_json::{Value, json};

const SHOP: &str = "
Parameters:
  Size: { Type: Number, Default: -1 }
  Stage: { Type: String, Default: dev, AllowedValues: [dev, prod] }
  Origins: { Type: String, Default: '' }
Mappings:
  Colours:
    dev: { Door: green }
    prod: { Door: red }
Conditions:
  IsSized: !Not [!Equals [!Ref Size, -1]]
  IsProd: !Equals [!Ref Stage, prod]
  IsLargeProd: !And [!Condition IsSized, !Condition IsProd]
Rules:
  ProdIsSized:
    RuleCondition: !Or [!Equals [!Ref Stage, prod], !Equals [!Ref Stage, live]]
    Assertions:
      - Assert: { Fn::Not: [{ Fn::Contains: [[-1, 0], !Ref Size] }] }
        AssertDescription: Give prod a Size.
Resources:
  Shop:
    Type: Any
    Properties:
      Size: !If [IsSized, !Ref Size, !Ref AWS::NoValue]
      Door: !FindInMap [Colours, !Ref Stage, Door]
      Origins: !Split [',', !Ref Origins]
      Sign: !Sub ['${Stage}: ${Door} ${Rest}', { Door: !FindInMap [Colours, !Ref Stage, Door], Rest: doors }]
      Staff:
        - everyday
        - !If [IsLargeProd, nightly, !Ref AWS::NoValue]
  Guard:
    Type: Any
    Condition: IsLargeProd
";

fn shop(parameters: &[(&str, &str)]) -> Template {
    Template::parse(SHOP).unwrap().with_parameters(parameters).unwrap()
}

fn properties(parameters: &[(&str, &str)]) -> Value {
    shop(parameters).resource("Shop").unwrap().unwrap()
}

#[test]
fn defaults_hold_where_nothing_else_is_given() {
    assert_eq!(
        properties(&[]),
        json!({ "Door": "green", "Origins": [""], "Sign": "dev: green doors", "Staff": ["everyday"] })
    );
    assert_eq!(shop(&[]).resource("Guard").unwrap(), None);
}

#[test]
fn values_that_are_given_decide_conditions_and_all_that_depends_on_them() {
    let parameters = [("Stage", "prod"), ("Size", "7"), ("Origins", "a,b")];
    assert_eq!(
        properties(&parameters),
        json!({
            "Size": 7,
            "Door": "red",
            "Origins": ["a", "b"],
            "Sign": "prod: red doors",
            "Staff": ["everyday", "nightly"],
        })
    );
    assert_eq!(shop(&parameters).resource("Guard").unwrap(), Some(json!({})));
}

#[test]
fn a_rule_refuses_with_its_own_words_and_only_where_it_applies() {
    assert_eq!(shop(&[]).refusals().unwrap(), [""; 0]);
    assert_eq!(shop(&[("Stage", "prod")]).refusals().unwrap(), ["Give prod a Size."]);
    assert_eq!(shop(&[("Stage", "prod"), ("Size", "3")]).refusals().unwrap(), [""; 0]);
}

#[test]
fn a_parameter_that_does_not_exist_or_does_not_take_the_value_is_refused() {
    let complaint = |parameter| Template::parse(SHOP).unwrap().with_parameters(&[parameter]).unwrap_err().to_string();
    assert_eq!(complaint(("Colour", "red")), "a caller refers to `Colour`, which the template does not define");
    assert_eq!(complaint(("Stage", "live")), "Parameters: Value is `Stage=live`, which is not one of AllowedValues");
    assert_eq!(complaint(("Size", "big")), "Parameters: Value is `Size=big`, which is not a number");
}

#[test]
fn every_parameter_that_keeps_a_read_model_is_switched_on() {
    let template = Template::parse(
        "
Parameters:
  KeepRows: { Type: String, Default: 'false', AllowedValues: ['true', 'false'] }
  KeepSums: { Type: String, Default: 'true' }
  Traces: { Type: String, Default: 'false' }
Resources:
  Shop: { Type: Any, Properties: { Rows: !Ref KeepRows, Sums: !Ref KeepSums, Traces: !Ref Traces } }
",
    );
    let shop = template.unwrap().with_every_read_model().unwrap().resource("Shop").unwrap();
    assert_eq!(shop, Some(json!({ "Rows": "true", "Sums": "true", "Traces": "false" })));
}
