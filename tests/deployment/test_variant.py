"""The rules on small templates: they remove a resource together with its references, and nothing else."""

import tempfile
import unittest
from pathlib import Path
from typing import Any

import yaml

from variant import FILE, DanglingReference, derive, references, write

ARCHIVE = {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}}}
BUS = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}}


class TheVariant(unittest.TestCase):
    def test_is_the_template_where_no_rule_applies(self) -> None:
        template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Bus": BUS}, "Outputs": {}}
        self.assertEqual(derive(template), (template, []))

    def test_leaves_out_a_type_and_the_outputs_that_name_it(self) -> None:
        outputs = {"Archive": {"Value": {"Fn::Sub": "see ${Archive.Arn}"}}, "Bus": {"Value": {"Ref": "Bus"}}}
        variant, omissions = derive({"Resources": {"Archive": ARCHIVE, "Bus": BUS}, "Outputs": outputs})
        self.assertEqual(variant["Resources"], {"Bus": BUS})
        self.assertEqual(list(variant["Outputs"]), ["Bus"])
        self.assertEqual([(gone.what, gone.name) for gone in omissions],
                         [("AWS::Events::Archive", "Archive"), ("outputs", "Archive")])

    def test_leaves_out_a_type_only_where_it_has_the_property_in_question(self) -> None:
        plain = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}}
        computed = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [{"Expression": "a / b"}]}}
        variant, omissions = derive({"Resources": {"Plain": plain, "Computed": computed}})
        self.assertEqual(variant["Resources"], {"Plain": plain})
        self.assertEqual([gone.name for gone in omissions], ["Computed"])

    def test_waits_for_nothing_that_is_left_out(self) -> None:
        one = {**BUS, "DependsOn": "Archive"}
        two = {**BUS, "DependsOn": ["Archive", "Other"]}
        variant, _ = derive({"Resources": {"Archive": ARCHIVE, "Other": BUS, "One": one, "Two": two}})
        self.assertEqual(variant["Resources"], {"Other": BUS, "One": BUS, "Two": {**BUS, "DependsOn": ["Other"]}})

    def test_leaves_out_a_property_of_one_type_only(self) -> None:
        properties = {"Timeout": 3, "DeploymentPreference": {"Type": "AllAtOnce"}}
        function = {"Type": "AWS::Serverless::Function", "Properties": properties}
        other = {"Type": "Custom::Other", "Properties": properties}
        variant, omissions = derive({"Resources": {"Function": function, "Other": other}})
        self.assertEqual(variant["Resources"]["Function"]["Properties"], {"Timeout": 3})
        self.assertEqual(variant["Resources"]["Other"], other)
        self.assertEqual(len(omissions), 1)

    def test_leaves_it_out_of_what_holds_for_all_of_that_type(self) -> None:
        functions = {"Runtime": "provided.al2023", "DeploymentPreference": {"Type": "AllAtOnce"}}
        variant, omissions = derive({"Globals": {"Function": functions}, "Resources": {"Bus": BUS}})
        self.assertEqual(variant, {"Globals": {"Function": {"Runtime": "provided.al2023"}}, "Resources": {"Bus": BUS}})
        self.assertEqual([gone.name for gone in omissions], ["Globals.Function"])

    def test_is_refused_where_something_kept_needs_what_is_left_out(self) -> None:
        for reference in ({"Ref": "Archive"}, {"Fn::GetAtt": "Archive.Arn"}, {"Fn::Sub": ["${Archive}", {}]}):
            user = {"Type": "Custom::User", "Properties": {"Nested": [{"Value": reference}]}}
            with self.assertRaisesRegex(DanglingReference, "User refers to Archive"):
                derive({"Resources": {"Archive": ARCHIVE, "User": user}})


class TheVariantOfParts(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self._folder = Path(folder.name)

    def _file(self, path: str, template: dict[str, Any]) -> Path:
        file = self._folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(template))
        return file

    def _read(self, path: str) -> dict[str, Any]:
        return yaml.safe_load((self._folder / path).read_text())

    def test_is_deployed_in_place_of_the_part(self) -> None:
        self._file("Nested/template.yaml", {"Resources": {"Archive": ARCHIVE, "Bus": BUS}})
        stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "Nested/template.yaml"}}
        written, omissions = write(self._file("template.yaml", {"Resources": {"Nested": stack}}))
        self.assertEqual(written, self._folder / FILE)
        self.assertEqual(self._read(FILE)["Resources"]["Nested"]["Properties"], {"TemplateURL": f"Nested/{FILE}"})
        self.assertEqual(self._read(f"Nested/{FILE}")["Resources"], {"Bus": BUS})
        self.assertEqual([gone.name for gone in omissions], ["Archive"])

    def test_leaves_out_a_stack_of_which_nothing_is_left_and_its_outputs(self) -> None:
        self._file("Nested/template.yaml", {"Resources": {"Archive": ARCHIVE}})
        stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "Nested/template.yaml"}}
        outputs = {"Archive": {"Value": {"Fn::GetAtt": ["Nested", "Outputs.Archive"]}}}
        template = {"Resources": {"Bus": BUS, "Nested": stack}, "Outputs": outputs}
        _, omissions = write(self._file("template.yaml", template))
        self.assertEqual(self._read(FILE), {"Resources": {"Bus": BUS}, "Outputs": {}})
        self.assertEqual([gone.name for gone in omissions], ["Archive", "Nested", "Archive"])


class References(unittest.TestCase):
    def test_are_found_in_every_form(self) -> None:
        node = [{"Ref": "A"}, {"Fn::GetAtt": ["B", "Arn"]}, {"Fn::GetAtt": "C.Arn"},
                {"Fn::Sub": "${D}-${E.Arn} ${!Literal}"}]
        self.assertEqual(references(node), {"A", "B", "C", "D", "E"})


if __name__ == "__main__":
    unittest.main()
