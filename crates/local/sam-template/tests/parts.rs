//! Parts of a template: nested stacks are replaced by the resources of their parts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sam_template::{Template, TemplateError};
use serde_json::json;

const SHOP: &str = "
Parameters:
  Stage: { Type: String, Default: dev }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Door:
    Type: Any
  Front:
    Type: AWS::CloudFormation::Stack
    DependsOn: Door
    Properties:
      TemplateURL: parts/window.yaml
      Parameters: { Beside: !GetAtt Door.Side, Street: !Sub '${Stage} Street', Glass: !If [IsProd, double, single] }
  Back:
    Type: AWS::CloudFormation::Stack
    Condition: IsProd
    Properties:
      TemplateURL: parts/window.yaml
      Parameters: { Beside: !Ref Door, Street: Yard, Glass: single, Colour: green }
";

const WINDOW: &str = "
Parameters:
  Beside: { Type: String }
  Street: { Type: String }
  Glass: { Type: String }
  Colour: { Type: String, Default: red }
Conditions:
  IsGreen: !Equals [!Ref Colour, green]
Resources:
  Frame:
    Type: Any
    Properties: { Beside: !Ref Beside, Colour: !If [IsGreen, !Ref Colour, !Ref AWS::NoValue] }
  Window:
    Type: Any
    DependsOn: Frame
    Properties:
      Frame: !Ref Frame
      Sign: !Sub ${Frame.Id} ${Beside} in ${Street} of ${AWS::Region} with ${Glass} glass
";

fn parsed(shop: &str, window: &str) -> Result<Template, TemplateError> {
    Template::parse_with_parts(shop, |location| (location == "parts/window.yaml").then_some(window))
}

#[test]
fn references_of_a_part_are_those_of_the_whole() {
    let template = parsed(SHOP, WINDOW).unwrap().with_parameters(&[("Stage", "prod")]).unwrap();
    let resource = |id| template.resource(id).unwrap().unwrap();
    assert_eq!(resource("Frame"), json!({ "Beside": "Door.Side" }));
    let sign = "Frame.Id Door.Side in prod Street of Region with double glass";
    assert_eq!(resource("Window"), json!({ "Frame": "Frame", "Sign": sign }));
    assert_eq!(resource("BackFrame"), json!({ "Beside": "Door", "Colour": "green" }));
    let sign = "BackFrame.Id Door in Yard of Region with single glass";
    assert_eq!(resource("BackWindow"), json!({ "Frame": "BackFrame", "Sign": sign }));
}

#[test]
fn resources_of_a_part_wait_and_exist_with_their_stack() {
    let template = parsed(SHOP, WINDOW).unwrap();
    assert_eq!(template.resource("BackWindow").unwrap(), None);
    let waits_for = |id: &str| template.document()["Resources"][id]["DependsOn"].as_sequence().cloned();
    assert_eq!(waits_for("Frame"), Some(vec!["Door".into()]));
    assert_eq!(waits_for("Window"), Some(vec!["Frame".into(), "Door".into()]));
    assert_eq!(waits_for("BackFrame"), None);
    assert_eq!(waits_for("BackWindow"), Some(vec!["BackFrame".into()]));
    let ids: Vec<_> = template.document()["Resources"].as_mapping().unwrap().keys().collect();
    assert_eq!(ids, ["Door", "Frame", "Window", "BackFrame", "BackWindow"]);
}

#[test]
fn a_part_that_cannot_be_put_in_place_is_refused() {
    let complaint = |shop: &str, window: &str| parsed(shop, window).unwrap_err().to_string();
    let elsewhere = SHOP.replace("parts/window.yaml", "parts/wall.yaml");
    let expected = "Front: TemplateURL is `parts/wall.yaml`, which is not a part of the template";
    assert_eq!(complaint(&elsewhere, WINDOW), expected);
    let without_glass = SHOP.replace(", Glass: single", "");
    let expected = "Back refers to `Parameters.Glass`, which the template does not define";
    assert_eq!(complaint(&without_glass, WINDOW), expected);
    let conditional = WINDOW.replace("    DependsOn: Frame\n", "    Condition: IsGreen\n");
    let expected = "BackWindow: Condition is `BackIsGreen`, which is not one condition: its stack has one already";
    assert_eq!(complaint(SHOP, &conditional), expected);
}

/// A file that no stack deploys would be checked but never used.
#[test]
fn every_file_of_templates_is_a_part_that_is_deployed() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let files = fs::read_dir(project.join("templates")).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| format!("templates/{}", file.unwrap().file_name().into_string().unwrap())).collect();
    let template = include_str!("../../../../template.yaml");
    let deployed = template.lines().filter_map(|line| line.trim().strip_prefix("TemplateURL: "));
    assert_eq!(files, deployed.map(str::to_owned).collect());
}
